// Ronneberger et al., "U-Net: convolutional networks for biomedical image segmentation", MICCAI 2015, on a ResNet encoder.
// Structure and key names follow segmentation_models.pytorch (Unet): encoder, decoder, segmentation_head.
// Deviations: none known; as there, each block upsamples to its skip's size, so that images need no multiples of 32.
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>
/// A U-Net on a ResNet of any depth, with the semantic decoder alone or a depth decoder beside it: <c>unet-resnet18</c> …
/// <c>unet-resnet152</c>,
/// <c>unet-resnet50-multidecoder</c>, …
/// </summary>
public sealed record UNetDefinition : SegmentationDefinition
{
    static readonly Settings<ModelDefinition> one = SettingsWith(UNetConfig.Settings), two = SettingsWith(UNetConfig.SettingsOfTwo);

    // segmentation_models.pytorch's at 21 classes; deployed, the network of two decoders is the plain one.
    static readonly Dictionary<string, long> published = new() { ["unet-resnet50"] = 32_524_005 };

    /// <summary>Every one with a name, <c>unet-resnet</c> and <c>unet-resnet-multidecoder</c>.</summary>
    public static NetworkFamily Family { get; } = new(
    [
        .. ResNetConfig.Depths.Select(d => Counted(Plain($"unet-{d.Name}", d.Config), $"unet-{d.Name}")),
        .. ResNetConfig.Depths.Where(d => d.Config.Bottlenecks)
        .Select(d => Counted(MultiDecoder($"unet-{d.Name}-multidecoder", d.Config), $"unet-{d.Name}")),
    ],
    Plain("unet-resnet", ResNetConfig.R50),
    MultiDecoder("unet-resnet-multidecoder", ResNetConfig.R50));

    /// <summary>The encoder.</summary>
    public required ResNetConfig Config { get; init; }

    /// <summary>The decoder, or both.</summary>
    public UNetConfig UNet { get; init; } = new();

    /// <summary>Whether a depth decoder learns beside the semantic one.</summary>
    public bool DepthDecoder { get; init; }

    /// <inheritdoc/>
    public override int PublishedClasses { get; init; } = 21;

    /// <inheritdoc/>
    public override Settings<ModelDefinition> Settings => DepthDecoder ? two : one;

    /// <inheritdoc/>
    public override int InChannels
    {
        get => Config.InChannels;
        init => Config = Config with { InChannels = value };
    }

    /// <inheritdoc/>
    public override SegmentationDefinition Deployed => this with { DepthDecoder = false };

    /// <inheritdoc/>
    public override SegmentationNet Build(Weights w, int classes) =>
        DepthDecoder ? new UNetMultiDecoder(w, Config, UNet, classes) : new UNet(w, Config, UNet, classes);

    static UNetDefinition Plain(string name, ResNetConfig config) => new() { Name = name, Description = "U-Net", Config = config };

    static UNetDefinition MultiDecoder(string name, ResNetConfig config) =>
        new()
        {
            Name = name,
            Description = "U-Net with a depth decoder beside the semantic one, in training",
            Config = config,
            DepthDecoder = true
        };

    static UNetDefinition Counted(UNetDefinition network, string plain) =>
        network with { PublishedSize = (512, 512), PublishedParameters = published.TryGetValue(plain, out var count) ? count : null };

    static Settings<ModelDefinition> SettingsWith(Settings<UNetConfig> decoders) => new Settings<UNetDefinition>()
        .Include(d => d.Config, (d, v) => d with { Config = v }, ResNetConfig.Settings)
        .Section("unet", d => d.UNet, (d, v) => d with { UNet = v }, decoders)
        .Of<ModelDefinition>();
}

/// <summary>A ResNet's five maps decoded step by step to the image's size: logits [N, K, H, W].</summary>
public sealed class UNet : SegmentationNet
{
    readonly ResNet encoder;
    readonly UNetDecoder decoder;
    readonly UNetHead segmentation_head;

    /// <summary>Builds the network.</summary>
    /// <exception cref="ArgumentException">Numbers that do not fit each other.</exception>
    public UNet(Weights w, ResNetConfig config, UNetConfig unet, int classes) : base(w, classes, alignCorners: false)
    {
        encoder = new(w / "encoder", config);
        decoder = new(w / "decoder", unet, encoder.Channels, config.Momentum);
        segmentation_head = new(w / "segmentation_head", decoder.Channels, classes);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> HeadPaths => ["decoder", "segmentation_head"];

    /// <inheritdoc/>
    public override void InitialiseAsPublished()
    {
        encoder.InitialiseAsPublished();
        decoder.InitialiseAsPublished();
        segmentation_head.InitialiseAsPublished();
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x)
    {
        Tensor[] maps = [x, .. x.Apply(encoder)];
        return maps.Apply(decoder).Apply(segmentation_head);
    }
}
