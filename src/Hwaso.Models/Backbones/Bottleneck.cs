using Hwaso.Models.Attention;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>
/// 1×1, 3×3 and 1×1 convolutions and a shortcut, [N, Cin, H, W] to [N, 4·width, H/stride, W/stride]. He et al., CVPR 2016,
/// fig. 5 right.
/// </summary>
/// <remarks>
/// The stride is in the 3×3 convolution, as in PyTorch's and HRNet's code; the paper has it in the first 1×1.
/// In a ResNeXt and a wide ResNet the 3×3 convolution is wider than the block's name, and in a ResNeXt in groups.
/// An attention module stands after the 3×3 convolution's bn-relu, where the block is narrow, and before conv3, or at the end.
/// </remarks>
public sealed class Bottleneck(Weights w, int cin, int width, int stride = 1, double momentum = 0.1, int dilation = 1,
    AttentionModule? attention = null, int groups = 1, int? inner = null) : Net(w)
{
    /// <summary>Output channels are this many times the width.</summary>
    public const int Expansion = 4;

    readonly Conv2d conv1 = new(w / "conv1", cin, inner ?? width, kernel: 1);
    readonly BatchNorm2d bn1 = new(w / "bn1", inner ?? width, momentum: momentum);
    readonly Conv2d conv2 = new(w / "conv2", inner ?? width, inner ?? width, kernel: 3, stride: stride, dilation: dilation,
        groups: groups);
    readonly BatchNorm2d bn2 = new(w / "bn2", inner ?? width, momentum: momentum);
    readonly Net? between = attention is { Place: AttentionPlace.Between } ? attention.Build(w / "deattn", inner ?? width) : null;
    readonly Conv2d conv3 = new(w / "conv3", inner ?? width, width * Expansion, kernel: 1);
    readonly BatchNorm2d bn3 = new(w / "bn3", width * Expansion, momentum: momentum);
    readonly Net? end = attention is { Place: AttentionPlace.End } ? attention.Build(w / "deattn", width * Expansion) : null;
    readonly Sequential? downsample = Shortcut.Build(w / "downsample", cin, width * Expansion, stride, momentum);

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x)
    {
        var y = x.Apply(conv1).NormRelu(bn1);
        y = y.Apply(conv2).NormRelu(bn2);
        if (between is not null)
            y = y.Apply(between);
        y = y.Apply(conv3);
        return end is null ? y.NormRelu(bn3, Around) : (y.Apply(bn3).Apply(end) + Around()).Relu();

        Tensor Around() => downsample is null ? x : x.Apply(downsample);
    }
}
