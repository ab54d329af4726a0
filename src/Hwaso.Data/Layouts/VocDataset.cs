using Hwaso.Data.Checking;

namespace Hwaso.Data.Layouts;

/// <summary>PASCAL VOC 2012: <c>JPEGImages/ID.jpg</c>, <c>SegmentationClass/ID.png</c> and <c>ImageSets/Segmentation/SPLIT.txt</c>.</summary>
public sealed class VocDataset : SegmentationDataset
{
    VocDataset(string split, IReadOnlyList<Sample> samples) => (Name, Samples) = ($"PASCAL VOC {split}", samples);

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override ClassList Classes => ClassList.Voc;

    /// <inheritdoc/>
    public override IReadOnlyList<Sample> Samples { get; }

    /// <summary>Lists a split.</summary>
    /// <param name="root">VOC2012 itself, or a folder that holds <c>VOC2012</c> or <c>VOCdevkit/VOC2012</c>.</param>
    /// <param name="split">train, val, trainval, or another list in ImageSets/Segmentation.</param>
    /// <exception cref="DatasetException">A folder or the list is missing, the list is empty, or it names a file that is not there.</exception>
    public static VocDataset Open(string root, string split) =>
        OpenLeniently(root, split, problem => throw new DatasetException(problem.Path, problem.Message));

    /// <summary>Lists a split; a file that is missing is told, and its image left out.</summary>
    internal static VocDataset OpenLeniently(string root, string split, Action<DatasetProblem> tell)
    {
        Folders.Require(root, "the data set's folder");
        var voc = new[] { root, Path.Combine(root, "VOC2012"), Path.Combine(root, "VOCdevkit", "VOC2012") }
            .FirstOrDefault(f => Directory.Exists(Path.Combine(f, "JPEGImages")))
            ?? throw new DatasetException(root, "no JPEGImages in it, in VOC2012 or in VOCdevkit/VOC2012; name the folder that VOC 2012 was unpacked to");
        var lists = Folders.Require(Path.Combine(voc, "ImageSets", "Segmentation"), "VOC's segmentation lists");
        var list = Path.Combine(lists, split + ".txt");
        if (!File.Exists(list))
            throw new DatasetException(list, $"no such list; there are {string.Join(", ", Directory.EnumerateFiles(lists, "*.txt").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal))}");
        var ids = File.ReadAllLines(list).Select(l => l.Trim()).Where(l => l.Length > 0).ToArray();
        if (ids.Length == 0)
            throw new DatasetException(list, $"is empty; the split '{split}' has no images");
        return new VocDataset(split, ids.Select((id, line) => Sample(voc, list, id, line + 1, tell)).OfType<Sample>().ToArray());
    }

    /// <inheritdoc/>
    public override LabelTable TableOf(Sample sample) => LabelTable.Plain(Classes.Count);

    static Sample? Sample(string voc, string list, string id, int line, Action<DatasetProblem> tell)
    {
        var image = Path.Combine(voc, "JPEGImages", id + ".jpg");
        var label = Path.Combine(voc, "SegmentationClass", id + ".png");
        var instances = Path.Combine(voc, "SegmentationObject", id + ".png");
        var missing = !File.Exists(image) ? new DatasetProblem(image, ProblemKind.MissingFile, $"is not there, but {list}:{line} names it")
            : !File.Exists(label) ? new DatasetProblem(image, ProblemKind.MissingFile, $"has no label: {label} was wanted ({list}:{line})")
            : null;
        if (missing is null)
            return new Sample(id, image, label, File.Exists(instances) ? instances : null);
        tell(missing);
        return null;
    }
}
