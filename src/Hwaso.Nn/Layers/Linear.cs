using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>x · Wᵀ + b over the last dimension, [..., In] to [..., Out].</summary>
public sealed class Linear : Net
{
    readonly Tensor weight;
    readonly Tensor? bias;

    /// <summary>A fully connected layer.</summary>
    /// <param name="w">Its place.</param>
    /// <param name="inputs">In.</param>
    /// <param name="outputs">Out.</param>
    /// <param name="bias">Whether the layer has b.</param>
    /// <param name="deviation">That of the weights' first values, normal with b = 0 as transformers begin; null for PyTorch's own.</param>
    public Linear(Weights w, int inputs, int outputs, bool bias = true, double? deviation = null) : base(w)
    {
        weight = w.Parameter("weight", [outputs, inputs], t =>
        {
            if (deviation is { } d)
                Init.TruncatedNormal(t, d);
            else
                Init.KaimingUniform(t, Math.Sqrt(5));
        });
        var bound = deviation is null ? 1 / Math.Sqrt(inputs) : 0;
        if (bias)
            this.bias = w.Parameter("bias", [outputs], t => Init.Uniform(t, -bound, bound));
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => Products.Linear(x, weight, bias);
}
