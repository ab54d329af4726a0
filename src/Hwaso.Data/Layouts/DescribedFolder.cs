namespace Hwaso.Data.Layouts;

/// <summary>
/// Any folder of images and masks, described by a <c>dataset.yaml</c> in it:
/// <code>
/// images: images/{split}/*.jpg     # {split} is train, val, …; the star is an image's name
/// masks: masks/{split}/*.png
/// ignore: 255                      # the value that does not count, or a list of them
/// classes:
///   - background
///   - {name: road, color: [128, 64, 128]}
/// </code>
/// </summary>
/// <param name="Classes">The classes.</param>
/// <param name="Table">The meaning of the masks' values or colours.</param>
/// <param name="Images">The images' paths below the folder, with {split} and one star.</param>
/// <param name="Masks">The masks' paths, in the same form.</param>
/// <param name="List">A text file that names the images of a split, with {split}; null where every image of the folder belongs to the
/// split.</param>
sealed record DescribedFolder(ClassList Classes, LabelTable Table, string Images, string Masks, string? List)
{
    public const string FileName = "dataset.yaml";

    /// <summary>Reads the description in a folder.</summary>
    /// <exception cref="DatasetException">The file is missing or contradicts itself; the message has the line.</exception>
    public static DescribedFolder Read(string root)
    {
        Folders.Require(root, $"a data set described by {FileName}");
        var file = Path.Combine(root, FileName);
        return File.Exists(file)
            ? FolderDescription.Read(File.ReadAllText(file), file)
            : throw new DatasetException(file, "no such file; it should give the paths of images and masks and the names of the classes");
    }

    /// <summary>Lists a split.</summary>
    public static SegmentationDataset Open(string root, string split, Action<DatasetProblem>? report)
    {
        var folder = Read(root);
        var images = Files(root, folder.Images, split);
        var masks = Files(root, folder.Masks, split).ToDictionary(f => f.Name, f => f.Path, StringComparer.Ordinal);
        if (folder.List is { } pattern)
            images = Listed(Path.Combine(root, Filled(pattern, split)), images, report ?? DatasetLayout.Refuse);
        if (images.Count == 0)
            throw new DatasetException(Path.Combine(root, Filled(folder.Images, split)), $"no such file; the split '{split}' is empty");
        var samples = images.Select(i => new Sample(i.Name, i.Path, masks.GetValueOrDefault(i.Name))).ToArray();
        if (report is null && masks.Count > 0 && samples.FirstOrDefault(s => s.LabelPath is null) is { } bare)
            throw new DatasetException(bare.ImagePath,
                $"has no mask: {Path.Combine(root, Filled(folder.Masks, split).Replace("*", bare.Id, StringComparison.Ordinal))} was "
                + "wanted");
        return new FileDataset($"{folder.Classes.Name} {split}", folder.Classes, folder.Table, samples);
    }

    static string Filled(string pattern, string split) => pattern.Replace("{split}", split, StringComparison.Ordinal);

    static List<(string Name, string Path)> Files(string root, string pattern, string split)
    {
        var whole = Path.Combine(root, Filled(pattern, split));
        var (folder, name) = (Path.GetDirectoryName(whole)!, Path.GetFileName(whole));
        var star = name.IndexOf('*', StringComparison.Ordinal);
        return !Directory.Exists(folder) ? [] : [.. Directory.EnumerateFiles(folder, name).Order(StringComparer.Ordinal)
            .Select(f => (Path.GetFileName(f)[star..^(name.Length - star - 1)], f))];
    }

    static List<(string Name, string Path)> Listed(string list, List<(string Name, string Path)> images, Action<DatasetProblem> report)
    {
        if (!File.Exists(list))
            throw new DatasetException(list, "no such list; it should hold the names of the split's images, one a line");
        var byName = images.ToDictionary(i => i.Name, i => i.Path, StringComparer.Ordinal);
        var found = new List<(string, string)>();
        foreach (var (name, k) in File.ReadAllLines(list).Select((line, k) => (line.Trim(), k)).Where(l => l.Item1.Length > 0))
            if (byName.TryGetValue(name, out var path))
                found.Add((name, path));
            else
                report(new DatasetProblem(list, ProblemKind.MissingFile, $"line {k + 1} names {name}, which is no image of the folder"));
        return found;
    }
}
