namespace Hwaso.Data.Layouts;

/// <summary>
/// PASCAL VOC 2012: <c>JPEGImages/ID.jpg</c>, <c>SegmentationClass/ID.png</c> and <c>ImageSets/Segmentation/SPLIT.txt</c>; augmented by
/// the annotations of SBD (Hariharan et al., ICCV 2011) also <c>SegmentationClassAug/ID.png</c> and <c>trainaug.txt</c>.
/// </summary>
public sealed class VocDataset : SegmentationDataset
{
    static readonly LabelTable table = LabelTable.Plain(ClassList.Voc.Count);

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
    /// <exception cref="DatasetException">A folder or the list is missing, the list is empty, or it names a missing file.</exception>
    public static VocDataset Open(string root, string split) =>
        OpenLeniently(root, split, problem => throw new DatasetException(problem.Path, problem.Message));

    /// <summary>Lists a split; a missing file is reported, and its image left out.</summary>
    internal static VocDataset OpenLeniently(string root, string split, Action<DatasetProblem> report)
    {
        var voc = Folders.Voc(root, "VOC2012");
        var lists = Folders.Require(Path.Combine(voc, "ImageSets", "Segmentation"), "VOC's segmentation lists");
        var listed = new ListedSplit(
            Path.Combine(voc, "JPEGImages"), [Path.Combine(voc, "SegmentationClass")], Path.Combine(voc, "SegmentationObject"),
            Path.Combine(lists, split + ".txt"));
        return new VocDataset(split, listed.Read(report));
    }

    /// <summary>Lists a split with SBD's labels beside VOC's own; VOC's own win, and train is the list trainaug.</summary>
    internal static VocDataset OpenAugmented(string root, string split, Action<DatasetProblem> report)
    {
        var voc = Folders.Voc(root, "VOC2012");
        var more = Folders.Require(Path.Combine(voc, "SegmentationClassAug"),
            "SBD's labels as PNGs; `hwaso dataset convert voc-aug SBD VOC` makes them");
        var lists = Folders.Require(Path.Combine(voc, "ImageSets", "Segmentation"), "VOC's segmentation lists");
        var list = Path.Combine(lists, (split == "train" ? "trainaug" : split) + ".txt");
        return new VocDataset("augmented " + split,
            new ListedSplit(Path.Combine(voc, "JPEGImages"), [Path.Combine(voc, "SegmentationClass"), more], null, list).Read(report));
    }

    /// <inheritdoc/>
    public override LabelTable TableOf(Sample sample) => table;
}
