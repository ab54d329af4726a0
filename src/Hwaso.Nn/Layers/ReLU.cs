using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>max(x, 0), as a module for <see cref="Sequential"/>.</summary>
public sealed class ReLU(Weights w) : Net(w)
{
    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => x.Relu();
}
