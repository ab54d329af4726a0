namespace Hwaso.Data.Layouts;

/// <summary>
/// The generic list file: <c>SPLIT.txt</c> with an image and its label a line, separated by a tab, a space, a comma or a semicolon,
/// relative to the folder; and <c>labels.txt</c> with a class name a line. Label values are 0, 1, 2, … in that order, and 255 is ignored.
/// </summary>
static class ListFile
{
    public const string Names = "labels.txt";

    /// <summary>The classes of labels.txt.</summary>
    /// <exception cref="DatasetException">The file is missing or empty, or names more than 255 classes.</exception>
    public static ClassList Classes(string root)
    {
        Folders.Require(root, $"the data set's folder, with {Names} and its lists");
        var file = Path.Combine(root, Names);
        if (!File.Exists(file))
            throw new DatasetException(file,
                "no such file; it should hold the class names, one a line, in the order of the label values 0, 1, 2, …");
        var names = File.ReadAllLines(file).Select(l => l.Trim()).Where(l => l.Length > 0).ToArray();
        if (names.GroupBy(n => n, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new DatasetException(file, $"names the class {twice.Key} {twice.Count()} times; each class needs a name of its own");
        return names.Length is > 0 and <= 255
            ? ClassList.Named(Path.GetFileName(Path.GetFullPath(Path.TrimEndingDirectorySeparator(root))), names)
            : throw new DatasetException(file, $"{names.Length} class names; 1 to 255 were wanted, one a line");
    }

    /// <summary>Lists a split.</summary>
    public static SegmentationDataset Open(string root, string split, Action<DatasetProblem>? report)
    {
        var classes = Classes(root);
        var list = Path.Combine(root, split + ".txt");
        if (!File.Exists(list))
        {
            var lists = Directory.EnumerateFiles(root, "*.txt").Select(Path.GetFileName).Where(f => f != Names)
                .Order(StringComparer.Ordinal);
            throw new DatasetException(list, $"no such list; there are {string.Join(", ", lists)}");
        }
        var samples = File.ReadAllLines(list).Select((line, k) => (Line: line.Trim(), Number: k + 1)).Where(l => l.Line.Length > 0)
            .Select(l => Sample(root, list, l.Line, l.Number, report ?? DatasetLayout.Refuse)).OfType<Sample>().ToArray();
        if (samples.Length == 0)
            throw new DatasetException(list, $"names no image that is there; the split '{split}' is empty");
        return new FileDataset($"{classes.Name} {split}", classes, LabelTable.Plain(classes.Count), samples);
    }

    static Sample? Sample(string root, string list, string line, int number, Action<DatasetProblem> report)
    {
        const StringSplitOptions trimmed = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        var splits = "\t ,;".Select(separator => line.Split(separator, trimmed)).ToArray();
        var parts = splits[0].Length > 1 ? splits[0] : splits.FirstOrDefault(s => s.Length == 2) ?? splits[1];
        if (parts.Length != 2)
        {
            report(new DatasetProblem(list, ProblemKind.MissingFile, $"line {number} has {parts.Length} parts: an image and its label were "
                + "wanted; where a path has spaces, separate them by a tab"));
            return null;
        }
        parts = Array.ConvertAll(parts, part => ImageNames.Slashed(root, part));
        var (image, label) = (Path.Combine(root, parts[0]), Path.Combine(root, parts[1]));
        foreach (var (path, what) in new[] { (image, "image"), (label, "label") })
            if (!File.Exists(path))
            {
                report(new DatasetProblem(path, ProblemKind.MissingFile, $"is not there, but {list}:{number} names it as {what}"));
                return null;
            }
        return new Sample(Path.ChangeExtension(parts[0], null), image, label);
    }
}
