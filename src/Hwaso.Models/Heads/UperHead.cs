// Xiao et al., "Unified perceptual parsing for scene understanding", ECCV 2018. Structure and key names follow mmsegmentation 0.x
// (mmseg/models/decode_heads/uper_head.py). Deviations: none known.
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>UPerNet's head: a feature pyramid that begins at a pyramid of averages; logits at stride 4.</summary>
public sealed record UperHead : DecodeHead
{
    static readonly Settings<DecodeHead> settings = Own(new Settings<UperHead>());

    /// <inheritdoc/>
    public override int Channels { get; init; } = 512;

    /// <inheritdoc/>
    public override int OutputStride { get; init; } = 32;

    /// <inheritdoc/>
    public override Settings<DecodeHead> Settings => settings;

    /// <inheritdoc/>
    public override Net<Tensor[], Tensor> Build(Weights w, IReadOnlyList<int> channels, int classes) =>
        new UperHeadNet(w, this, channels, classes);
}

/// <summary>The head itself.</summary>
sealed class UperHeadNet : Net<Tensor[], Tensor>
{
    readonly SegmentationClassifier classifier;
    readonly PoolingPyramid psp_modules;
    readonly ConvModule bottleneck, fpn_bottleneck;
    readonly ConvModule[] lateral_convs, fpn_convs;

    public UperHeadNet(Weights w, UperHead config, IReadOnlyList<int> channels, int classes) : base(w)
    {
        var width = config.Channels;
        classifier = new(w, width, classes, config.Dropout);
        psp_modules = new(w / "psp_modules", channels[^1], width);
        bottleneck = new(w / "bottleneck", psp_modules.Channels, width, kernel: 3);
        lateral_convs = [.. channels.SkipLast(1).Select((c, level) => new ConvModule(w / "lateral_convs" / level, c, width, kernel: 1))];
        fpn_convs = [.. lateral_convs.Select((_, level) => new ConvModule(w / "fpn_convs" / level, width, width, kernel: 3))];
        fpn_bottleneck = new(w / "fpn_bottleneck", channels.Count * width, width, kernel: 3);
    }

    protected override Tensor Forward(Tensor[] maps)
    {
        var levels = new Tensor[maps.Length];
        levels[^1] = maps[^1].Apply(psp_modules).Apply(bottleneck);
        for (var level = maps.Length - 2; level >= 0; level--)
            levels[level] = maps[level].Apply(lateral_convs[level])
                + levels[level + 1].ResizeBilinear(maps[level].Size(2), maps[level].Size(3));
        var (height, width) = (maps[0].Size(2), maps[0].Size(3));
        var joined = levels.Select((level, k) => k < fpn_convs.Length ? level.Apply(fpn_convs[k]) : level)
            .Select((level, k) => k == 0 ? level : level.ResizeBilinear(height, width)).ToArray();
        return classifier.Of(Tensor.Concat(joined, 1).Apply(fpn_bottleneck));                    // [N, K, H/4, W/4]
    }
}
