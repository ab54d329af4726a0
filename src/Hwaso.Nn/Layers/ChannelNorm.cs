using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>Layer normalisation over the channels of each pixel of [N, C, H, W], as ConvNeXts have it (Liu et al., CVPR 2022).</summary>
public sealed class ChannelNorm : Net
{
    readonly Tensor weight, bias;
    readonly long[] shape;
    readonly double epsilon;

    /// <summary>Normalises so many channels.</summary>
    public ChannelNorm(Weights w, int channels, double epsilon) : base(w)
    {
        weight = w.Parameter("weight", [channels], t => Init.Constant(t, 1));
        bias = w.Parameter("bias", [channels]);
        (shape, this.epsilon) = ([channels], epsilon);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => Aten.LayerNorm(x.Permute(0, 2, 3, 1), shape, weight, bias, epsilon).Permute(0, 3, 1, 2);
}
