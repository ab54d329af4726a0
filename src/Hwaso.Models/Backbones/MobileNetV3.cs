// Howard et al., "Searching for MobileNetV3", ICCV 2019. Structure and key names follow torchvision (models/mobilenetv3.py), whose
// `features` this is; dilated as there, every block of the last stage has the dilation in place of its stride.
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>What distinguishes one MobileNetV3 from another; the named sizes are the paper's.</summary>
public sealed record MobileNetV3Config
{
    const int Released = 3;

    /// <summary>The blocks, in order.</summary>
    public required ValueList<MobileBlock> Blocks { get; init; }

    /// <summary>Channels of the first convolution.</summary>
    public int StemChannels { get; init; } = 16;

    /// <summary>Whether the last stage is dilated, at output stride 16, as in segmentation.</summary>
    public bool Dilated { get; init; }

    /// <summary>How often the maps halve the image, 3 to 5: blocks behind have weights and take no part.</summary>
    public int Depth { get; init; } = 5;

    /// <summary>Channels of the images, at least 1.</summary>
    public int InChannels { get; init; } = Released;

    /// <summary>Channels of the last convolution: six times the last block's.</summary>
    public int LastChannels => 6 * Blocks[^1].Channels;

    /// <summary>Every named size.</summary>
    public static IReadOnlyList<(string Name, MobileNetV3Config Config)> Sizes { get; } = [("small", Small), ("large", Large)];

    /// <summary>Table 1.</summary>
    public static MobileNetV3Config Large => new()
    {
        Blocks =
        [
            new(3, 16, 16, false, false, 1), new(3, 64, 24, false, false, 2), new(3, 72, 24, false, false, 1),
            new(5, 72, 40, true, false, 2), new(5, 120, 40, true, false, 1), new(5, 120, 40, true, false, 1),
            new(3, 240, 80, false, true, 2), new(3, 200, 80, false, true, 1), new(3, 184, 80, false, true, 1),
            new(3, 184, 80, false, true, 1), new(3, 480, 112, true, true, 1), new(3, 672, 112, true, true, 1),
            new(5, 672, 160, true, true, 2), new(5, 960, 160, true, true, 1), new(5, 960, 160, true, true, 1),
        ],
    };

    /// <summary>Table 2.</summary>
    public static MobileNetV3Config Small => new()
    {
        Blocks =
        [
            new(3, 16, 16, true, false, 2), new(3, 72, 24, false, false, 2), new(3, 88, 24, false, false, 1),
            new(5, 96, 40, true, true, 2), new(5, 240, 40, true, true, 1), new(5, 240, 40, true, true, 1),
            new(5, 120, 48, true, true, 1), new(5, 144, 48, true, true, 1),
            new(5, 288, 96, true, true, 2), new(5, 576, 96, true, true, 1), new(5, 576, 96, true, true, 1),
        ],
    };
}

/// <summary>One row of the paper's tables.</summary>
/// <param name="Kernel">Side of the depthwise kernel.</param>
/// <param name="Wide">Channels inside.</param>
/// <param name="Channels">Output channels.</param>
/// <param name="Squeeze">Whether channels are weighted.</param>
/// <param name="HardSwish">Whether the activation is hard-swish; ReLU if not.</param>
/// <param name="Stride">Step, 1 or 2.</param>
public sealed record MobileBlock(int Kernel, int Wide, int Channels, bool Squeeze, bool HardSwish, int Stride);

/// <summary>Images [N, C, H, W] to a map behind every layer: the stem at stride 2, each block, the last convolution.</summary>
public sealed class MobileNetV3 : Backbone
{
    // torchvision's, in every layer of this network.
    internal const double Epsilon = 1e-3, Momentum = 0.01;

    readonly Net[] features;
    readonly int inChannels, stride, running;

