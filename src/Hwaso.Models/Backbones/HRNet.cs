// Wang et al., "Deep high-resolution representation learning for visual recognition", TPAMI 2020 (HRNetV2; V1: Sun et al., CVPR 2019).
// Structure and key names follow the authors' code: HRNet-Semantic-Segmentation (V2), deep-high-resolution-net.pytorch (V1),
// HRNet-Image-Classification and HRNet-Object-Detection (V2p), which agree on them.
// Deviations: none known; attention modules in BasicBlocks are an option that the original does not have.
using Hwaso.Models.Attention;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>What distinguishes one HRNet from another; the named sizes are the authors'.</summary>
public sealed record HRNetConfig
{
    /// <summary>The settings that every network on an HRNet has.</summary>
    public static Settings<HRNetConfig> Settings { get; } = new Settings<HRNetConfig>()
        .BatchNormMomentum(c => c.Momentum, (c, v) => c with { Momentum = v })
        .Add(AttentionModule.Setting<HRNetConfig>(c => c.Attention, (c, v) => c with { Attention = v }))
        .Whole("stage1", c => c, (_, v) => v, blank: c => c, part: new Settings<HRNetConfig>()
            .Ints("blocks", c => [c.Stage1Blocks], (c, v) => c with { Stage1Blocks = v[0] }, 1,
                "Bottlenecks before the first branching", count: 1, needed: "a whole number")
            .Ints("channels", c => [c.Stage1Channels], (c, v) => c with { Stage1Channels = v[0] }, 1,
                "their inner width; they put out four times as much", count: 1, needed: "a whole number"))
        .Whole("stage2", c => c.Stage2, (c, v) => c with { Stage2 = v }, HRNetStage.Settings(2), _ => HRNetStage.Blank,
            needed: HRNetStage.Needed)
        .Whole("stage3", c => c.Stage3, (c, v) => c with { Stage3 = v }, HRNetStage.Settings(3), _ => HRNetStage.Blank,
            needed: HRNetStage.Needed)
        .Whole("stage4", c => c.Stage4, (c, v) => c with { Stage4 = v }, HRNetStage.Settings(4), _ => HRNetStage.Blank,
            needed: HRNetStage.Needed)
        .Require(c => c.Check());

    /// <summary>Channels of the images, at least 1.</summary>
    public int InChannels { get; init; } = 3;

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

    /// <summary>
    /// Whether bilinear upsampling maps corner pixels to corner pixels: false in the authors' plain networks, true in their OCR ones.
    /// </summary>
    public bool AlignCorners { get; init; }

    /// <summary>Batch norm's momentum: 0.1 in one official branch, 0.01 in another.</summary>
    public double Momentum { get; init; } = 0.1;

    /// <summary>Stands in every BasicBlock between conv1-bn-relu and conv2, never in a Bottleneck; null for none.</summary>
    public AttentionModule? Attention { get; init; }

    /// <summary>1.5 M parameters: C = 16, one module a stage, two blocks a branch.</summary>
    public static HRNetConfig W18SmallV1 => Of(16, 1, 1, 1, 2) with { Stage1Blocks = 1, Stage1Channels = 32 };

    /// <summary>3.9 M parameters: C = 18, modules 1, 3, 2, two blocks a branch.</summary>
    public static HRNetConfig W18SmallV2 => Of(18, 1, 3, 2, 2) with { Stage1Blocks = 2 };

    /// <summary>
    /// The full depth at a width: modules 1, 4, 3 and four blocks a branch. The authors released 18, 30, 32, 40, 44, 48 and 64.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The width is not positive.</exception>
    public static HRNetConfig OfWidth(int width) => Of(width, 1, 4, 3, 4);

