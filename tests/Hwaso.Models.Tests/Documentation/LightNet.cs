// Example for docs/add-a-network.md: three strided blocks and a classifier, after no paper.
// Key names are its own, for there is no official implementation.
using Hwaso.Models.Attention;
using Hwaso.Models.Backbones;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Documentation.Tests;

/// <summary>How wide it is.</summary>
public sealed record LightConfig
{
    /// <summary>Channels of the first block; doubled by each further one.</summary>
    public int Width { get; init; } = 16;

    /// <summary>What stands in each block between its two convolutions; null for nothing.</summary>
    public AttentionModule? Attention { get; init; }
}

/// <summary>Logits at stride 8.</summary>
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
