// Wang et al., "Deep high-resolution representation learning for visual recognition", TPAMI 2020 (HRNetV2; V1: Sun et al., CVPR 2019).
// Structure and key names follow the authors' segmentation code, HRNet-Semantic-Segmentation.
// Deviations: none known; attention modules in BasicBlocks are an option that the original does not have.
using Hwaso.Models.Attention;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>One stage: how many multi-resolution modules, and blocks and channels of each branch.</summary>
public sealed record HRNetStage(int Modules, IReadOnlyList<int> Blocks, IReadOnlyList<int> Channels);

/// <summary>What distinguishes one HRNet from another; the named sizes are the authors'.</summary>
public sealed record HRNetConfig
{
    /// <summary>Bottlenecks of stage 1.</summary>
    public int Stage1Blocks { get; init; } = 4;

    /// <summary>Width of stage 1's Bottlenecks; four times as many channels come out.</summary>
    public int Stage1Channels { get; init; } = 64;

    /// <summary>Two branches.</summary>
    public required HRNetStage Stage2 { get; init; }

    /// <summary>Three branches.</summary>
    public required HRNetStage Stage3 { get; init; }

    /// <summary>Four branches.</summary>
    public required HRNetStage Stage4 { get; init; }

    /// <summary>Whether bilinear upsampling maps corner pixels to corner pixels: false in the authors' plain networks, true in their OCR ones.</summary>
    public bool AlignCorners { get; init; }

    /// <summary>Batch norm's momentum: 0.1 in one official branch, 0.01 in another.</summary>
    public double Momentum { get; init; } = 0.1;

    /// <summary>Stands in every BasicBlock between conv1-bn-relu and conv2, never in a Bottleneck; null for none.</summary>
    public AttentionModule? Attention { get; init; }

    /// <summary>1.5 M parameters: C = 16, one module a stage, two blocks a branch.</summary>
    public static HRNetConfig W18SmallV1 => Of(16, 1, 1, 1, 2) with { Stage1Blocks = 1, Stage1Channels = 32 };

    /// <summary>3.9 M parameters: C = 18, modules 1, 3, 2, two blocks a branch.</summary>
    public static HRNetConfig W18SmallV2 => Of(18, 1, 3, 2, 2) with { Stage1Blocks = 2 };

    /// <summary>The full depth at a width: modules 1, 4, 3 and four blocks a branch. The authors released 18, 30, 32, 40, 44, 48 and 64.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The width is not positive.</exception>
    public static HRNetConfig OfWidth(int width) => Of(width, 1, 4, 3, 4);

    static HRNetConfig Of(int c, int modules2, int modules3, int modules4, int blocks)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(c, 1);
        HRNetStage Stage(int modules, int branches) =>
            new(modules, Enumerable.Repeat(blocks, branches).ToArray(), Enumerable.Range(0, branches).Select(b => c << b).ToArray());
        return new HRNetConfig { Stage2 = Stage(modules2, 2), Stage3 = Stage(modules3, 3), Stage4 = Stage(modules4, 4) };
    }

    /// <summary>Checks that the stages fit each other.</summary>
    /// <exception cref="ArgumentException">A stage with another number of branches than it must have, or a count below 1.</exception>
    public void Check()
    {
        foreach (var (name, stage, branches) in new[] { ("stage2", Stage2, 2), ("stage3", Stage3, 3), ("stage4", Stage4, 4) })
        {
            if (stage.Blocks.Count != branches || stage.Channels.Count != branches)
                throw new ArgumentException($"{name}: {stage.Blocks.Count} block counts and {stage.Channels.Count} channel counts; {branches} of each were wanted, one a branch");
            if (stage.Modules < 1 || stage.Blocks.Any(b => b < 1) || stage.Channels.Any(c => c < 1))
                throw new ArgumentException($"{name}: modules, blocks and channels must each be at least 1");
        }
        if (Stage1Blocks < 1 || Stage1Channels < 1)
            throw new ArgumentException("stage1: blocks and channels must each be at least 1");
    }
}

