using Hwaso.Inference;
using Hwaso.Recipes;

namespace Hwaso.Cli.Arguments;

/// <summary>How a network was asked to look at images.</summary>
/// <param name="Scales">Scales whose predictions are averaged.</param>
/// <param name="Flip">Average with the mirrored image.</param>
/// <param name="Crop">Size of a sliding window; null: whole images.</param>
/// <param name="Stride">Step of the sliding window; null: two thirds of the window.</param>
/// <param name="Protocol">A published protocol, which says all of that; null for none.</param>
sealed record ViewArguments(IReadOnlyList<double> Scales, bool Flip, SizePx? Crop, SizePx? Stride, Protocol? Protocol)
{
    /// <summary>The same for a segmenter.</summary>
    public Views Views => Protocol?.Views ?? new Views { Scales = Scales, Flip = Flip, Crop = Crop, Stride = Stride };

    /// <summary>Whether an image is seen once and whole, as every engine can.</summary>
    public bool IsPlain => Views.IsPlain;
}
