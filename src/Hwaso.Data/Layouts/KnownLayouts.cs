namespace Hwaso.Data.Layouts;

/// <summary>The layouts that Hwaso reads. Where several fit a folder, the first one is the usual one.</summary>
static class KnownLayouts
{
    /// <summary>All layouts, in the order in which a folder is tried.</summary>
    public static IReadOnlyList<DatasetLayout> All { get; } =
    [
        Published("cityscapes", ClassList.Cityscapes, LabelTable.CityscapesIds,
            (root, split, report) => report is null ? CityscapesDataset.Open(root, split) : CityscapesDataset.OpenLeniently(root, split),
            root => HasCityscapes(root, "leftImg8bit") && (HasCityscapes(root, "gtFine") || !HasCityscapes(root, "gtCoarse"))),
        Published("voc", ClassList.Voc, LabelTable.Plain(ClassList.Voc.Count),
            (root, split, report) => VocDataset.OpenLeniently(root, split, report ?? DatasetLayout.Refuse),
            root => Folders.HasVoc(root, "VOC2012", "JPEGImages")),
        Published("voc-aug", ClassList.Voc, LabelTable.Plain(ClassList.Voc.Count),
            (root, split, report) => VocDataset.OpenAugmented(root, split, report ?? DatasetLayout.Refuse),
            root => Folders.HasVoc(root, "VOC2012", "SegmentationClassAug")),
        Published("pascal-context-59", ClassList.PascalContext59, LabelTable.FromOne(ClassList.PascalContext59.Count),
            (root, split, report) => PascalContextDataset.OpenLeniently(root, split, report ?? DatasetLayout.Refuse),
            PascalContextDataset.Fits),
        Published("pascal-context-60", ClassList.PascalContext60, LabelTable.Plain(ClassList.PascalContext60.Count),
            (root, split, report) => PascalContextDataset.OpenLeniently(root, split, report ?? DatasetLayout.Refuse, withBackground: true),
            PascalContextDataset.Fits),
        Published("cityscapes-coarse", ClassList.Cityscapes, LabelTable.CityscapesIds,
            (root, split, report) => report is null
                ? CityscapesDataset.Open(root, split, "gtCoarse")
                : CityscapesDataset.OpenLeniently(root, split, "gtCoarse"),
            root => HasCityscapes(root, "leftImg8bit") && HasCityscapes(root, "gtCoarse")),
        Published("lip", ClassList.Lip, LabelTable.Plain(ClassList.Lip.Count), PairedFolders.Lip,
            root => HasAny(root, "TrainVal_images", "train_segmentations")),
        Published("ade20k", ClassList.Ade20k, LabelTable.FromOne(ClassList.Ade20k.Count), PairedFolders.Ade20k,
            root => new[] { root, Path.Combine(root, "ADEChallengeData2016") }
                .Any(folder => HasAny(folder, "annotations/training", "annotations/validation"))),
        Published("coco-stuff", ClassList.CocoStuff, LabelTable.CocoStuffIds, PairedFolders.CocoStuff,
            root => HasAny(root, "annotations/train2017", "annotations/val2017")),
        new("coco-panoptic", CocoPanopticDataset.ClassesOf, root => LabelTable.Plain(CocoPanopticDataset.ClassesOf(root).Count),
            CocoPanopticDataset.Open, CocoPanopticDataset.Fits),
        new("list", ListFile.Classes, root => LabelTable.Plain(ListFile.Classes(root).Count), ListFile.Open,
            root => File.Exists(Path.Combine(root, ListFile.Names))),
        new("folder", root => DescribedFolder.Read(root).Classes, root => DescribedFolder.Read(root).Table, DescribedFolder.Open,
            root => File.Exists(Path.Combine(root, DescribedFolder.FileName))),
    ];

    static DatasetLayout Published(
        string name, ClassList classes, LabelTable labels,
        Func<string, string, Action<DatasetProblem>?, SegmentationDataset> list, Func<string, bool> fits) =>
        new(name, _ => classes, _ => labels, list, fits);

    static bool HasCityscapes(string root, string type) => Folders.Cityscapes(root, type) is not null;

    static bool HasAny(string root, params string[] folders) => folders.Any(folder => Directory.Exists(Path.Combine(root, folder)));
}

/// <summary>A layout of a data set's files on disk.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Classes">The classes, given a data set's folder; published layouts know theirs without reading it.</param>
/// <param name="Labels">The meaning of the values of its label files, given a data set's folder.</param>
/// <param name="List">
/// Lists a split of a data set's folder. Missing files go to the action and are left out; without one they throw a
/// <see cref="DatasetException"/>.
/// </param>
/// <param name="Fits">Whether an existing folder looks like this layout.</param>
sealed record DatasetLayout(
    string Name,
    Func<string, ClassList> Classes,
    Func<string, LabelTable> Labels,
    Func<string, string, Action<DatasetProblem>?, SegmentationDataset> List,
    Func<string, bool> Fits)
{
    /// <summary>Throws the problem that a lenient listing would report.</summary>
    public static void Refuse(DatasetProblem problem) => throw new DatasetException(problem.Path, problem.Message);
}
