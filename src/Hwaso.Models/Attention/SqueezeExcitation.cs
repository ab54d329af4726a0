// Hu et al., "Squeeze-and-excitation networks", CVPR 2018, fig. 2; key names as torchvision has them (fc1, fc2).
// The two layers are 1×1 convolutions of the pooled map, which is the same. Of narrow layers at least four numbers are kept:
// of fewer, ReLU may leave none, and the module would never learn. For the same reason fc1's bias begins at one half, above what the
// pooled channels make of its weights.
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Attention;

/// <summary>One weight a channel, from what the channels are on the average of the image.</summary>
public sealed record SqueezeExcitation : AttentionModule
{
    static readonly Settings<AttentionModule> settings =
        Common.Include(m => (SqueezeExcitation)m, (_, m) => m, new Settings<SqueezeExcitation>()
        .Int("reduction", m => m.Reduction, (m, v) => m with { Reduction = v }, 1,
            "channels of `se` over those it squeezes them to, of which it keeps four at least; 16"));

    const int Fewest = 4;

    /// <summary>Channels over those that the squeezed layer keeps, at least 1.</summary>
    public int Reduction { get; init; } = 16;

    /// <inheritdoc/>
    public override string Name => "se";

    /// <inheritdoc/>
    public override Settings<AttentionModule> Settings => settings;

    /// <inheritdoc/>
    public override Net Build(Weights w, int channels) => Reduction >= 1
        ? new SqueezeExcitationNet(w, channels, Math.Max(channels / Reduction, Fewest), static x => x.Relu(), firstBias: 0.5)
        : throw new ArgumentException($"{w.Path}: a reduction of {Reduction}; at least 1 was wanted");
}

/// <summary>x · sigmoid(fc2(f(fc1(GAP x)))), where f is ReLU in the attention module and SiLU in EfficientNets.</summary>
public sealed class SqueezeExcitationNet : Net
{
    readonly Conv2d fc1, fc2;
    readonly Func<Tensor, Tensor> activation;

    internal SqueezeExcitationNet(Weights w, int channels, int squeezed, Func<Tensor, Tensor> activation, double? firstBias = null)
        : base(w)
    {
        this.activation = activation;
        fc1 = new(w / "fc1", channels, squeezed, kernel: 1, bias: true);
        fc2 = new(w / "fc2", squeezed, channels, kernel: 1, bias: true);
        if (firstBias is { } bias)
            Init.Constant(fc1.Bias!, bias);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => x * activation(x.Mean([2, 3], keep: true).Apply(fc1)).Apply(fc2).Sigmoid();
}
