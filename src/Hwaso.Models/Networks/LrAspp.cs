// Howard et al., "Searching for MobileNetV3", ICCV 2019, section 6.4: LR-ASPP. Structure and key names follow torchvision
// (models/segmentation/lraspp.py). Deviations: the network's own answer is its logits at stride 8; resizing them is the caller's.
using Hwaso.Models.Backbones;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>A dilated MobileNetV3 under LR-ASPP: <c>lraspp-mobilenetv3-large</c>, <c>-small</c>; by recipe <c>lraspp</c>.</summary>
public sealed record LrAsppDefinition : SegmentationDefinition
{
    static readonly NamedValues<MobileNetV3Config> encoders =
        new([.. MobileNetV3Config.Sizes.Select(s => ($"mobilenetv3-{s.Name}", Dilated(s.Config)))]);

    static readonly Settings<ModelDefinition> settings = new Settings<LrAsppDefinition>()
        .Choice("mobile", d => d.Config, (d, v) => d with { Config = v }, encoders, "the encoder of a `lraspp`; `mobilenetv3-large`")
        .Int("lraspp_channels", d => d.Channels, (d, v) => d with { Channels = v }, 1, "channels of a `lraspp`'s coarse map; 128")
        .Of<ModelDefinition>();

    /// <summary>Every one with a name, and <c>lraspp</c>.</summary>
    public static NetworkFamily Family { get; } = new(
    [
        Of("lraspp-mobilenetv3-small", MobileNetV3Config.Small),
        Of("lraspp-mobilenetv3-large", MobileNetV3Config.Large) with { PublishedParameters = 3_221_538 },
    ],
    Of("lraspp", MobileNetV3Config.Large));

    /// <summary>The encoder.</summary>
    public required MobileNetV3Config Config { get; init; }

    /// <summary>Channels of the coarse map.</summary>
    public int Channels { get; init; } = 128;

    /// <inheritdoc/>
    public override int PublishedClasses { get; init; } = 21;

    /// <inheritdoc/>
    public override int InChannels { get; init; } = ColourChannels;

    /// <inheritdoc/>
    public override Settings<ModelDefinition> Settings => settings;

    /// <inheritdoc/>
    public override SegmentationDefinition Deployed => this;

    /// <inheritdoc/>
    public override SegmentationNet Build(Weights w, int classes) =>
        new LrAspp(w, Config with { InChannels = InChannels }, Channels, classes);

    static MobileNetV3Config Dilated(MobileNetV3Config config) => config with { Dilated = true };

    static LrAsppDefinition Of(string name, MobileNetV3Config config) =>
        new() { Name = name, Description = "LR-ASPP on MobileNetV3", Config = Dilated(config), PublishedSize = (520, 520) };
}

/// <summary>A coarse map weighted by the image's averages, and a finer one beside it: logits at stride 8.</summary>
public sealed class LrAspp : SegmentationNet
{
    readonly MobileNetV3 backbone;
    readonly Sequential cbr, scale;
    readonly Conv2d low_classifier, high_classifier;
    readonly int low;

    /// <summary>Builds the network.</summary>
    /// <exception cref="ArgumentException">A number below 1.</exception>
    public LrAspp(Weights w, MobileNetV3Config config, int channels, int classes) : base(w, classes, alignCorners: false)
    {
        backbone = new(w / "backbone", config);
        // The first layer at stride 8, before the rest of its stage.
        low = backbone.Strided[^4];
        var head = w / "classifier";
        cbr = new(head / "cbr",
            p => new Conv2d(p, backbone.Channels[^1], channels, kernel: 1),
            p => new BatchNorm2d(p, channels),
            p => new ReLU(p));
        scale = new(head / "scale",
            p => new WholeAverage(p),
            p => new Conv2d(p, backbone.Channels[^1], channels, kernel: 1));
        low_classifier = new(head / "low_classifier", backbone.Channels[low], classes, kernel: 1, bias: true);
        high_classifier = new(head / "high_classifier", channels, classes, kernel: 1, bias: true);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> HeadPaths => ["classifier"];

    /// <inheritdoc/>
    public override void InitialiseAsPublished() => backbone.InitialiseAsPublished();

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x)
    {
        var maps = x.Apply(backbone);
        var high = maps[^1].Apply(cbr) * maps[^1].Apply(scale).Sigmoid();
        return maps[low].Apply(low_classifier)
            + high.ResizeBilinear(maps[low].Size(2), maps[low].Size(3)).Apply(high_classifier);
    }

    /// <summary>[N, C, h, w] to the average of its pixels, [N, C, 1, 1].</summary>
    sealed class WholeAverage(Weights w) : Net(w)
    {
        protected override Tensor Forward(Tensor x) => x.Mean([2, 3], keep: true);
    }
}
