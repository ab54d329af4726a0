using Hwaso.Data.Annotations;
using Hwaso.Imaging;

namespace Hwaso.Data.Boxes;

/// <summary>Images with annotated objects: the samples of a detector.</summary>
/// <param name="Name">The data set and split in words.</param>
/// <param name="Categories">The categories by rising numbers: the first is the class 0.</param>
/// <param name="Images">The images in the file's order, those without objects included.</param>
/// <param name="Truth">The annotations as read, for scoring.</param>
public sealed record BoxDataset(
    string Name, IReadOnlyList<CocoCategory> Categories, IReadOnlyList<BoxImage> Images, CocoFile Truth)
{
    // The authors' code and mmdetection learn from no smaller image.
    const int ShortestSide = 32;

    /// <summary>The images that are learned from: those of 32 pixels and more in both directions with an object that is no crowd.</summary>
    /// <param name="background">Whether images without such an object are learned from too.</param>
    public BoxDataset ForTraining(bool background) => this with
    {
        Images = [.. Images.Where(image =>
            Math.Min(image.Width, image.Height) >= ShortestSide && (background || image.Objects.Any(o => !o.IsCrowd)))],
    };
}

/// <summary>An image with its objects.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Path">Its file.</param>
/// <param name="Width">Width in pixels.</param>
/// <param name="Height">Height in pixels.</param>
/// <param name="Objects">Its objects in the file's order.</param>
public sealed record BoxImage(long Id, string Path, int Width, int Height, IReadOnlyList<BoxObject> Objects)
{
    /// <summary>Whether it is wider than high: images of a batch agree in this.</summary>
    public bool IsWide => Width > Height;

    /// <summary>Reads the image.</summary>
    /// <exception cref="DatasetException">It is not there, or of another size than annotated.</exception>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    public RgbImage Read()
    {
        if (!File.Exists(Path))
            throw new DatasetException(Path, $"no such file, which the annotations name as image {Id}");
        var image = ImageFile.ReadRgb(Path);
        return (image.Width, image.Height) == (Width, Height) ? image : throw new DatasetException(
            Path, $"is {image.Width}×{image.Height}; the annotations say {Width}×{Height} for image {Id}");
    }
}

/// <summary>An object on an image.</summary>
/// <param name="Box">Its box in pixels, as annotated.</param>
/// <param name="Label">Its class, from 0.</param>
/// <param name="IsCrowd">Whether it stands for many objects: scored as COCO does, never learned from.</param>
public readonly record struct BoxObject(CocoBox Box, int Label, bool IsCrowd)
{
    /// <summary>The number of its annotation.</summary>
    public long Id { get; init; }

    /// <summary>Its pixels; null where the file has none, or they were not asked for.</summary>
    public CocoOutline? Outline { get; init; }
}
