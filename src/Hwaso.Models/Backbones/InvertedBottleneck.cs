// Sandler et al., "MobileNetV2", CVPR 2018, with squeeze-and-excitation (Hu et al., CVPR 2018) as EfficientNets have it: torchvision's MBConv.
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>1×1 convolution to more channels, depthwise convolution, squeeze-and-excitation, 1×1 convolution to fewer; a shortcut where shapes allow.</summary>
public sealed class InvertedBottleneck : Net
{
    const int Squeeze = 4;

    readonly Sequential block;
    readonly StochasticDepth? stochastic_depth;

    /// <summary>Builds one block of a stage.</summary>
    /// <param name="w">Its place.</param>
    /// <param name="config">Batch norm's numbers.</param>
    /// <param name="stage">Expansion, kernel and output channels.</param>
    /// <param name="cin">Input channels.</param>
    /// <param name="stride">Step.</param>
    /// <param name="dilation">Distance of the depthwise kernel's points.</param>
    /// <param name="skip">Probability with which the block is skipped in training, where it has a shortcut.</param>
    public InvertedBottleneck(Weights w, EfficientNetConfig config, EfficientNetStage stage, int cin, int stride, int dilation, double skip) : base(w)
    {
        var wide = EfficientNetConfig.Divisible(cin * stage.Expand);
        var parts = new List<Func<Weights, Net>>();
        if (wide != cin)
            parts.Add(p => ConvolutionNorm.Build(p, config, cin, wide, kernel: 1));
        parts.Add(p => ConvolutionNorm.Build(p, config, wide, wide, stage.Kernel, stride, dilation, groups: wide));
        parts.Add(p => new SqueezeExcitation(p, wide, Math.Max(1, cin / Squeeze)));
        parts.Add(p => ConvolutionNorm.Build(p, config, wide, stage.Channels, kernel: 1, activation: false));
        block = new(w / "block", [.. parts]);
        stochastic_depth = stride == 1 && cin == stage.Channels ? new(w / "stochastic_depth", skip) : null;
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x)
    {
        var y = x.Apply(block);
        return stochastic_depth is null ? y : y.Apply(stochastic_depth) + x;
    }
}
