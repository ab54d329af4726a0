namespace Hwaso.Data.Layouts;

/// <summary>The layouts that Hwaso reads. Where several fit a folder, the first does.</summary>
static class KnownLayouts
{
    public static IReadOnlyList<DatasetLayout> All { get; } =
    [
        Published("cityscapes", ClassList.Cityscapes, LabelTable.CityscapesIds,
            (root, split, tell) => tell is null ? CityscapesDataset.Open(root, split) : CityscapesDataset.OpenLeniently(root, split),
            root => Folders.Cityscapes(root, "leftImg8bit") is not null && (Folders.Cityscapes(root, "gtFine") is not null || Folders.Cityscapes(root, "gtCoarse") is null)),
        Published("voc", ClassList.Voc, LabelTable.Plain(ClassList.Voc.Count),
            (root, split, tell) => VocDataset.OpenLeniently(root, split, tell ?? DatasetLayout.Refuse), root => Folders.HasVoc(root, "VOC2012", "JPEGImages")),
        Published("voc-aug", ClassList.Voc, LabelTable.Plain(ClassList.Voc.Count),
            (root, split, tell) => VocDataset.OpenAugmented(root, split, tell ?? DatasetLayout.Refuse), root => Folders.HasVoc(root, "VOC2012", "SegmentationClassAug")),
        Published("pascal-context-59", ClassList.PascalContext59, LabelTable.FromOne(ClassList.PascalContext59.Count),
            (root, split, tell) => PascalContextDataset.OpenLeniently(root, split, tell ?? DatasetLayout.Refuse), PascalContextDataset.Fits),
        Published("pascal-context-60", ClassList.PascalContext60, LabelTable.Plain(ClassList.PascalContext60.Count),
            (root, split, tell) => PascalContextDataset.OpenLeniently(root, split, tell ?? DatasetLayout.Refuse, withBackground: true), PascalContextDataset.Fits),
        Published("cityscapes-coarse", ClassList.Cityscapes, LabelTable.CityscapesIds,
            (root, split, tell) => tell is null ? CityscapesDataset.Open(root, split, "gtCoarse") : CityscapesDataset.OpenLeniently(root, split, "gtCoarse"),
            root => Folders.Cityscapes(root, "leftImg8bit") is not null && Folders.Cityscapes(root, "gtCoarse") is not null),
        Published("lip", ClassList.Lip, LabelTable.Plain(ClassList.Lip.Count), PairedFolders.Lip, root => Directory.Exists(Path.Combine(root, "TrainVal_images")) || Directory.Exists(Path.Combine(root, "train_segmentations"))),
        Published("ade20k", ClassList.Ade20k, LabelTable.FromOne(ClassList.Ade20k.Count), PairedFolders.Ade20k,
            root => new[] { root, Path.Combine(root, "ADEChallengeData2016") }.Any(f => Directory.Exists(Path.Combine(f, "annotations", "training")) || Directory.Exists(Path.Combine(f, "annotations", "validation")))),
        Published("coco-stuff", ClassList.CocoStuff, LabelTable.CocoStuffIds, PairedFolders.CocoStuff,
            root => Directory.Exists(Path.Combine(root, "annotations", "train2017")) || Directory.Exists(Path.Combine(root, "annotations", "val2017"))),
        new("list", ListFile.Classes, root => LabelTable.Plain(ListFile.Classes(root).Count), ListFile.Open, root => File.Exists(Path.Combine(root, ListFile.Names))),
        new("folder", root => DescribedFolder.Read(root).Classes, root => DescribedFolder.Read(root).Table, DescribedFolder.Open, root => File.Exists(Path.Combine(root, DescribedFolder.FileName))),
    ];

    static DatasetLayout Published(
        string name, ClassList classes, LabelTable labels, Func<string, string, Action<DatasetProblem>?, SegmentationDataset> list, Func<string, bool> fits) =>
        new(name, _ => classes, _ => labels, list, fits);
}

/// <summary>One way in which a data set lies on disk.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Classes">The classes, of a data set's folder: published ones know theirs without looking.</param>
/// <param name="Labels">What the values of its published label files mean, of a data set's folder.</param>
/// <param name="List">
/// Lists a split of a data set's folder. What is missing is told and left out; where nobody is told, it is a <see cref="DatasetException"/>.
/// </param>
/// <param name="Fits">Whether a folder that exists looks like one.</param>
sealed record DatasetLayout(
    string Name,
    Func<string, ClassList> Classes,
    Func<string, LabelTable> Labels,
    Func<string, string, Action<DatasetProblem>?, SegmentationDataset> List,
    Func<string, bool> Fits)
{
    /// <summary>Throws what a lenient listing would tell.</summary>
    public static void Refuse(DatasetProblem problem) => throw new DatasetException(problem.Path, problem.Message);
}
