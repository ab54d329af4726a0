using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>Normalisation over the last dimensions of each sample. Ba et al., 2016.</summary>
public sealed class LayerNorm : Net
{
    readonly Tensor weight, bias;
    readonly long[] shape;
    readonly double epsilon;

    /// <summary>Normalises over the last dimensions, which have the given shape.</summary>
    public LayerNorm(Weights w, long[] shape, double epsilon = 1e-5) : base(w)
    {
        weight = w.Parameter("weight", shape, t => Init.Constant(t, 1));
        bias = w.Parameter("bias", shape);
        (this.shape, this.epsilon) = (shape, epsilon);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => Aten.LayerNorm(x, shape, weight, bias, epsilon);
}
