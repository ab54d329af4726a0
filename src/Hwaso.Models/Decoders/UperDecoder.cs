// Xiao et al., "Unified perceptual parsing for scene understanding", ECCV 2018, as segmentation_models.pytorch has it
// (decoders/upernet/decoder.py), which normalises every map over its channels first.
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Decoders;

/// <summary>A feature pyramid that begins at a pyramid of averages, its levels joined at a quarter of the image's size.</summary>
public sealed record UperDecoder : PyramidDecoder
{
    static readonly Settings<PyramidDecoder> settings = Own(new Settings<UperDecoder>()
        .Int("channels", d => d.Channels, (d, v) => d with { Channels = v }, 1, "channels of its features; 256"));

    /// <summary>Channels of every level and of its features.</summary>
    public int Channels { get; init; } = 256;

    /// <inheritdoc/>
    public override int OutputStride => 32;

    /// <inheritdoc/>
    public override int Depth { get; init; } = 5;

    /// <inheritdoc/>
    public override int HeadKernel => 1;

    /// <inheritdoc/>
    public override int Features => Channels;

    /// <inheritdoc/>
    public override Settings<PyramidDecoder> Settings => settings;

    /// <inheritdoc/>
    public override Net<Tensor[], Tensor> Build(Weights w, IReadOnlyList<int> channels) => new UperDecoderNet(w, Channels, channels);
}

/// <summary>Norms, the pyramid of averages on the coarsest map, the feature pyramid and its fusion.</summary>
sealed class UperDecoderNet : Net<Tensor[], Tensor>
{
    const int Levels = 4;

    static readonly int[] parts = [1, 2, 3, 6];

    readonly ChannelNorm[] feature_norms;
    readonly Sequential[] pools, laterals, convs;
    readonly Sequential out_conv, fusion_block;

    public UperDecoderNet(Weights w, int width, IReadOnlyList<int> channels) : base(w)
    {
        var levels = channels.TakeLast(Levels).ToArray();
        feature_norms = [.. levels.Select((c, level) => new ChannelNorm(w / "feature_norms" / level, c, 1e-6))];
        pools = [.. parts.Select((_, k) => ConvNormRelu.Build(w / "psp" / "blocks" / k / 1, levels[^1], width, kernel: 1))];
        out_conv = ConvNormRelu.Build(w / "psp" / "out_conv", levels[^1] + parts.Length * width, width, kernel: 3);
        // Coarse to fine.
        laterals = [.. Enumerable.Range(0, Levels - 1).Select(k =>
            ConvNormRelu.Build(w / "fpn_lateral_blocks" / k / "conv_norm_relu", levels[^(k + 2)], width, kernel: 1))];
        convs = [.. Enumerable.Range(0, Levels - 1).Select(k => ConvNormRelu.Build(w / "fpn_conv_blocks" / k, width, width, kernel: 3))];
        fusion_block = ConvNormRelu.Build(w / "fusion_block", Levels * width, width, kernel: 3);
    }

    protected override Tensor Forward(Tensor[] imageAndMaps)
    {
        var maps = feature_norms.Select((norm, level) => imageAndMaps[^(Levels - level)].Apply(norm)).ToArray();
        var coarsest = maps[^1];
        var pooled = pools.Select((pool, k) => Aten.AdaptiveAvgPool2d(coarsest, [parts[k], parts[k]]).Apply(pool)
            .ResizeBilinear(coarsest.Size(2), coarsest.Size(3))).ToArray();
        var levels = new Tensor[Levels];
        levels[0] = Tensor.Concat([coarsest, .. pooled], 1).Apply(out_conv);
        for (var k = 1; k < Levels; k++)
        {
            var lateral = maps[^(k + 1)].Apply(laterals[k - 1]);
            levels[k] = lateral + levels[k - 1].ResizeBilinear(lateral.Size(2), lateral.Size(3));
        }
        var (height, width) = (maps[0].Size(2), maps[0].Size(3));
        var joined = levels.Select((level, k) => (k == 0 ? level : level.Apply(convs[k - 1])).ResizeBilinear(height, width)).ToArray();
        return Tensor.Concat(joined.Reverse(), 1).Apply(fusion_block);                    // [N, C, H/4, W/4]
    }
}
