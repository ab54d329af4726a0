// He et al., "Deep residual learning for image recognition", CVPR 2016. Structure and key names follow torchvision (models/resnet.py),
// whose dilation PyTorch-Encoding's shares: in place of a stride, the stage's first block keeps the dilation so far and the rest double it.
// Deviations: the stride of a Bottleneck is in its 3×3 convolution, as in torchvision; BasicBlocks can be dilated too, which torchvision
// refuses; the deep stem is PyTorch-Encoding's; attention modules in the blocks are an option that the original does not have.
using Hwaso.Models.Attention;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>What distinguishes one ResNet from another; the named depths are the paper's. He et al., CVPR 2016, table 1.</summary>
public sealed record ResNetConfig
{
    static readonly NamedValues<bool> blocks = new(("bottleneck", true), ("basic", false));

    const int PlainGroupWidth = 64;

    // The section `resnet`.
    static readonly Settings<ResNetConfig> sizes = new Settings<ResNetConfig>()
        .Ints("blocks", c => c.Blocks, (c, v) => c with { Blocks = v }, 1,
            "blocks of each stage, as 3, 4, 6, 3 in a ResNet-50; required with a family on a ResNet", count: 4,
            needed: "a list of 4 block counts")
        .Choice("block", c => c.Bottlenecks, (c, v) => c with { Bottlenecks = v }, blocks, "which blocks; `bottleneck`")
        .Ints("widths", c => c.Widths, (c, v) => c with { Widths = v }, 1,
            "width of each stage's blocks; a Bottleneck puts out four times as much; 64, 128, 256, 512", count: 4)
        .Int("stem_channels", c => c.StemChannels, (c, v) => c with { StemChannels = v }, 1, "channels of the stem's convolution; 64")
        .Flag("deep_stem", c => c.DeepStem, (c, v) => c with { DeepStem = v },
            "three 3×3 convolutions as stem, as in PyTorch-Encoding's `resnet50s`, instead of one 7×7; the last has twice the channels")
        .Int("output_stride", c => c.OutputStride, (c, v) => c with { OutputStride = v }, 8,
            "pixels of the image to one of the last stage, by dilation; 8 in dense networks, 32 in classifiers", among: [8, 16, 32])
        .Int("groups", c => c.Groups, (c, v) => c with { Groups = v }, 1,
            "groups of a Bottleneck's 3×3 convolution, 32 in a ResNeXt-50; 1")
        .Int("group_width", c => c.GroupWidth, (c, v) => c with { GroupWidth = v }, 1,
            "channels of each such group in a block of width 64, more in proportion in wider ones; 64, 4 in a ResNeXt-50, 128 in a "
            + "wide ResNet");

    /// <summary>The settings of its blocks: <c>attention</c> and the section <c>resnet</c>.</summary>
    public static Settings<ResNetConfig> OfBlocks { get; } = new Settings<ResNetConfig>()
        .Add(AttentionModule.Setting<ResNetConfig>(c => c.Attention, (c, v) => c with { Attention = v }))
        .Section("resnet", c => c, (_, v) => v, sizes)
        .Require(c => c.Check());

    /// <summary>The settings that every network on a ResNet has.</summary>
    public static Settings<ResNetConfig> Settings { get; } = new Settings<ResNetConfig>()
        .BatchNormMomentum(c => c.Momentum, (c, v) => c with { Momentum = v })
        .Include(c => c, (_, v) => v, OfBlocks);

    /// <summary>Every named depth, smallest first.</summary>
    public static IReadOnlyList<(string Name, ResNetConfig Config)> Depths { get; } =
        [("resnet18", R18), ("resnet34", R34), ("resnet50", R50), ("resnet101", R101), ("resnet152", R152)];

