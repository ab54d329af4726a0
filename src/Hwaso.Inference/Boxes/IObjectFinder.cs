using Hwaso.Imaging;
using Hwaso.Nn.Boxes;

namespace Hwaso.Inference.Boxes;

/// <summary>A detector on one of the engines: images in, objects out.</summary>
public interface IObjectFinder
{
    /// <summary>Whose conventions boxes follow.</summary>
    BoxForm Form { get; }

    /// <summary>Whether it finds masks too.</summary>
    bool HasMasks { get; }

    /// <summary>The objects of an image, in its pixels.</summary>
    /// <param name="image">The image as stored.</param>
    FoundObject[] Find(RgbImage image);
}
