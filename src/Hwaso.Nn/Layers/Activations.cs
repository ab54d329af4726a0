using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>max(x, 0), as a module for <see cref="Sequential"/>.</summary>
public sealed class ReLU(Weights w) : Net(w)
{
    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => x.Relu();
}

/// <summary>x · σ(x), as a module for <see cref="Sequential"/>. Hendrycks and Gimpel, 2016; Ramachandran et al., 2017 (swish).</summary>
public sealed class SiLU(Weights w) : Net(w)
{
    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => Aten.Silu(x);
}

/// <summary>x · Φ(x) with the normal distribution's Φ itself, not its tanh approximation. Hendrycks and Gimpel, 2016.</summary>
public sealed class GELU(Weights w) : Net(w)
{
    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => Aten.Gelu(x);
}
