using Hwaso.Imaging;

namespace Hwaso.Data.Layouts;

/// <summary>
/// Any folder of images and masks, described by a <c>dataset.yaml</c> in it:
/// <code>
/// images: images/{split}/*.jpg     # {split} is train, val, …; the star is an image's name; *.{jpg,png} or * for several kinds
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
        string Wanted(string name) => Path.Combine(root, Filled(folder.Masks, split).Replace("*", name, StringComparison.Ordinal));
        if (folder.List is { } pattern)
            images = Listed(Path.Combine(root, Filled(pattern, split)), images, report ?? DatasetLayout.Refuse);
        if (images.Count == 0)
            throw new DatasetException(Path.Combine(root, Filled(folder.Images, split)),
                $"no such file; the split '{split}' is empty{Others(root, folder.Images, split)}");
        var samples = images.Select(i =>
            new Sample(i.Name, i.Path, masks.GetValueOrDefault(i.Name)) { WantedLabel = Wanted(i.Name) }).ToArray();
        if (report is null && masks.Count > 0 && samples.FirstOrDefault(s => s.LabelPath is null) is { } bare)
            throw new DatasetException(bare.ImagePath, $"has no mask: {bare.WantedLabel} was wanted");
        return new FileDataset($"{folder.Classes.Name} {split}", folder.Classes, folder.Table, samples);
    }

    static string Filled(string pattern, string split) => pattern.Replace("{split}", split, StringComparison.Ordinal);

    /// <summary>The files that fit a pattern, in the order of their names; their extensions may be in upper case.</summary>
    /// <exception cref="DatasetException">Two files have the same name and differ in their extension.</exception>
    static List<(string Name, string Path)> Files(string root, string pattern, string split)
    {
        var (folder, start, ends) = Parts(root, pattern, split);
        if (!Directory.Exists(folder))
            return [];
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
        {
            var file = Path.GetFileName(path);
            if (!file.StartsWith(start, StringComparison.Ordinal)
                || ends.FirstOrDefault(e => file.EndsWith(e, StringComparison.OrdinalIgnoreCase)) is not { } end
                || file.Length <= start.Length + end.Length)
                continue;
            var name = file[start.Length..^end.Length];
            if (!found.TryAdd(name, path))
                throw new DatasetException(path, $"has the same name as {Path.GetFileName(found[name])}; keep one of them, or give the "
                    + "pattern one extension");
        }
        return [.. found.Select(f => (f.Key, f.Value))];
    }

    /// <summary>
    /// The folder of a pattern, and what stands before and after the star: several endings for <c>*.{jpg,png}</c>, those of all images
    /// for a star alone.
    /// </summary>
    static (string Folder, string Start, IReadOnlyList<string> Ends) Parts(string root, string pattern, string split)
    {
        var whole = Path.Combine(root, Filled(pattern, split));
        var name = Path.GetFileName(whole);
        var star = name.IndexOf('*', StringComparison.Ordinal);
        var (start, end) = (name[..star], name[(star + 1)..]);
        IReadOnlyList<string> ends = end.Length == 0 ? ImageFile.Extensions
            : end.Split('{', '}') is [var before, var choices, var after] ? [.. choices.Split(',').Select(c => before + c.Trim() + after)]
            : [end];
        return (Path.GetDirectoryName(whole)!, start, ends);
    }

    /// <summary>The extensions of the files that are in the folder of an empty split.</summary>
    static string Others(string root, string pattern, string split)
    {
        var folder = Parts(root, pattern, split).Folder;
        var there = !Directory.Exists(folder) ? [] : Directory.EnumerateFiles(folder).GroupBy(f => Path.GetExtension(f))
            .OrderByDescending(g => g.Count()).Select(g => $"{g.Count()} *{g.Key}").Take(4).ToArray();
        return there.Length == 0 ? "" : $"; there are {string.Join(", ", there)}";
    }

    static List<(string Name, string Path)> Listed(string list, List<(string Name, string Path)> images, Action<DatasetProblem> report)
    {
        if (!File.Exists(list))
            throw new DatasetException(list, "no such list; it should hold the names of the split's images, one a line");
        var byName = images.ToDictionary(i => i.Name, i => i.Path, StringComparer.Ordinal);
        var found = new List<(string, string)>();
        foreach (var (name, k) in File.ReadAllLines(list).Select((line, k) => (line.Trim(), k)).Where(l => l.Item1.Length > 0))
            if (new[] { name, ImageNames.WithoutExtension(name), ImageNames.WithoutExtension(Path.GetFileName(name.Replace('\\', '/'))) }
                .FirstOrDefault(byName.ContainsKey) is { } known)
                found.Add((known, byName[known]));
            else
                report(new DatasetProblem(list, ProblemKind.MissingFile, $"line {k + 1} names {name}, which is no image of the folder"));
        return found;
    }
}
