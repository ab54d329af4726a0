// Zhao et al., "Pyramid scene parsing network", CVPR 2017, as segmentation_models.pytorch has it (decoders/pspnet/decoder.py): on an
// encoder's maps at an eighth of the image's size, without dilation.
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Decoders;

/// <summary>One map beside its averages over 1, 2×2, 3×3 and 6×6 parts of the image.</summary>
public sealed record PspDecoder : PyramidDecoder
{
    static readonly Settings<PyramidDecoder> settings = Own(new Settings<PspDecoder>()
        .Int("channels", d => d.Channels, (d, v) => d with { Channels = v }, 1, "channels of its features; 512")
        .Int("depth", d => d.Depth, (d, v) => d with { Depth = v }, 3,
            "how often the map that `smp-pspnet` decodes halves the image; 3", among: [3, 4, 5])
        .Number("dropout", d => d.Dropout, (d, v) => d with { Dropout = v }, 0, "probability with which it drops a channel; 0.2", max: 1));

    /// <summary>Channels of its features.</summary>
    public int Channels { get; init; } = 512;

    /// <summary>Probability with which a channel of the features is dropped, in training.</summary>
    public double Dropout { get; init; } = 0.2;

    /// <inheritdoc/>
    public override int OutputStride => 32;

    /// <inheritdoc/>
    public override int Depth { get; init; } = 3;

    /// <inheritdoc/>
    public override int HeadKernel => 3;

    /// <inheritdoc/>
    public override int Features => Channels;

    /// <inheritdoc/>
    public override Settings<PyramidDecoder> Settings => settings;

    /// <inheritdoc/>
    public override Net<Tensor[], Tensor> Build(Weights w, IReadOnlyList<int> channels) => new PspDecoderNet(w, this, channels[^1]);
}

/// <summary>The map, its pooled forms beside it, and a 1×1 convolution over all.</summary>
sealed class PspDecoderNet : Net<Tensor[], Tensor>
{
    static readonly int[] parts = [1, 2, 3, 6];

    readonly Sequential[] blocks;
    readonly Sequential conv;
    readonly Dropout2d dropout;

    public PspDecoderNet(Weights w, PspDecoder config, int channels) : base(w)
    {
        var narrow = Math.Max(channels / parts.Length, 1);
        // One value a channel has no variance: its convolution has a bias in place of the norm.
        blocks = [.. parts.Select((side, k) => side == 1
            ? new Sequential(w / "psp" / "blocks" / k / "pool" / 1,
                p => new Conv2d(p, channels, narrow, kernel: 1, bias: true),
                p => new ReLU(p))
            : ConvNormRelu.Build(w / "psp" / "blocks" / k / "pool" / 1, channels, narrow, kernel: 1))];
        conv = ConvNormRelu.Build(w / "conv", channels + parts.Length * narrow, config.Channels, kernel: 1);
        dropout = new(w / "dropout", config.Dropout);
    }

    protected override Tensor Forward(Tensor[] imageAndMaps)
    {
        var x = imageAndMaps[^1];
        var pooled = blocks.Select((block, k) => Aten.AdaptiveAvgPool2d(x, [parts[k], parts[k]]).Apply(block)
            .ResizeBilinear(x.Size(2), x.Size(3), alignCorners: true)).ToArray();
        return Tensor.Concat([.. pooled, x], 1).Apply(conv).Apply(dropout);
    }
}
