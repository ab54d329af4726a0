using Hwaso.Recipes;

namespace Hwaso.Inference.Networks;

/// <summary>What an exported file is to be like.</summary>
/// <param name="Size">Height and width of its images; null leaves them free.</param>
/// <param name="FoldBatchNorm">Whether batch norms are folded into the convolutions before them.</param>
/// <param name="HalfPrecision">Whether weights and computation are of half precision (batch norms folded); input and output stay of single precision.</param>
/// <param name="Labels">Whether a segmentation network's output is the class of each pixel of the image, [1, H, W], instead of scores at its own stride.</param>
/// <param name="DeformConv">Whether deformable convolutions are written as DeformConv (operator set 19) instead of grid sampling, which more runtimes have.</param>
public sealed record ExportOptions(SizePx? Size = null, bool FoldBatchNorm = false, bool HalfPrecision = false, bool Labels = false, bool DeformConv = false);
