// Chen et al., "Encoder-decoder with atrous separable convolution for semantic image segmentation", ECCV 2018 (DeepLabV3+). Structure
// and key names follow mmsegmentation 0.x (mmseg/models/decode_heads/sep_aspp_head.py). Deviations: none known.
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>DeepLabV3+'s head: pooling at several dilations, joined with the finest map; logits at stride 4.</summary>
public sealed record SeparableAsppHead : DecodeHead
{
    static readonly Settings<DecodeHead> settings = Own(new Settings<SeparableAsppHead>()
        .Ints("rates", d => d.Rates, (d, v) => d with { Rates = v }, 1, "dilations of a DeepLab's 3×3 branches; 12, 24, 36")
        .Int("fine_channels", d => d.FineChannels, (d, v) => d with { FineChannels = v }, 1,
            "channels to which a DeepLabV3+ brings the map at a quarter of the image's size; 48")
        .Int("output_stride", d => d.OutputStride, (d, v) => d with { OutputStride = v }, 8,
            "pixels of the image to one of the last map under a DeepLabV3+; 8, 16 of `smp-deeplabv3plus`", among: [8, 16]));

    /// <inheritdoc/>
    public override int Channels { get; init; } = 512;

    /// <inheritdoc/>
    public override int OutputStride { get; init; } = 8;

    /// <summary>Dilations of the 3×3 branches.</summary>
    public ValueList<int> Rates { get; init; } = [12, 24, 36];

    /// <summary>Channels to which the finest map is brought.</summary>
    public int FineChannels { get; init; } = 48;

    /// <inheritdoc/>
    public override Settings<DecodeHead> Settings => settings;

    /// <inheritdoc/>
    public override Net<Tensor[], Tensor> Build(Weights w, IReadOnlyList<int> channels, int classes) =>
        new SeparableAsppHeadNet(w, this, channels, classes);
}

/// <summary>The head itself.</summary>
sealed class SeparableAsppHeadNet : Net<Tensor[], Tensor>
{
    readonly SegmentationClassifier classifier;
    readonly ConvModule image_pool, bottleneck, c1_bottleneck;
    readonly Net[] aspp_modules;
    readonly SeparableConvModule[] sep_bottleneck;

    public SeparableAsppHeadNet(Weights w, SeparableAsppHead config, IReadOnlyList<int> channels, int classes) : base(w)
    {
        var width = config.Channels;
        classifier = new(w, width, classes, config.Dropout);
        image_pool = new(w / "image_pool" / 1, channels[^1], width, kernel: 1);
        aspp_modules =
        [
            new ConvModule(w / "aspp_modules" / 0, channels[^1], width, kernel: 1),
            .. config.Rates.Select((rate, k) => new SeparableConvModule(w / "aspp_modules" / (k + 1), channels[^1], width, rate)),
        ];
        bottleneck = new(w / "bottleneck", (aspp_modules.Length + 1) * width, width, kernel: 3);
        c1_bottleneck = new(w / "c1_bottleneck", channels[0], config.FineChannels, kernel: 1);
        sep_bottleneck =
        [
            new(w / "sep_bottleneck" / 0, width + config.FineChannels, width), new(w / "sep_bottleneck" / 1, width, width),
        ];
    }

    protected override Tensor Forward(Tensor[] maps)
    {
        var x = maps[^1];
        var average = x.Mean([2, 3], keep: true).Apply(image_pool).ResizeBilinear(x.Size(2), x.Size(3));
        var pooled = Tensor.Concat([average, .. aspp_modules.Select(module => x.Apply(module))], 1).Apply(bottleneck);
        var fine = maps[0].Apply(c1_bottleneck);
        x = Tensor.Concat([pooled.ResizeBilinear(fine.Size(2), fine.Size(3)), fine], 1);            // [N, C, H/4, W/4]
        foreach (var module in sep_bottleneck)
            x = x.Apply(module);
        return classifier.Of(x);
    }
}