    static HRNetConfig Of(int c, int modules2, int modules3, int modules4, int blocks)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(c, 1);
        HRNetStage Stage(int modules, int branches) =>
            new(modules, [.. Enumerable.Repeat(blocks, branches)], [.. Enumerable.Range(0, branches).Select(b => c << b)]);
        return new HRNetConfig { Stage2 = Stage(modules2, 2), Stage3 = Stage(modules3, 3), Stage4 = Stage(modules4, 4) };
    }

    /// <summary>Checks that the stages fit each other.</summary>
    /// <exception cref="ArgumentException">A stage with another number of branches than it must have, or a count below 1.</exception>
    public void Check()
    {
        foreach (var (name, stage, branches) in new[] { ("stage2", Stage2, 2), ("stage3", Stage3, 3), ("stage4", Stage4, 4) })
        {
            if (stage.Blocks.Count != branches || stage.Channels.Count != branches)
                throw new ArgumentException(
                    $"{name}: {stage.Blocks.Count} block counts and {stage.Channels.Count} "
                    + $"channel counts; {branches} of each were wanted, one a branch");
            if (stage.Modules < 1 || stage.Blocks.Any(b => b < 1) || stage.Channels.Any(c => c < 1))
                throw new ArgumentException($"{name}: modules, blocks and channels must each be at least 1");
        }
        if (Stage1Blocks < 1 || Stage1Channels < 1)
            throw new ArgumentException("stage1: blocks and channels must each be at least 1");
    }
}

/// <summary>One stage: how many multi-resolution modules, and blocks and channels of each branch.</summary>
/// <param name="Modules">Multi-resolution modules in a row, at least 1 (NUM_MODULES of the official code).</param>
/// <param name="Blocks">Residual blocks of each branch, finest first (NUM_BLOCKS).</param>
/// <param name="Channels">Width of each branch, finest first (NUM_CHANNELS).</param>
public sealed record HRNetStage(int Modules, ValueList<int> Blocks, ValueList<int> Channels)
{
    internal const string Needed = "blocks and channels";

    /// <summary>A stage of one module, before its branches are given.</summary>
    internal static HRNetStage Blank { get; } = new(1, [], []);

    /// <summary>The settings of the stage of so many branches.</summary>
    internal static Settings<HRNetStage> Settings(int branches)
    {
        var wanted = $"a list of {branches}, one for each branch";
        string As(string meaning) => branches == 2 ? meaning : "as `stage2`";
        return new Settings<HRNetStage>()
            .Int("modules", s => s.Modules, (s, v) => s with { Modules = v }, 1,
                As("multi-resolution modules in a row; 1 where the stage is given without it"))
            .Ints("blocks", s => s.Blocks, (s, v) => s with { Blocks = v }, 1, As("BasicBlocks of each branch, finest first"),
                count: branches, needed: wanted)
            .Ints("channels", s => s.Channels, (s, v) => s with { Channels = v }, 1, As("width of each branch, finest first"),
                count: branches, needed: wanted);
    }
}

/// <summary>
/// The backbone: an image, [N, 3, H, W] as a rule, to four feature maps at strides 4, 8, 16, 32 with C, 2C, 4C, 8C channels, or to the
/// first of them alone.
/// </summary>
public sealed class HRNet : Net<Tensor, Tensor[]>
{
    /// <summary>Pixels of the image, each way, to one of the lowest branch; the smallest image that it takes.</summary>
    public const int Stride = 32;

    const int StemChannels = 64;

    readonly FuseUpsampling upsampling;
    readonly int inChannels;
    readonly Conv2d conv1, conv2;
    readonly BatchNorm2d bn1, bn2;
    readonly Bottleneck[] layer1;
    readonly Transition transition1, transition2, transition3;
    readonly HighResolutionModule[] stage2, stage3, stage4;

