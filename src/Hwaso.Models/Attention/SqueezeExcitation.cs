// Hu et al., "Squeeze-and-excitation networks", CVPR 2018, fig. 2; key names as torchvision has them (fc1, fc2).
// The two layers are 1×1 convolutions of the pooled map, which is the same. Of narrow layers at least four numbers are kept:
// of fewer, ReLU may leave none, and the module would never learn. For the same reason fc1's bias begins at one half, above what the
// pooled channels make of its weights.
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Attention;

/// <summary>One weight a channel, from what the channels are on the average of the image.</summary>
public sealed record SqueezeExcitation : AttentionModule
{
    /// <summary>Channels over those that the squeezed layer keeps, at least 1.</summary>
    public int Reduction { get; init; } = 16;

    /// <inheritdoc/>
    public override string Name => "se";

    /// <inheritdoc/>
    public override Net Build(Weights w, int channels) => Reduction >= 1
        ? new SqueezeExcitationNet(w, channels, Math.Max(channels / Reduction, SqueezeExcitationNet.Fewest))
        : throw new ArgumentException($"{w.Path}: a reduction of {Reduction}; at least 1 was wanted");
}

/// <summary>x · sigmoid(fc2(relu(fc1(GAP x)))).</summary>
public sealed class SqueezeExcitationNet : Net
{
    internal const int Fewest = 4;

    readonly Conv2d fc1, fc2;

    internal SqueezeExcitationNet(Weights w, int channels, int squeezed) : base(w)
    {
        fc1 = new(w / "fc1", channels, squeezed, kernel: 1, bias: true);
        fc2 = new(w / "fc2", squeezed, channels, kernel: 1, bias: true);
        Init.Constant(fc1.Bias!, 0.5);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => x * x.Mean([2, 3], keep: true).Apply(fc1).Relu().Apply(fc2).Sigmoid();
}
