// Fan et al., "MA-Net: a multi-scale attention network for liver and tumor segmentation", IEEE Access 2020, as
// segmentation_models.pytorch has it (decoders/manet/decoder.py), whose attention is normalised over all pairs of pixels at once and
// whose product [N, H·W, C] is read as [N, C, H, W] without being transposed.
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Decoders;

/// <summary>Attention between the coarsest map's pixels, then blocks whose channels are weighted by coarse and fine map together.</summary>
public sealed record ManetDecoder : PyramidDecoder
{
    static readonly Settings<PyramidDecoder> settings = Own(new Settings<ManetDecoder>()
        .Ints("widths", d => d.Widths, (d, v) => d with { Widths = v }, 1,
            "channels of the blocks of a `manet` or `unetplusplus`, coarsest first; 256, 128, 64, 32, 16", count: 5)
        .Int("attention_channels", d => d.AttentionChannels, (d, v) => d with { AttentionChannels = v }, 1,
            "channels by which a `manet` compares pixels; 64")
        .Int("reduction", d => d.Reduction, (d, v) => d with { Reduction = v }, 1,
            "channels of a `manet`'s maps over those it squeezes them to for their weights; 16"));

    /// <summary>Channels of the five blocks, coarsest first.</summary>
    public ValueList<int> Widths { get; init; } = [256, 128, 64, 32, 16];

    /// <summary>Channels by which pixels are compared.</summary>
    public int AttentionChannels { get; init; } = 64;

    /// <summary>Channels over those that the squeezed layers keep.</summary>
    public int Reduction { get; init; } = 16;

    /// <inheritdoc/>
    public override int OutputStride => 32;

    /// <inheritdoc/>
    public override int Depth { get; init; } = 5;

    /// <inheritdoc/>
    public override int HeadKernel => 3;

    /// <inheritdoc/>
    public override int Features => Widths[^1];

    /// <inheritdoc/>
    public override Settings<PyramidDecoder> Settings => settings;

    /// <inheritdoc/>
    public override Net<Tensor[], Tensor> Build(Weights w, IReadOnlyList<int> channels)
    {
        AskForEvery(w, channels);
        return new ManetDecoderNet(w, this, channels);
    }
}

/// <summary>From the coarsest map to the image's size, a block a level.</summary>
sealed class ManetDecoderNet : Net<Tensor[], Tensor>
{
    readonly PositionAttention center;
    readonly FusionAttention[] blocks;
    readonly UNetBlock last;

    public ManetDecoderNet(Weights w, ManetDecoder config, IReadOnlyList<int> channels) : base(w)
    {
        center = new(w / "center", channels[^1], config.AttentionChannels);
        int[] wide = [channels[^1], .. config.Widths];
        blocks = [.. Enumerable.Range(0, channels.Count - 1).Select(b =>
            new FusionAttention(w / "blocks" / b, wide[b], channels[^(b + 2)], wide[b + 1], config.Reduction))];
        last = new(w / "blocks" / blocks.Length, wide[^2], 0, wide[^1]);
    }

    protected override Tensor Forward(Tensor[] imageAndMaps)
    {
        var x = imageAndMaps[^1].Apply(center);
        for (var b = 0; b < blocks.Length; b++)
            x = new[] { imageAndMaps[^(b + 2)], x }.Apply(blocks[b]);
        return x.ResizeNearest(imageAndMaps[0].Size(2), imageAndMaps[0].Size(3)).Apply(last);
    }
}

/// <summary>PAB: every pixel takes values of all others.</summary>
sealed class PositionAttention(Weights w, int channels, int inner) : Net(w)
{
    readonly Conv2d top_conv = new(w / "top_conv", channels, inner, kernel: 1, bias: true);
    readonly Conv2d center_conv = new(w / "center_conv", channels, inner, kernel: 1, bias: true);
    readonly Conv2d bottom_conv = new(w / "bottom_conv", channels, channels, kernel: 3, bias: true);
    readonly Conv2d out_conv = new(w / "out_conv", channels, channels, kernel: 3, bias: true);

    protected override Tensor Forward(Tensor x)
    {
        var (batch, pixels) = (x.Size(0), x.Size(2) * x.Size(3));
        var top = x.Apply(top_conv).Flatten(2);                                 // [N, A, H·W]
        var center = x.Apply(center_conv).Flatten(2).Transpose(1, 2);
        var values = x.Apply(bottom_conv).Flatten(2).Transpose(1, 2);           // [N, H·W, C]
        var weights = center.Times(top).Reshape(batch, pixels * pixels).Softmax(1).Reshape(batch, pixels, pixels);
        var taken = weights.Times(values).Reshape(x.Shape);
        return (x + taken).Apply(out_conv);
    }
}

/// <summary>MFAB: a coarse map, enlarged, and a fine one beside it; the coarse one's channels are weighted by both.</summary>
sealed class FusionAttention : Net<Tensor[], Tensor>
{
    readonly Sequential hl_conv, conv1, conv2;
    readonly ChannelWeights low, high;

    public FusionAttention(Weights w, int cin, int skip, int cout, int reduction) : base(w)
    {
        hl_conv = new(w / "hl_conv",
            p => ConvNormRelu.Build(p, cin, cin, kernel: 3),
            p => ConvNormRelu.Build(p, cin, skip, kernel: 1));
        var squeezed = Math.Max(1, skip / reduction);
        low = new(w / "SE_ll", skip, squeezed);
        high = new(w / "SE_hl", skip, squeezed);
        conv1 = ConvNormRelu.Build(w / "conv1", 2 * skip, cout, kernel: 3);
        conv2 = ConvNormRelu.Build(w / "conv2", cout, cout, kernel: 3);
    }

    protected override Tensor Forward(Tensor[] fineAndCoarse)
    {
        var fine = fineAndCoarse[0];
        var coarse = fineAndCoarse[1].Apply(hl_conv).ResizeNearest(fine.Size(2), fine.Size(3));
        coarse = coarse * (coarse.Apply(high) + fine.Apply(low));
        return Tensor.Concat([coarse, fine], 1).Apply(conv1).Apply(conv2);
    }
}

/// <summary>A weight between 0 and 1 for each channel, [N, C, 1, 1], from the image's averages: layers 1 and 3 of five.</summary>
sealed class ChannelWeights(Weights w, int channels, int squeezed) : Net(w)
{
    readonly Conv2d first = new(w / 1, channels, squeezed, kernel: 1, bias: true);
    readonly Conv2d second = new(w / 3, squeezed, channels, kernel: 1, bias: true);

    protected override Tensor Forward(Tensor x) => x.Mean([2, 3], keep: true).Apply(first).Relu().Apply(second).Sigmoid();
}
