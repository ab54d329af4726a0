using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>Batch norms with the sum and the ReLU that follow them, which Hwaso's own kernels compute in one pass each way.</summary>
public static class NormFollowing
{
    /// <summary>
    /// relu(norm(x) + plus) of maps [N, C, H, W]. Recorders see the layers that it is made of, unless Hwaso's own kernels compute it.
    /// </summary>
    /// <param name="x">Its input.</param>
    /// <param name="norm">The batch norm.</param>
    /// <param name="plus">Gives what is added, after the norm where the layers run one by one; null where nothing is.</param>
    public static Tensor NormRelu(this Tensor x, BatchNorm2d norm, Func<Tensor>? plus = null)
    {
        ArgumentNullException.ThrowIfNull(norm);
        if (norm.Fuses(x))
            return norm.CallFused(x, plus?.Invoke());
        var y = x.Apply(norm);
        return (plus is null ? y : y + plus()).Relu();
    }
}
