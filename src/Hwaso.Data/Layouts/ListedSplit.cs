using Hwaso.Imaging;

namespace Hwaso.Data.Layouts;

/// <summary>A split given by a text file of image names, one a line, as the PASCAL data sets have them.</summary>
/// <param name="Images">Folder of the images.</param>
/// <param name="Labels">Folders of the label PNGs; the first one that holds a label wins.</param>
/// <param name="Instances">Folder of the instance PNGs, if there is one.</param>
/// <param name="List">The text file.</param>
sealed record ListedSplit(string Images, IReadOnlyList<string> Labels, string? Instances, string List)
{
    // The data sets' own kind first, for where several files have a name.
    static readonly string[] imageKinds = [.. ImageFile.Extensions.OrderBy(e => e is not (".jpg" or ".jpeg"))];

    /// <summary>The listed images; one with a missing file is reported and left out.</summary>
    /// <exception cref="DatasetException">The list is missing or empty.</exception>
    public Sample[] Read(Action<DatasetProblem> report)
    {
        if (!File.Exists(List))
            throw new DatasetException(List, $"no such list; there are {string.Join(", ", Others())}");
        var ids = File.ReadAllLines(List).Select((line, k) => (Id: line.Trim(), Line: k + 1)).Where(l => l.Id.Length > 0).ToArray();
        if (ids.Length == 0)
            throw new DatasetException(List, $"is empty; the split '{Path.GetFileNameWithoutExtension(List)}' has no images");
        return ids.Select(l => Sample(l.Id, l.Line, report)).OfType<Sample>().ToArray();
    }

    IEnumerable<string?> Others() =>
        Directory.EnumerateFiles(Path.GetDirectoryName(List)!, "*.txt").Select(Path.GetFileNameWithoutExtension)
            .Order(StringComparer.Ordinal);

    Sample? Sample(string id, int line, Action<DatasetProblem> report)
    {
        var image = ImageNames.Find(Images, id, imageKinds);
        var label = Labels.Select(f => ImageNames.Find(f, id, ImageFile.LabelExtensions)).FirstOrDefault(File.Exists)
            ?? ImageNames.Find(Labels[^1], id, ImageFile.LabelExtensions);
        var instances = Instances is null ? null : ImageNames.Find(Instances, id, [".png"]);
        var missing = !File.Exists(image) ? new DatasetProblem(image, ProblemKind.MissingFile, $"is not there, but {List}:{line} names it")
            : !File.Exists(label) ? new DatasetProblem(image, ProblemKind.MissingFile, $"has no label: {label} was wanted ({List}:{line})")
            : null;
        if (missing is null)
            return new Sample(ImageNames.WithoutExtension(id), image, label, File.Exists(instances) ? instances : null);
        report(missing);
        return null;
    }
}
