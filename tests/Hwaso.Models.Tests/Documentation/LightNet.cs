// Example for docs/add-a-network.md: three strided blocks and a classifier, after no paper.
// Key names are its own, for there is no official implementation.
using Hwaso.Models;
using Hwaso.Models.Attention;
using Hwaso.Models.Backbones;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Documentation.Tests;

/// <summary>What distinguishes one LightNet from another.</summary>
public sealed record LightConfig
{
    /// <summary>The settings of the section <c>light</c>.</summary>
    public static Settings<LightConfig> Settings { get; } = new Settings<LightConfig>()
        .Int("width", c => c.Width, (c, v) => c with { Width = v }, 1,
            "channels of a LightNet's first block; each further one has twice as many", needed: "a number of channels");

    /// <summary>Channels of the first block; doubled by each further one.</summary>
    public int Width { get; init; } = 16;

    /// <summary>The module in each block; null for none.</summary>
    public AttentionModule? Attention { get; init; }
}

/// <summary>A LightNet of any width: <c>light-w16</c>, <c>light-w32</c>.</summary>
public sealed record LightDefinition : SegmentationDefinition
{
    static readonly Settings<ModelDefinition> settings = new Settings<LightDefinition>()
        .Add(AttentionModule.Setting<LightDefinition>(
            d => d.Config.Attention, (d, v) => d with { Config = d.Config with { Attention = v } }))
        .Section("light", d => d.Config, (d, v) => d with { Config = v }, LightConfig.Settings)
        .Of<ModelDefinition>();

    /// <summary>Every one with a name, and <c>light</c>, of which a recipe gives the width.</summary>
    public static NetworkFamily Family { get; } = new([Of("light-w16", 16), Of("light-w32", 32)], Of("light", 16));

    /// <summary>Its width and attention.</summary>
    public LightConfig Config { get; init; } = new();

    /// <inheritdoc/>
    public override Settings<ModelDefinition> Settings => settings;

    /// <inheritdoc/>
    public override SegmentationDefinition Deployed => this;

    /// <inheritdoc/>
    public override SegmentationNet Build(Weights w, int classes) => new LightNet(w, Config, classes);

    static LightDefinition Of(string name, int width) => new() { Name = name, Description = "LightNet", Config = new() { Width = width } };
}

/// <summary>Three blocks and a classifier: logits at stride 8.</summary>
public sealed class LightNet : SegmentationNet
{
    readonly Conv2d stem;
    readonly Sequential blocks;
    readonly Conv2d classifier;

    /// <summary>Builds the network.</summary>
    public LightNet(Weights w, LightConfig config, int classes) : base(w, classes, alignCorners: false)
    {
        var c = config.Width;
        stem = new(w / "stem", 3, c, kernel: 3, stride: 2);
        blocks = new(w / "blocks",
            p => new BasicBlock(p, c, c, attention: config.Attention),
            p => new BasicBlock(p, c, 2 * c, stride: 2, attention: config.Attention),
            p => new BasicBlock(p, 2 * c, 4 * c, stride: 2, attention: config.Attention));
        classifier = new(w / "classifier", 4 * c, classes, kernel: 1, bias: true);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> HeadPaths => ["classifier"];

    /// <summary>No paper says how it begins: the last layer at zero, so that no class is preferred; the others as they are made.</summary>
    public override void InitialiseAsPublished() => Init.Constant(classifier.Weight, 0);

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => x
        .Apply(stem).Relu()                                                     // [N, C, H/2, W/2]
        .Apply(blocks)                                                          // [N, 4C, H/8, W/8]
        .Apply(classifier);                                                     // [N, K, H/8, W/8]
}
