using Hwaso.Data.Depth;
using Hwaso.Imaging;

namespace Hwaso.Data;

/// <summary>An image with its labels, as training indices.</summary>
/// <param name="Sample">Where it is from.</param>
/// <param name="Image">The image.</param>
/// <param name="Labels">Its labels, of the same size; 255 is ignored.</param>
/// <param name="Depth">Its depth, of the same size; null where none was asked for.</param>
public sealed record LabelledImage(Sample Sample, RgbImage Image, LabelMap Labels, DepthMap? Depth = null);
