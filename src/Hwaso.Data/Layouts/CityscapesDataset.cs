using Hwaso.Data.Panoptic;
using Hwaso.Imaging;

namespace Hwaso.Data.Layouts;

/// <summary>
/// Cityscapes as it is unpacked: <c>leftImg8bit/SPLIT/CITY/NAME_leftImg8bit.png</c> and <c>gtFine/SPLIT/CITY/NAME_gtFine_*.png</c>.
/// <c>labelTrainIds</c> are read where they exist, else <c>labelIds</c>. The coarse annotations are in <c>gtCoarse</c>, laid out alike.
/// </summary>
public sealed class CityscapesDataset : SegmentationDataset, IPanopticTruth
{
    const string ImageEnd = "_leftImg8bit.png";
    const string TrainIdsEnd = "_labelTrainIds.png";

    // A value of 1000 and more is an object of the class value ÷ 1000; a smaller one is a whole class, of things a group.
    const int PerClass = 1000;

    static readonly LabelTable trainIds = LabelTable.Plain(ClassList.Cityscapes.Count);

    CityscapesDataset(string split, IReadOnlyList<Sample> samples) => (Name, Samples) = ($"Cityscapes {split}", samples);

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override ClassList Classes => ClassList.Cityscapes;

    /// <inheritdoc/>
    public override IReadOnlyList<Sample> Samples { get; }

    /// <inheritdoc/>
    public IReadOnlyList<PanopticCategory> Categories =>
    [
        .. Classes.Entries.Zip(LabelTable.CityscapesClassIds, (c, id) => new PanopticCategory(id, c.Name, c.HasInstances)
        {
            Colour = (c.R, c.G, c.B),
        }),
    ];

    /// <summary>The segments of an image's <c>instanceIds</c>, numbered as there; a group of things is a crowd.</summary>
    /// <inheritdoc/>
    public PanopticMap SegmentsOf(int index)
    {
        var sample = Samples[index];
        var path = sample.InstancePath ?? throw new DatasetException(
            sample.ImagePath, "has no *_instanceIds.png, which tell objects apart; unpack all of gtFine");
        var image = Png.ReadGray16(path);
        var things = Classes.Entries.Zip(LabelTable.CityscapesClassIds).ToDictionary(c => c.Second, c => c.First.HasInstances);
        var ids = new int[image.Values.Length];
        for (var p = 0; p < ids.Length; p++)
            ids[p] = things.ContainsKey(ClassOf(image.Values[p])) ? image.Values[p] : PanopticMap.Void;
        return new PanopticMap(image.Width, image.Height, ids,
        [
            .. ids.Distinct().Where(id => id != PanopticMap.Void).Order()
                .Select(id => new PanopticSegment(id, ClassOf(id), things[ClassOf(id)] && id < PerClass)),
        ]);
    }

    /// <inheritdoc/>
    public long ImageIdOf(int index) => index + 1;

    static int ClassOf(int value) => value >= PerClass ? value / PerClass : value;

    /// <summary>Lists a split.</summary>
    /// <param name="root">The folder that holds leftImg8bit and gtFine, or the folders that each was unpacked into.</param>
    /// <param name="split">train, val or test; of the coarse annotations also train_extra.</param>
    /// <param name="truth">gtFine or gtCoarse.</param>
    /// <exception cref="DatasetException">A folder is missing, the split is empty, or an image has no label while others have.</exception>
    public static CityscapesDataset Open(string root, string split, string truth = "gtFine")
    {
        var data = OpenLeniently(root, split, truth);
        var labelled = data.Samples.Count(s => s.LabelPath is not null);
        if (labelled > 0 && data.Samples.FirstOrDefault(s => s.LabelPath is null) is { } bare)
            throw new DatasetException(bare.ImagePath,
                $"has no label: {Truth(Folders.Cityscapes(root, truth)!, split, bare.ImagePath)}_{truth}{TrainIdsEnd} or "
                + $"_{truth}_labelIds.png was wanted ({data.Samples.Count - labelled} of {data.Samples.Count} images lack one); unpack "
                + $"{truth}, or take the image out");
        return data;
    }

    /// <summary>Lists a split, images without labels included.</summary>
    internal static CityscapesDataset OpenLeniently(string root, string split, string truth = "gtFine")
    {
        Folders.Require(root, "the data set's folder");
        var images = Folders.Cityscapes(root, "leftImg8bit")
            ?? throw new DatasetException(root,
                "no leftImg8bit (Cityscapes' images) in it or in one of its folders; name the folder that holds it");
        var folder = Folders.RequireSplit(images, split);
        var truths = Folders.Cityscapes(root, truth);
        var samples = Directory.EnumerateFiles(folder, "*" + ImageEnd, SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(image => Sample(truths, truth, split, image)).ToArray();
        if (samples.Length == 0)
            throw new DatasetException(folder, $"no *{ImageEnd} in it or its cities; the split '{split}' is empty");
        return new CityscapesDataset(split, samples);
    }

    /// <inheritdoc/>
    public override LabelTable TableOf(Sample sample) =>
        sample.LabelPath!.EndsWith(TrainIdsEnd, StringComparison.Ordinal) ? trainIds : LabelTable.CityscapesIds;

    static Sample Sample(string? truths, string type, string split, string image)
    {
        var id = Path.GetFileName(image)[..^ImageEnd.Length];
        if (truths is null)
            return new Sample(id, image, null);
        var truth = Truth(truths, split, image);
        string? First(params string[] ends) => ends.Select(e => $"{truth}_{type}{e}").FirstOrDefault(File.Exists);
        return new Sample(id, image, First(TrainIdsEnd, "_labelIds.png"), First("_instanceIds.png"))
        {
            WantedLabel = $"{truth}_{type}_labelIds.png",
        };
    }

    static string Truth(string truths, string split, string image)
    {
        var city = Path.GetFileName(Path.GetDirectoryName(image)!);
        return Path.Combine(truths, split, city, Path.GetFileName(image)[..^ImageEnd.Length]);
    }
}