/// <summary>The backbone: an image [N, 3, H, W] to four feature maps at strides 4, 8, 16, 32 with C, 2C, 4C, 8C channels.</summary>
public sealed class HRNet : Net<Tensor, Tensor[]>
{
    const int StemChannels = 64;

    readonly Conv2d conv1, conv2;
    readonly BatchNorm2d bn1, bn2;
    readonly Bottleneck[] layer1;
    readonly Transition transition1, transition2, transition3;
    readonly HighResolutionModule[] stage2, stage3, stage4;

    /// <summary>Builds it directly at its place: the official keys have no name for the backbone.</summary>
    /// <exception cref="ArgumentException">Stages that do not fit.</exception>
    public HRNet(Weights w, HRNetConfig config) : base(w)
    {
        config.Check();
        conv1 = new(w / "conv1", 3, StemChannels, kernel: 3, stride: 2);
        bn1 = new(w / "bn1", StemChannels, momentum: config.Momentum);
        conv2 = new(w / "conv2", StemChannels, StemChannels, kernel: 3, stride: 2);
        bn2 = new(w / "bn2", StemChannels, momentum: config.Momentum);

        var wide = config.Stage1Channels * Bottleneck.Expansion;
        layer1 = Enumerable.Range(0, config.Stage1Blocks)
            .Select(b => new Bottleneck(w / "layer1" / b, b == 0 ? StemChannels : wide, config.Stage1Channels, momentum: config.Momentum)).ToArray();
        transition1 = new(w / "transition1", [wide], config.Stage2.Channels, config.Momentum);
        stage2 = Stage(w / "stage2", config.Stage2, config);
        transition2 = new(w / "transition2", config.Stage2.Channels, config.Stage3.Channels, config.Momentum);
        stage3 = Stage(w / "stage3", config.Stage3, config);
        transition3 = new(w / "transition3", config.Stage3.Channels, config.Stage4.Channels, config.Momentum);
        stage4 = Stage(w / "stage4", config.Stage4, config);
        Channels = config.Stage4.Channels;
    }

    /// <summary>Channels of the four feature maps.</summary>
    public IReadOnlyList<int> Channels { get; }

    /// <inheritdoc/>
    protected override Tensor[] Forward(Tensor x)
    {
        x = x.Apply(conv1).Apply(bn1).Relu();
        x = x.Apply(conv2).Apply(bn2).Relu();                       // [N, 64, H/4, W/4]
        foreach (var block in layer1)
            x = x.Apply(block);
        Tensor[] branches = [x];
        branches = Through(branches.Apply(transition1), stage2);
        branches = Through(branches.Apply(transition2), stage3);
        return Through(branches.Apply(transition3), stage4);
    }

    static Tensor[] Through(Tensor[] branches, HighResolutionModule[] stage)
    {
        foreach (var module in stage)
            branches = branches.Apply(module);
        return branches;
    }

    static HighResolutionModule[] Stage(Weights w, HRNetStage stage, HRNetConfig config) =>
        Enumerable.Range(0, stage.Modules).Select(m => new HighResolutionModule(w / m, stage, config)).ToArray();
}

/// <summary>From the branches of one stage to those of the next: widths adapted, one branch added by stride from the lowest.</summary>
public sealed class Transition : Net<Tensor[], Tensor[]>
{
    readonly Net?[] steps;

    /// <summary>One step a branch; none where a branch goes on as it is.</summary>
    public Transition(Weights w, IReadOnlyList<int> from, IReadOnlyList<int> to, double momentum) : base(w)
    {
        steps = new Net?[to.Count];
        for (var b = 0; b < to.Count; b++)
        {
            if (b >= from.Count)
                steps[b] = Descend(w / b, from[^1], to[b], b + 1 - from.Count, momentum);
            else if (from[b] != to[b])
                steps[b] = ConvBnRelu(w / b, from[b], to[b], stride: 1, momentum);
        }
    }

