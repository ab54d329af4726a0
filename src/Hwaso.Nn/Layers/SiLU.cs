using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>x · σ(x), as a module for <see cref="Sequential"/>. Hendrycks and Gimpel, 2016; Ramachandran et al., 2017 (swish).</summary>
public sealed class SiLU(Weights w) : Net(w)
{
    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => Aten.Silu(x);
}
