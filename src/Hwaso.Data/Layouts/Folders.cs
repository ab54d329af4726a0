namespace Hwaso.Data.Layouts;

/// <summary>Finds the folders of data sets, or says which one was wanted.</summary>
static class Folders
{
    /// <summary>The folder itself.</summary>
    /// <exception cref="DatasetException">It does not exist.</exception>
    public static string Require(string path, string what) => Directory.Exists(path)
        ? path
        : throw new DatasetException(path, $"{(File.Exists(path) ? "is a file, not a folder" : "no such folder")}; it should hold {what}");

    /// <summary>The folder of a split.</summary>
    /// <exception cref="DatasetException">It does not exist; the message lists the existing ones.</exception>
    public static string RequireSplit(string folder, string split)
    {
        var path = Path.Combine(folder, split);
        if (Directory.Exists(path))
            return path;
        Require(folder, $"the folder of split '{split}'");
        var there = Directory.EnumerateDirectories(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal).ToArray();
        throw new DatasetException(path,
            $"no split '{split}'; {(there.Length == 0 ? $"{folder} is empty" : $"there are {string.Join(", ", there)}")}");
    }

    /// <summary>The folder of a year of PASCAL VOC: the one named, or the one in it.</summary>
    public static string Voc(string root, string year)
    {
        Require(root, "the data set's folder");
        return Around(root, year).FirstOrDefault(f => Directory.Exists(Path.Combine(f, "JPEGImages")))
            ?? throw new DatasetException(root,
                $"no JPEGImages in it, in {year} or in VOCdevkit/{year}; name the folder that VOC {year[3..]} was unpacked to");
    }

    /// <summary>Whether a folder of a year of PASCAL VOC is there, below any of its folders.</summary>
    public static bool HasVoc(string root, string year, string folder) =>
        Around(root, year).Any(f => Directory.Exists(Path.Combine(f, folder)));

    /// <summary>The folders in which a year of PASCAL VOC may lie.</summary>
    public static string[] Around(string root, string year) => [root, Path.Combine(root, year), Path.Combine(root, "VOCdevkit", year)];

    /// <summary>
    /// Cityscapes' folder of one type: in the folder named, in one of its folders (each archive unpacked into its own), or beside it.
    /// </summary>
    public static string? Cityscapes(string root, string type)
    {
        var beside = Path.GetFileName(Path.TrimEndingDirectorySeparator(root)) is "leftImg8bit" or "gtFine" or "gtCoarse"
            ? Path.GetDirectoryName(Path.GetFullPath(Path.TrimEndingDirectorySeparator(root)))
            : null;
        return new[] { root, beside }.OfType<string>().Concat(Directory.EnumerateDirectories(root).Order(StringComparer.Ordinal))
            .Select(f => Path.Combine(f, type)).FirstOrDefault(Directory.Exists);
    }
}
