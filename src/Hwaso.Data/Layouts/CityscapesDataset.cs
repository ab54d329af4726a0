namespace Hwaso.Data.Layouts;

/// <summary>
/// Cityscapes as it is unpacked: <c>leftImg8bit/SPLIT/CITY/NAME_leftImg8bit.png</c> and <c>gtFine/SPLIT/CITY/NAME_gtFine_*.png</c>.
/// <c>labelTrainIds</c> are read where they are, else <c>labelIds</c>.
/// </summary>
public sealed class CityscapesDataset : SegmentationDataset
{
    const string ImageEnd = "_leftImg8bit.png";
    const string TrainIdsEnd = "_gtFine_labelTrainIds.png";

    CityscapesDataset(string split, IReadOnlyList<Sample> samples) => (Name, Samples) = ($"Cityscapes {split}", samples);

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override ClassList Classes => ClassList.Cityscapes;

    /// <inheritdoc/>
    public override IReadOnlyList<Sample> Samples { get; }

    /// <summary>Lists a split.</summary>
    /// <param name="root">The folder that holds leftImg8bit and gtFine.</param>
    /// <param name="split">train, val or test.</param>
    /// <exception cref="DatasetException">A folder is missing, the split is empty, or an image has no label while others have.</exception>
    public static CityscapesDataset Open(string root, string split)
    {
        var data = OpenLeniently(root, split);
        var labelled = data.Samples.Count(s => s.LabelPath is not null);
        if (labelled > 0 && data.Samples.FirstOrDefault(s => s.LabelPath is null) is { } bare)
            throw new DatasetException(bare.ImagePath, $"has no label: {Truth(root, split, bare.ImagePath)}{TrainIdsEnd} or _gtFine_labelIds.png was wanted ({data.Samples.Count - labelled} of {data.Samples.Count} images lack one); unpack gtFine, or take the image out");
        return data;
    }

    /// <summary>Lists a split, images without labels included.</summary>
    internal static CityscapesDataset OpenLeniently(string root, string split)
    {
        var images = Path.Combine(Folders.Require(root, "the data set's folder"), "leftImg8bit");
        Folders.Require(images, "Cityscapes' images (leftImg8bit); name the folder that holds it");
        var folder = Folders.RequireSplit(images, split);
        var samples = Directory.EnumerateFiles(folder, "*" + ImageEnd, SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(image => Sample(root, split, image)).ToArray();
        if (samples.Length == 0)
            throw new DatasetException(folder, $"no *{ImageEnd} in it or its cities; the split '{split}' is empty");
        return new CityscapesDataset(split, samples);
    }

    /// <inheritdoc/>
    public override LabelTable TableOf(Sample sample) =>
        sample.LabelPath!.EndsWith(TrainIdsEnd, StringComparison.Ordinal) ? LabelTable.Plain(Classes.Count) : LabelTable.CityscapesIds;

    static Sample Sample(string root, string split, string image)
    {
        var truth = Truth(root, split, image);
        string? First(params string[] ends) => ends.Select(e => truth + e).FirstOrDefault(File.Exists);
        var id = Path.GetFileName(image)[..^ImageEnd.Length];
        return new Sample(id, image, First(TrainIdsEnd, "_gtFine_labelIds.png"), First("_gtFine_instanceIds.png"));
    }

    static string Truth(string root, string split, string image)
    {
        var city = Path.GetFileName(Path.GetDirectoryName(image)!);
        return Path.Combine(root, "gtFine", split, city, Path.GetFileName(image)[..^ImageEnd.Length]);
    }
}
