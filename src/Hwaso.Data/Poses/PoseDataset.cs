using Hwaso.Data.Annotations;
using Hwaso.Imaging;

namespace Hwaso.Data.Poses;

/// <summary>People on images: the samples of a pose network.</summary>
/// <param name="Name">The data set and split in words.</param>
/// <param name="Description">The joints.</param>
/// <param name="People">The people in order.</param>
/// <param name="Images">Images of the split, those without people included.</param>
public sealed record PoseDataset(string Name, PoseDescription Description, IReadOnlyList<PosePerson> People, int Images)
{
    /// <summary>The annotations as read, for scoring; null for layouts that are scored otherwise.</summary>
    public CocoFile? Truth { get; init; }

    /// <summary>The number of the category that people have.</summary>
    public long Category { get; init; } = 1;

    /// <summary>MPII's truth for PCKh; null for other layouts.</summary>
    public MpiiTruth? HeadTruth { get; init; }

    /// <summary>The crop of a person for a network's input.</summary>
    /// <param name="person">The person.</param>
    /// <param name="aspect">Width ÷ height.</param>
    public static PersonCrop CropOf(PosePerson person, double aspect)
    {
        ArgumentNullException.ThrowIfNull(person);
        return person.Crop ?? PersonCrop.OfBox(person.Box, aspect);
    }

    /// <summary>The same images with a detector's boxes as people, in the detector's order.</summary>
    /// <param name="path">COCO's result JSON of boxes.</param>
    /// <param name="least">Boxes of lower scores are left out.</param>
    /// <exception cref="DatasetException">The file has another form, or a box is of an unknown image.</exception>
    public PoseDataset WithBoxes(string path, double least)
    {
        if (Truth is null)
            throw new DatasetException(path, $"{Name} gives centre and size of every person; boxes are for COCO's annotations");
        var results = CocoResults.Read(path, entry => entry.CategoryId == Category && !(entry.Score < least));
        var images = Truth.Images.DistinctBy(i => i.Id).ToDictionary(i => i.Id);
        return this with
        {
            People =
            [
                .. results.Entries.Select(entry => new PosePerson(
                    entry.ImageId, 0,
                    images.TryGetValue(entry.ImageId, out var image) ? ImagePath(image)
                        : throw results.Error(entry, $"image {entry.ImageId} is not among the {images.Count} of {Truth.Path}"),
                    entry.Box ?? throw results.Error(entry, "no 'bbox'; a detector's boxes were wanted"), [])
                {
                    BoxScore = entry.Score,
                }),
            ],
        };
    }

    /// <summary>The file of an image of the annotations.</summary>
    public string ImagePath(CocoImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        return Path.Combine(ImageFolder, image.FileName);
    }

    /// <summary>The folder of the images.</summary>
    public required string ImageFolder { get; init; }
}

/// <summary>A person on an image.</summary>
/// <param name="ImageId">The image's number.</param>
/// <param name="AnnotationId">The annotation's number; 0 for a detection.</param>
/// <param name="ImagePath">The image's file.</param>
/// <param name="Box">The box in pixels.</param>
/// <param name="Joints">x, y and visibility (0 or 1) of each joint; empty for a detection.</param>
public sealed record PosePerson(long ImageId, long AnnotationId, string ImagePath, CocoBox Box, double[] Joints)
{
    /// <summary>The detector's score; 1 for a true box.</summary>
    public double BoxScore { get; init; } = 1;

    /// <summary>Centre and size where the annotation gives them instead of a box.</summary>
    public PersonCrop? Crop { get; init; }

    /// <summary>Reads the image.</summary>
    /// <exception cref="DatasetException">It is not there.</exception>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    public RgbImage ReadImage() => File.Exists(ImagePath) ? ImageFile.ReadRgb(ImagePath)
        : throw new DatasetException(ImagePath, $"no such file, which annotation {AnnotationId} of image {ImageId} is on");
}
