using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

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