    /// <summary>ResNeXts (Xie et al., CVPR 2017) and wide ResNets (Zagoruyko and Komodakis, BMVC 2016), by torchvision's names.</summary>
    public static IReadOnlyList<(string Name, ResNetConfig Config)> Wider { get; } =
    [
        ("resnext50-32x4d", R50 with { Groups = 32, GroupWidth = 4 }), ("resnext101-32x8d", R101 with { Groups = 32, GroupWidth = 8 }),
        ("resnext101-64x4d", R101 with { Groups = 64, GroupWidth = 4 }),
        ("wide-resnet50-2", R50 with { GroupWidth = 128 }), ("wide-resnet101-2", R101 with { GroupWidth = 128 }),
    ];

    /// <summary>The depths that dense networks are published with, dilated to output stride 8.</summary>
    public static IReadOnlyList<(string Name, ResNetConfig Config)> Dilated { get; } =
        [("resnet50", R50 with { OutputStride = 8 }), ("resnet101", R101 with { OutputStride = 8 })];

    /// <summary>Channels of the images, at least 1.</summary>
    public int InChannels { get; init; } = 3;

    /// <summary>Blocks of each of the four stages.</summary>
    public required ValueList<int> Blocks { get; init; }

    /// <summary>Whether blocks are Bottlenecks, which put out four times their width, or BasicBlocks.</summary>
    public bool Bottlenecks { get; init; } = true;

    /// <summary>Width of each stage's blocks.</summary>
    public ValueList<int> Widths { get; init; } = [64, 128, 256, 512];

    /// <summary>Channels of the stem's convolution; of a deep stem, the first two have as many and the last twice.</summary>
    public int StemChannels { get; init; } = 64;

    /// <summary>Whether the stem is three 3×3 convolutions instead of one 7×7, as PyTorch-Encoding's <c>resnet50s</c>.</summary>
    public bool DeepStem { get; init; }

    /// <summary>
    /// Pixels of the image, each way, to one of the last stage: 32, or 16 or 8 with dilated convolutions instead of strides.
    /// </summary>
    public int OutputStride { get; init; } = 32;

    /// <summary>Groups of a Bottleneck's 3×3 convolution: a ResNeXt has several.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Channels of each group in a block of width 64; others in proportion. 64 is the plain Bottleneck.</summary>
    public int GroupWidth { get; init; } = PlainGroupWidth;

    /// <summary>
    /// Whether the stem is mmsegmentation's: three 3×3 convolutions with their norms and ReLUs, <c>stem.0</c> to <c>stem.8</c>, the first
    /// two of half the channels.
    /// </summary>
    public bool NumberedStem { get; init; }

    /// <summary>
    /// Whether a dilated stage's first block is dilated like the rest of it, as segmentation_models.pytorch has it; if not, it keeps the
    /// dilation so far.
    /// </summary>
    public bool DilatesFirstBlock { get; init; }

    /// <summary>
    /// Whether the second convolution of a dilated BasicBlock is dilated like the first; mmsegmentation's is not.
    /// </summary>
    public bool DilatesSecondConvolution { get; init; } = true;

    /// <summary>How many of the four stages run, from 1; the others have weights, as released, and take no part.</summary>
    public int RunningStages { get; init; } = 4;

    /// <summary>Batch norm's momentum.</summary>
    public double Momentum { get; init; } = 0.1;

    /// <summary>
    /// Stands in every block: a BasicBlock's between conv1-bn-relu and conv2, a Bottleneck's after conv2-bn-relu; null for none.
    /// </summary>
    public AttentionModule? Attention { get; init; }

    /// <summary>ResNet-18: BasicBlocks 2, 2, 2, 2.</summary>
    public static ResNetConfig R18 => new() { Blocks = [2, 2, 2, 2], Bottlenecks = false };

    /// <summary>ResNet-34: BasicBlocks 3, 4, 6, 3.</summary>
    public static ResNetConfig R34 => new() { Blocks = [3, 4, 6, 3], Bottlenecks = false };

    /// <summary>ResNet-50: Bottlenecks 3, 4, 6, 3.</summary>
    public static ResNetConfig R50 => new() { Blocks = [3, 4, 6, 3] };

