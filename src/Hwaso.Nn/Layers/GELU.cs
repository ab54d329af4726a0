using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>x · Φ(x) with the normal distribution's Φ itself, not its tanh approximation. Hendrycks and Gimpel, 2016.</summary>
public sealed class GELU(Weights w) : Net(w)
{
    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => Aten.Gelu(x);
}
