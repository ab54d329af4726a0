using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>What one block of a vision transformer says of an image.</summary>
/// <param name="Patches">A map [N, D, H/14, W/14].</param>
/// <param name="ClassToken">[N, D].</param>
public sealed record PatchFeatures(Tensor Patches, Tensor ClassToken) : ITensors
{
    /// <inheritdoc/>
    public IEnumerable<Tensor> All => [Patches, ClassToken];
}
