// Xie et al., "SegFormer: simple and efficient design for semantic segmentation with transformers", NeurIPS 2021.
// Structure and key names follow the authors' code. Deviations: none known.
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>A SegFormer of any size: <c>segformer-b0</c> … <c>segformer-b5</c>, <c>segformer</c>.</summary>
public sealed record SegFormerDefinition : SegmentationDefinition
{
    static readonly Settings<ModelDefinition> settings = new Settings<SegFormerDefinition>()
        .Section("transformer", d => d.Config, (d, v) => d with { Config = v }, MixTransformerConfig.Settings)
        .Section("segformer", d => d.Head, (d, v) => d with { Head = v }, SegFormerHeadConfig.Settings)
        .Of<ModelDefinition>();

    // Of the authors' networks with ADE20K's 150 classes, the classifier that takes no part included, as their own count is.
    static readonly Dictionary<string, long> published = new()
    {
        ["b0"] = 3_772_044,
        ["b1"] = 13_735_148,
        ["b2"] = 27_481_324,
        ["b3"] = 47_357_164,
        ["b4"] = 64_127_724,
        ["b5"] = 84_728_044,
    };

    /// <summary>Every one with a name, and <c>segformer</c>.</summary>
    public static NetworkFamily Family { get; } = new(
        [.. MixTransformerConfig.Sizes.Select(size => Of($"segformer-{size.Name}", size.Config, published[size.Name]))],
        Of("segformer", MixTransformerConfig.Sizes[2].Config, null));

    /// <summary>The encoder.</summary>
    public required MixTransformerConfig Config { get; init; }

    /// <summary>The head.</summary>
    public SegFormerHeadConfig Head { get; init; } = new();

    /// <inheritdoc/>
    public override int PublishedClasses { get; init; } = 150;

    /// <inheritdoc/>
    public override int InChannels
    {
        get => Config.InChannels;
        init => Config = Config with { InChannels = value };
    }

    /// <inheritdoc/>
    public override Settings<ModelDefinition> Settings => settings;

    /// <inheritdoc/>
    public override SegmentationDefinition Deployed => this;

    /// <inheritdoc/>
    public override SegmentationNet Build(Weights w, int classes) => new SegFormer(w, Config, Head, classes);

    static SegFormerDefinition Of(string name, MixTransformerConfig config, long? parameters) => new()
    {
        Name = name,
        Description = "SegFormer",
        Config = config,
        Head = new() { Channels = name is "segformer-b0" or "segformer-b1" ? 256 : 768 },
        PublishedParameters = parameters,
        // The crops that it is trained on.
        PublishedSize = name == "segformer-b5" ? (640, 640) : (512, 512),
    };
}

/// <summary>A Mix Transformer under SegFormer's head: logits [N, K, H/4, W/4], sides rounded up.</summary>
public sealed class SegFormer : SegmentationNet
{
    readonly MixTransformer backbone;
    readonly SegFormerHead decode_head;

    /// <summary>Builds the network.</summary>
    /// <exception cref="ArgumentException">Numbers that do not fit each other.</exception>
    public SegFormer(Weights w, MixTransformerConfig config, SegFormerHeadConfig head, int classes) : base(w, classes, alignCorners: false)
    {
        backbone = new(w / "backbone", config);
        decode_head = new(w / "decode_head", head, backbone.Channels, classes);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> HeadPaths => ["decode_head"];

    /// <inheritdoc/>
    public override void InitialiseAsPublished()
    {
        backbone.InitialiseAsPublished();
        decode_head.InitialiseAsPublished();
    }

    /// <summary>The encoder's four maps, finest first, and the logits.</summary>
    /// <param name="image">[N, 3, H, W], normalised.</param>
    public Tensor[] MapsAndLogits(Tensor image)
    {
        var maps = image.Apply(backbone);
        return [.. maps, maps.Apply(decode_head)];
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => x.Apply(backbone).Apply(decode_head);
}