    /// <summary>ResNet-101: Bottlenecks 3, 4, 23, 3.</summary>
    public static ResNetConfig R101 => new() { Blocks = [3, 4, 23, 3] };

    /// <summary>ResNet-152: Bottlenecks 3, 8, 36, 3.</summary>
    public static ResNetConfig R152 => new() { Blocks = [3, 8, 36, 3] };

    /// <summary>Channels of the stem's feature map and of each stage's.</summary>
    public IReadOnlyList<int> Channels =>
        [DeepStem ? 2 * StemChannels : StemChannels, .. Widths.Select(w => Bottlenecks ? w * Bottleneck.Expansion : w)];

    /// <summary>Channels of the 3×3 convolution in a Bottleneck of a width.</summary>
    public int Inner(int width) => (int)((long)width * GroupWidth / PlainGroupWidth) * Groups;

    /// <summary>Checks that the numbers fit each other.</summary>
    /// <exception cref="ArgumentException">Another number of stages than four, a count below 1, or another stride than 8, 16 or
    /// 32.</exception>
    public void Check()
    {
        if (Blocks.Count != 4 || Widths.Count != 4)
            throw new ArgumentException(
                $"resnet: {Blocks.Count} block counts and {Widths.Count} "
                + "widths; 4 of each were wanted, one a stage");
        if (StemChannels < 1 || Blocks.Any(b => b < 1) || Widths.Any(c => c < 1))
            throw new ArgumentException("resnet: blocks, widths and the stem's channels must each be at least 1");
        if (Groups < 1 || GroupWidth < 1 || RunningStages is < 1 or > 4)
            throw new ArgumentException("resnet: groups and their width must be at least 1, and 1 to 4 stages run");
        if (!Bottlenecks && (Groups > 1 || GroupWidth != PlainGroupWidth))
            throw new SettingException("groups",
                "resnet: groups and their width are for Bottlenecks; remove them, or set block: bottleneck");
        foreach (var width in Widths)
            if (Inner(width) < 1 || Inner(width) % Groups != 0)
                throw new SettingException("group_width",
                    $"resnet: a width of {width} gives {Inner(width)} channels in {Groups} groups; a multiple of the groups was wanted");
        if (OutputStride is not (8 or 16 or 32))
            throw new ArgumentException($"resnet: output stride {OutputStride}; 8, 16 or 32 was wanted");
    }
}

/// <summary>
/// The backbone: images [N, C, H, W], C = 3 as a rule, to five feature maps: the stem's at stride 2, the four stages' at strides 4, 8, 16,
/// 32 unless dilated.
/// </summary>
public sealed class ResNet : Backbone
{
    readonly Net? conv1;
    readonly BatchNorm2d? bn1;
    readonly Sequential? stem;
    readonly Sequential[] stages;
    readonly int stride, inChannels, running;

