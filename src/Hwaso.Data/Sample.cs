using Hwaso.Imaging;

namespace Hwaso.Data;

/// <summary>One image of a data set.</summary>
/// <param name="Id">Its name in the data set.</param>
/// <param name="ImagePath">The image file.</param>
/// <param name="LabelPath">The label file; null where the split has none.</param>
/// <param name="InstancePath">The instance file; null where there is none.</param>
public sealed record Sample(string Id, string ImagePath, string? LabelPath, string? InstancePath = null)
{
    /// <summary>The label file that the layout looks for, for messages about a missing one; null where the layout names none.</summary>
    public string? WantedLabel { get; init; }
}

/// <summary>An image with its labels, as training indices.</summary>
/// <param name="Sample">The files it was read from.</param>
/// <param name="Pixels">The image with all channels that were read.</param>
/// <param name="Labels">Its labels, of the same size; 255 is ignored.</param>
/// <param name="Depth">Its depth, of the same size; null where no depth source was given.</param>
public sealed record LabelledImage(Sample Sample, ChannelImage Pixels, LabelMap Labels, DepthMap? Depth = null)
{
    /// <summary>The image as a picture, see <see cref="ChannelImage.ToRgb"/>.</summary>
    public RgbImage Image => Pixels.ToRgb();
}

/// <summary>One value a pixel, rows from the top: metres of depth, or pixels of disparity.</summary>
/// <param name="Width">Width in pixels.</param>
/// <param name="Height">Height in pixels.</param>
/// <param name="Values">height × width values; NaN where there is none.</param>
public sealed record DepthMap(int Width, int Height, float[] Values);