    /// <summary>Builds it directly at its place: most official networks have no name for the backbone.</summary>
    /// <param name="w">Its place.</param>
    /// <param name="config">Depths and widths.</param>
    /// <param name="upsampling">How branches are fused: a matter of the task, with the same weights.</param>
    /// <param name="highestOnly">Whether the last module fuses into the finest branch alone, as V1 does.</param>
    /// <exception cref="ArgumentException">Stages that do not fit.</exception>
    public HRNet(Weights w, HRNetConfig config, FuseUpsampling upsampling = FuseUpsampling.Bilinear, bool highestOnly = false) : base(w)
    {
        config.Check();
        (this.upsampling, inChannels) = (upsampling, config.InChannels);
        conv1 = new(w / "conv1", inChannels, StemChannels, kernel: 3, stride: 2);
        bn1 = new(w / "bn1", StemChannels, momentum: config.Momentum);
        conv2 = new(w / "conv2", StemChannels, StemChannels, kernel: 3, stride: 2);
        bn2 = new(w / "bn2", StemChannels, momentum: config.Momentum);

        var wide = config.Stage1Channels * Bottleneck.Expansion;
        layer1 = Enumerable.Range(0, config.Stage1Blocks)
            .Select(b => new Bottleneck(w / "layer1" / b, b == 0 ? StemChannels : wide, config.Stage1Channels, momentum: config.Momentum))
                .ToArray();
        transition1 = new(w / "transition1", [wide], config.Stage2.Channels, config.Momentum);
        stage2 = Stage(w / "stage2", config.Stage2, config, upsampling);
        transition2 = new(w / "transition2", config.Stage2.Channels, config.Stage3.Channels, config.Momentum);
        stage3 = Stage(w / "stage3", config.Stage3, config, upsampling);
        transition3 = new(w / "transition3", config.Stage3.Channels, config.Stage4.Channels, config.Momentum);
        stage4 = Stage(w / "stage4", config.Stage4, config, upsampling, highestOnly);
        Channels = config.Stage4.Channels.Take(highestOnly ? 1 : 4).ToArray();
    }

    /// <summary>Channels of each feature map.</summary>
    public IReadOnlyList<int> Channels { get; }

    /// <inheritdoc/>
    protected override Tensor[] Forward(Tensor x)
    {
        Check(x);
        x = x.Apply(conv1).NormRelu(bn1);
        x = x.Apply(conv2).NormRelu(bn2);                       // [N, 64, H/4, W/4]
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

    static HighResolutionModule[] Stage(Weights w, HRNetStage stage, HRNetConfig config, FuseUpsampling upsampling,
        bool highestOnly = false) =>
        Enumerable.Range(0, stage.Modules)
            .Select(m => new HighResolutionModule(w / m, stage, config, upsampling, highestOnly && m == stage.Modules - 1)).ToArray();

    void Check(Tensor image)
    {
        if (image.Dimensions != 4 || image.Size(1) != inChannels)
            throw new ArgumentException($"{(Weights / "conv1").Path}: {image} was given; images [N, {inChannels}, H, W] were wanted");
        var (height, width) = (image.Size(2), image.Size(3));
        if (height < Stride || width < Stride)
            throw new SmallImageException((Weights / "transition3" / 3).Path, height, width, "the lowest branch", Stride);
        if (upsampling == FuseUpsampling.Bilinear)
            return;
        for (var stage = 2; stage <= 4; stage++)
            if (Stem(height) % (1 << stage - 1) != 0 || Stem(width) % (1 << stage - 1) != 0)
                throw new ArgumentException(
                    $"{(Weights / $"stage{stage}" / 0 / "fuse_layers").Path}: an image of {height}×{width} pixels "
                    + $"does not halve down to branch {stage - 1} without rest, "
                    + $"so repeating its pixels would not give branch 0's size; multiples of {Stride} fit, as {Up(height)}×{Up(width)}");
    }

    // Two 3×3 convolutions of stride 2 round up.
    static long Stem(long size) => (size + 3) / 4;

    static long Up(long size) => (size + Stride - 1) / Stride * Stride;
}

/// <summary>Initial values that the authors give their networks.</summary>
public static class HRNetValues
{
    /// <summary>That of the authors' normal distributions.</summary>
    public const double Deviation = 0.001;

    /// <summary>Every convolution normal with one deviation; batch norms stay 1 and 0, attention modules keep their own values.</summary>
    /// <param name="weights">The network's.</param>
    /// <param name="deviation">That of the normal distribution.</param>
    /// <param name="except">Modules at the root that keep their values too.</param>
    public static void Normal(Weights weights, double deviation, params IReadOnlyList<string> except)
    {
        foreach (var (name, tensor) in weights.Parameters)
            if (tensor.Dimensions == 4 && !except.Contains(name.Split('.')[0]) && !name.Contains(".deattn.", StringComparison.Ordinal))
                Init.Normal(tensor, deviation);
    }
}