    /// <inheritdoc/>
    protected override Tensor[] Forward(Tensor[] branches) =>
        steps.Select((step, b) => step is null ? branches[b] : branches[Math.Min(b, branches.Length - 1)].Apply(step)).ToArray();

    static Sequential Descend(Weights w, int cin, int cout, int steps, double momentum) => new(w,
        Enumerable.Range(0, steps).Select<int, Func<Weights, Net>>(s => p => ConvBnRelu(p, cin, s == steps - 1 ? cout : cin, stride: 2, momentum)).ToArray());

    static Sequential ConvBnRelu(Weights w, int cin, int cout, int stride, double momentum) => new(w,
        p => new Conv2d(p, cin, cout, kernel: 3, stride: stride),
        p => new BatchNorm2d(p, cout, momentum: momentum),
        p => new ReLU(p));
}

/// <summary>Parallel branches of BasicBlocks, then every branch fused into every other.</summary>
public sealed class HighResolutionModule : Net<Tensor[], Tensor[]>
{
    readonly BasicBlock[][] branches;
    readonly Fuse[] fuse_layers;

    /// <summary>A module whose branches keep their widths.</summary>
    public HighResolutionModule(Weights w, HRNetStage stage, HRNetConfig config) : base(w)
    {
        branches = stage.Channels.Select((channels, b) => Enumerable.Range(0, stage.Blocks[b])
            .Select(k => new BasicBlock(w / "branches" / b / k, channels, channels, attention: config.Attention, momentum: config.Momentum)).ToArray()).ToArray();
        fuse_layers = stage.Channels.Select((_, to) => new Fuse(w / "fuse_layers" / to, stage.Channels, to, config)).ToArray();
    }

    /// <inheritdoc/>
    protected override Tensor[] Forward(Tensor[] x)
    {
        var refined = x.Select((branch, b) => branches[b].Aggregate(branch, (y, block) => y.Apply(block))).ToArray();
        return fuse_layers.Select(fuse => refined.Apply(fuse)).ToArray();
    }
}

/// <summary>The sum of all branches at the resolution of one: coarser ones through 1×1 convolution and upsampling, finer ones through 3×3 strides.</summary>
public sealed class Fuse : Net<Tensor[], Tensor>
{
    readonly Sequential?[] steps;
    readonly bool alignCorners;
    readonly int to;

    /// <summary>One step from each branch but the branch itself.</summary>
    public Fuse(Weights w, IReadOnlyList<int> channels, int to, HRNetConfig config) : base(w)
    {
        (this.to, alignCorners) = (to, config.AlignCorners);
        steps = channels.Select((width, from) =>
            from == to ? null
            : from > to ? Up(w / from, width, channels[to], config.Momentum)
            : Down(w / from, width, channels[to], to - from, config.Momentum)).ToArray();
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor[] branches)
    {
        var (height, width) = (branches[to].Size(2), branches[to].Size(3));
        Tensor? sum = null;
        for (var from = 0; from < branches.Length; from++)
        {
            var step = steps[from];
            var y = step is null ? branches[from] : branches[from].Apply(step);
            if (from > to)
                y = y.ResizeBilinear(height, width, alignCorners);
            sum = sum is null ? y : sum + y;
        }
        return sum!.Relu();
    }

    static Sequential Up(Weights w, int cin, int cout, double momentum) => new(w,
        p => new Conv2d(p, cin, cout, kernel: 1),
        p => new BatchNorm2d(p, cout, momentum: momentum));

    // The width changes at the last of the strides; there is no ReLU behind it, since the sum has one.
    static Sequential Down(Weights w, int cin, int cout, int strides, double momentum) => new(w,
        Enumerable.Range(0, strides).Select<int, Func<Weights, Net>>(s => p => s == strides - 1
            ? new Sequential(p, q => new Conv2d(q, cin, cout, kernel: 3, stride: 2), q => new BatchNorm2d(q, cout, momentum: momentum))
            : new Sequential(p, q => new Conv2d(q, cin, cin, kernel: 3, stride: 2), q => new BatchNorm2d(q, cin, momentum: momentum), q => new ReLU(q))).ToArray());
}
