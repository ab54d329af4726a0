namespace Hwaso.Data.Layouts;

/// <summary>
/// PASCAL Context (Mottaghi et al., CVPR 2014), as label PNGs beside VOC 2010's images: 0 is everything else, 1 to 59 are the classes.
/// With 59 classes 0 is ignored; with 60 it is the background. Two placements are in use: <c>SegmentationClassContext/ID.png</c> with
/// <c>ImageSets/SegmentationContext/SPLIT.txt</c>, and <c>Context/ID.png</c> with <c>ImageSets/Segmentation/SPLIT_context.txt</c>.
/// </summary>
public sealed class PascalContextDataset : SegmentationDataset
{
    readonly LabelTable table;

    PascalContextDataset(string split, IReadOnlyList<Sample> samples, bool withBackground)
    {
        Classes = withBackground ? ClassList.PascalContext60 : ClassList.PascalContext59;
        table = withBackground ? LabelTable.Plain(Classes.Count) : LabelTable.FromOne(Classes.Count);
        (Name, Samples) = ($"{Classes.Name} {split}", samples);
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override ClassList Classes { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<Sample> Samples { get; }

    /// <summary>Lists a split.</summary>
    /// <param name="root">VOC2010 itself, or a folder that holds <c>VOC2010</c> or <c>VOCdevkit/VOC2010</c>.</param>
    /// <param name="split">train, val, or another list.</param>
    /// <exception cref="DatasetException">A folder or the list is missing, the list is empty, or it names a missing file.</exception>
    public static PascalContextDataset Open(string root, string split) =>
        OpenLeniently(root, split, problem => throw new DatasetException(problem.Path, problem.Message));

    /// <summary>Whether a folder holds its label PNGs.</summary>
    internal static bool Fits(string root) =>
        Folders.HasVoc(root, "VOC2010", "SegmentationClassContext") || Folders.HasVoc(root, "VOC2010", "Context");

    /// <inheritdoc/>
    public override LabelTable TableOf(Sample sample) => table;

    /// <summary>Lists a split; a missing file is reported, and its image left out.</summary>
    internal static PascalContextDataset OpenLeniently(string root, string split, Action<DatasetProblem> report,
        bool withBackground = false)
    {
        var voc = Folders.Voc(root, "VOC2010");
        var images = Path.Combine(voc, "JPEGImages");
        var (labels, list) = Directory.Exists(Path.Combine(voc, "SegmentationClassContext"))
            ? ("SegmentationClassContext", Path.Combine("SegmentationContext", split + ".txt"))
            : ("Context", Path.Combine("Segmentation", split + "_context.txt"));
        var folder = Folders.Require(Path.Combine(voc, labels), "PASCAL Context's labels as PNGs of 0 and 1 to 59, here or in "
            + "SegmentationClassContext; `hwaso dataset convert pascal-context` makes them");
        var file = Path.Combine(voc, "ImageSets", list);
        Folders.Require(Path.GetDirectoryName(file)!, "PASCAL Context's lists");
        return new PascalContextDataset(split, new ListedSplit(images, [folder], null, file).Read(report), withBackground);
    }
}