    /// <summary>
    /// Builds it directly at its place: the classifier has no name for it, segmentation networks have <c>backbone</c> or <c>encoder</c>.
    /// </summary>
    /// <exception cref="ArgumentException">Numbers that do not fit each other, or an attention module that does not fit a
    /// block.</exception>
    public ResNet(Weights w, ResNetConfig config) : base(w)
    {
        config.Check();
        (stride, inChannels, running) = (config.OutputStride, config.InChannels, config.RunningStages);
        Channels = config.Channels;
        if (config.NumberedStem)
            stem = NumberedStem(w / "stem", config);
        else
        {
            conv1 = config.DeepStem ? DeepStem(w / "conv1", config)
                : new Conv2d(w / "conv1", inChannels, config.StemChannels, kernel: 7, stride: 2);
            bn1 = new(w / "bn1", Channels[0], momentum: config.Momentum);
        }
        stages = new Sequential[4];
        var (reached, dilation) = (4, 1);
        for (var s = 0; s < stages.Length; s++)
        {
            var wanted = s == 0 ? 1 : 2;
            var strided = reached * wanted <= stride;
            stages[s] = Stage(w / $"layer{s + 1}", config, s, strided ? wanted : 1,
                strided || !config.DilatesFirstBlock ? dilation : dilation * wanted, strided ? dilation : dilation * wanted);
            (reached, dilation) = strided ? (reached * wanted, dilation) : (reached, dilation * wanted);
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<int> Channels { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<int> Ends { get; } = [0, 1, 2, 3, 4];

    /// <summary>
    /// The authors' initial values: every convolution He's normal by fan-out; batch norms stay 1 and 0, attention modules keep their own.
    /// </summary>
    public override void InitialiseAsPublished()
    {
        foreach (var (name, tensor) in Weights.Parameters)
            if (tensor.Dimensions == 4 && !name.Contains(".deattn.", StringComparison.Ordinal))
                Init.KaimingNormal(tensor);
    }

    /// <inheritdoc/>
    protected override Tensor[] Forward(Tensor x)
    {
        Check(x);
        var maps = new Tensor[running + 1];
        maps[0] = stem is null ? x.Apply(conv1!).NormRelu(bn1!) : x.Apply(stem);                             // [N, 64, H/2, W/2]
        x = Aten.MaxPool2d(maps[0], [3, 3], [2, 2], [1, 1]);                    // [N, 64, H/4, W/4]
        for (var s = 0; s < running; s++)
            maps[s + 1] = x = x.Apply(stages[s]);
        return maps;
    }

    static Sequential Stage(Weights w, ResNetConfig config, int stage, int stride, int firstDilation, int dilation)
    {
        var cin = config.Channels[stage];
        var cout = config.Channels[stage + 1];
        Net Block(Weights p, int b)
        {
            var (from, step, spread) = b == 0 ? (cin, stride, firstDilation) : (cout, 1, dilation);
            return config.Bottlenecks
                ? new Bottleneck(p, from, config.Widths[stage], step, config.Momentum, spread, config.Attention,
                    config.Groups, config.Inner(config.Widths[stage]))
                : new BasicBlock(p, from, cout, step, config.Attention, config.Momentum, spread,
                    config.DilatesSecondConvolution ? spread : 1);
        }
        return new Sequential(w, [.. Enumerable.Range(0, config.Blocks[stage]).Select(b => (Func<Weights, Net>)(p => Block(p, b)))]);
    }

    static Sequential NumberedStem(Weights w, ResNetConfig config)
    {
        var (width, half) = (config.StemChannels, Math.Max(config.StemChannels / 2, 1));
        return new Sequential(w,
            p => new Conv2d(p, config.InChannels, half, kernel: 3, stride: 2),
            p => new BatchNorm2d(p, half, momentum: config.Momentum),
            p => new ReLU(p),
            p => new Conv2d(p, half, half, kernel: 3),
            p => new BatchNorm2d(p, half, momentum: config.Momentum),
            p => new ReLU(p),
            p => new Conv2d(p, half, width, kernel: 3),
            p => new BatchNorm2d(p, width, momentum: config.Momentum),
            p => new ReLU(p));
    }

    static Sequential DeepStem(Weights w, ResNetConfig config)
    {
        var width = config.StemChannels;
        return new Sequential(w,
            p => new Conv2d(p, config.InChannels, width, kernel: 3, stride: 2),
            p => new BatchNorm2d(p, width, momentum: config.Momentum),
            p => new ReLU(p),
            p => new Conv2d(p, width, width, kernel: 3),
            p => new BatchNorm2d(p, width, momentum: config.Momentum),
            p => new ReLU(p),
            p => new Conv2d(p, width, 2 * width, kernel: 3));
    }

    void Check(Tensor image)
    {
        if (image.Dimensions != 4 || image.Size(1) != inChannels)
            throw new ArgumentException($"{(Weights / "conv1").Path}: {image} was given; images [N, {inChannels}, H, W] were wanted");
        var (height, width) = (image.Size(2), image.Size(3));
        if (height < stride || width < stride)
            throw new SmallImageException((Weights / "layer4").Path, height, width, "the last stage", stride);
    }
}