    /// <summary>Builds it directly at its place.</summary>
    public MobileNetV3(Weights w, MobileNetV3Config config) : base(w)
    {
        inChannels = config.InChannels;
        var blocks = config.Blocks;
        var lastStage = Enumerable.Range(0, blocks.Count).Last(b => blocks[b].Stride == 2);
        Channels = [config.StemChannels, .. blocks.Select(b => b.Channels), config.LastChannels];
        features =
        [
            MobileLayer.Build(w / 0, inChannels, config.StemChannels, kernel: 3, hardSwish: true, stride: 2),
            .. blocks.Select((block, b) => new MobileResidual(
                w / (b + 1), block, Channels[b], config.Dilated && b >= lastStage ? 2 : 1)),
            MobileLayer.Build(w / (blocks.Count + 1), Channels[^2], config.LastChannels, kernel: 1, hardSwish: true),
        ];
        Strided = [0, .. Enumerable.Range(1, blocks.Count).Where(b => blocks[b - 1].Stride == 2), features.Length - 1];
        // Where the next block halves, and the end.
        Ends = [.. Strided.Skip(1).SkipLast(1).Select(f => f - 1), features.Length - 1];
        (stride, running) = (1 << config.Depth, Ends[config.Depth - 1] + 1);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<int> Channels { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<int> Ends { get; }

    /// <summary>The layers with a step of two, the first and the last.</summary>
    public IReadOnlyList<int> Strided { get; }

    /// <summary>Convolutions He's normal by fan-out, biases 0.</summary>
    public override void InitialiseAsPublished()
    {
        foreach (var (name, tensor) in Weights.Parameters)
            if (tensor.Dimensions == 4)
                Init.KaimingNormal(tensor);
            else if (name.EndsWith(".bias", StringComparison.Ordinal))
                Init.Constant(tensor, 0);
    }

    /// <inheritdoc/>
    protected override Tensor[] Forward(Tensor x) => Maps(x, features, running, inChannels, stride);
}

/// <summary>1×1 to more channels, depthwise, weights of channels, 1×1 to fewer, and a shortcut where shapes allow.</summary>
sealed class MobileResidual : Net
{
    readonly Sequential block;
    readonly bool hasShortcut;

    public MobileResidual(Weights w, MobileBlock row, int cin, int dilation) : base(w)
    {
        var stride = dilation > 1 ? 1 : row.Stride;
        var parts = new List<Func<Weights, Net>>();
        if (row.Wide != cin)
            parts.Add(p => MobileLayer.Build(p, cin, row.Wide, kernel: 1, row.HardSwish));
        parts.Add(p => MobileLayer.Build(p, row.Wide, row.Wide, row.Kernel, row.HardSwish, stride, dilation, groups: row.Wide));
        if (row.Squeeze)
            parts.Add(p => new HardSqueeze(p, row.Wide));
        parts.Add(p => MobileLayer.Build(p, row.Wide, row.Channels, kernel: 1, hardSwish: null));
        block = new(w / "block", [.. parts]);
        hasShortcut = row.Stride == 1 && cin == row.Channels;
    }

    protected override Tensor Forward(Tensor x) => hasShortcut ? x.Apply(block) + x : x.Apply(block);
}

/// <summary>Squeeze-and-excitation with a piecewise linear sigmoid: clamp(x + 3, 0, 6) / 6.</summary>
sealed class HardSqueeze : Net
{
    const int Reduction = 4;

    readonly Conv2d reduce, expand;

    // torchvision's names of the two convolutions, unless others are given.
    public HardSqueeze(Weights w, int channels, string reduceName = "fc1", string expandName = "fc2") : base(w)
    {
        var squeezed = EfficientNetConfig.Divisible(channels / Reduction);
        reduce = new(w / reduceName, channels, squeezed, kernel: 1, bias: true);
        expand = new(w / expandName, squeezed, channels, kernel: 1, bias: true);
    }

    protected override Tensor Forward(Tensor x) =>
        x * (Aten.Clamp(x.Mean([2, 3], keep: true).Apply(reduce).Relu().Apply(expand) + 3, 0, 6) / 6);
}

/// <summary>A convolution, batch norm and an activation, or none.</summary>
static class MobileLayer
{
    public static Sequential Build(Weights w, int cin, int cout, int kernel, bool? hardSwish, int stride = 1,
        int dilation = 1, int groups = 1)
    {
        Func<Weights, Net> convolution = p => new Conv2d(p, cin, cout, kernel, stride, dilation: dilation, groups: groups);
        Func<Weights, Net> norm = p => new BatchNorm2d(p, cout, MobileNetV3.Epsilon, MobileNetV3.Momentum);
        return hardSwish switch
        {
            true => new(w, convolution, norm, p => new HardSwish(p)),
            false => new(w, convolution, norm, p => new ReLU(p)),
            null => new(w, convolution, norm),
        };
    }

    /// <summary>x · clamp(x + 3, 0, 6) / 6.</summary>
    sealed class HardSwish(Weights w) : Net(w)
    {
        protected override Tensor Forward(Tensor x) => Aten.Hardswish(x);
    }
}
