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

/// <summary>What several blocks say of an image, the earliest first.</summary>
public sealed record PatchFeatureList(IReadOnlyList<PatchFeatures> Layers) : ITensors
{
    /// <inheritdoc/>
    public IEnumerable<Tensor> All => Layers.SelectMany(l => l.All);
}

/// <summary>A vision transformer's answer.</summary>
/// <param name="ClassToken">[N, D], after the final norm: the whole image.</param>
/// <param name="RegisterTokens">[N, R, D], after the final norm; R is 0 in models without registers.</param>
/// <param name="PatchTokens">[N, T, D], after the final norm, row by row.</param>
/// <param name="BeforeNorm">[N, 1 + R + T, D], all tokens before the final norm.</param>
public sealed record TokenFeatures(Tensor ClassToken, Tensor RegisterTokens, Tensor PatchTokens, Tensor BeforeNorm) : ITensors
{
    /// <inheritdoc/>
    public IEnumerable<Tensor> All => [ClassToken, RegisterTokens, PatchTokens, BeforeNorm];
}
