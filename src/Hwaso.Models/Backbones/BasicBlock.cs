using Hwaso.Models.Attention;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>
/// Two 3×3 convolutions and a shortcut, [N, Cin, H, W] to [N, Cout, H/stride, W/stride]. He et al., CVPR 2016, fig. 5 left.
/// </summary>
/// <remarks>An attention module stands between conv1-bn-relu and conv2, as in Liu et al., "Polarized self-attention" (2021), and its
/// release, or at the end.</remarks>
public sealed class BasicBlock(Weights w, int cin, int cout, int stride = 1, AttentionModule? attention = null, double momentum = 0.1,
    int dilation = 1, int? secondDilation = null) : Net(w)
{
    readonly Conv2d conv1 = new(w / "conv1", cin, cout, kernel: 3, stride: stride, dilation: dilation);
    readonly BatchNorm2d bn1 = new(w / "bn1", cout, momentum: momentum);
    readonly Net? between = attention is { Place: AttentionPlace.Between } ? attention.Build(w / "deattn", cout) : null;
    readonly Conv2d conv2 = new(w / "conv2", cout, cout, kernel: 3, dilation: secondDilation ?? dilation);
    readonly BatchNorm2d bn2 = new(w / "bn2", cout, momentum: momentum);
    readonly Net? end = attention is { Place: AttentionPlace.End } ? attention.Build(w / "deattn", cout) : null;
    readonly Sequential? downsample = Shortcut.Build(w / "downsample", cin, cout, stride, momentum);

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x)
    {
        var y = x.Apply(conv1).NormRelu(bn1);
        if (between is not null)
            y = y.Apply(between);
        y = y.Apply(conv2);
        return end is null ? y.NormRelu(bn2, Around) : (y.Apply(bn2).Apply(end) + Around()).Relu();

        Tensor Around() => downsample is null ? x : x.Apply(downsample);
    }
}

/// <summary>The projection beside a residual block.</summary>
static class Shortcut
{
    /// <summary>1×1 convolution and batch norm where shape changes; null where the identity will do.</summary>
    public static Sequential? Build(Weights w, int cin, int cout, int stride, double momentum) => cin == cout && stride == 1
        ? null
        : new Sequential(w,
            p => new Conv2d(p, cin, cout, kernel: 1, stride: stride),
            p => new BatchNorm2d(p, cout, momentum: momentum));
}
