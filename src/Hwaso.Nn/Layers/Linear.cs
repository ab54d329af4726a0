using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>x · Wᵀ + b over the last dimension, [..., In] to [..., Out].</summary>
public sealed class Linear : Net
{
    readonly Tensor weight;
    readonly Tensor? bias;

    /// <summary>A fully connected layer with PyTorch's initial values.</summary>
    public Linear(Weights w, int inputs, int outputs, bool bias = true) : base(w)
    {
        weight = w.Parameter("weight", [outputs, inputs], t => Initialise.KaimingUniform(t, Math.Sqrt(5)));
        var bound = 1 / Math.Sqrt(inputs);
        if (bias)
            this.bias = w.Parameter("bias", [outputs], t => Initialise.Uniform(t, -bound, bound));
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => Aten.Linear(x, weight, bias);
}
