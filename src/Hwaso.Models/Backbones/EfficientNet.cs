// Tan and Le, "EfficientNet: rethinking model scaling for convolutional neural networks", ICML 2019.
// Structure and key names follow torchvision (models/efficientnet.py), whose `features` this is.
// Deviations: dilation in place of strides is an option that the original does not have; as in ResNet, a stage's first block keeps the
// dilation so far and the rest double it.
using Hwaso.Models.Attention;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>What distinguishes one EfficientNet from another; the named sizes are the paper's. Tan and Le, ICML 2019.</summary>
public sealed record EfficientNetConfig
{
    /// <summary>The settings of the section <c>efficientnet</c>.</summary>
    public static Settings<EfficientNetConfig> Settings { get; } = new Settings<EfficientNetConfig>()
        .Int("stem_channels", c => c.StemChannels, (c, v) => c with { StemChannels = v }, 1, "channels of the first convolution; 32")
        .Add(new EfficientNetStages())
        .Int("head_channels", c => c.HeadChannels, (c, v) => c with { HeadChannels = v }, 1,
            "channels of the last convolution; four times the last stage's")
        .Number("dropout", c => c.Dropout, (c, v) => c with { Dropout = v }, 0,
            "probability with which an element is dropped before the classifier; 0.2 in the smallest", max: 1)
        .Number("stochastic_depth", c => c.StochasticDepth, (c, v) => c with { StochasticDepth = v }, 0,
            "probability with which the last block is skipped for an image in training, rising from 0 at the first; 0.2", max: 1)
        .Number("bn_eps", c => c.Epsilon, (c, v) => c with { Epsilon = v }, 0,
            "batch norm's addition to the variance; 0.00001, from b5 on 0.001", aboveMin: true)
        .Int("output_stride", c => c.OutputStride, (c, v) => c with { OutputStride = v }, 2,
            "pixels of the image to one of the last stage, by dilation; 8 under a SANet", among: [2, 4, 8, 16, 32])
        .Require(c => c.Check());

    const int Divisor = 8;

    /// <summary>Channels of the first convolution.</summary>
    public int StemChannels { get; init; } = 32;

    /// <summary>The rows of the table.</summary>
    public required ValueList<EfficientNetStage> Stages { get; init; }

    /// <summary>Channels of the last convolution; null for four times the last stage's.</summary>
    public int? HeadChannels { get; init; }

    /// <summary>Probability with which an element is dropped before the classifier, in training.</summary>
    public double Dropout { get; init; } = 0.2;

    /// <summary>Probability with which the last block would be skipped, in training; it rises linearly from 0 at the first.</summary>
    public double StochasticDepth { get; init; } = 0.2;

    /// <summary>Batch norm's addition to the variance.</summary>
    public double Epsilon { get; init; } = 1e-5;

    /// <summary>Batch norm's momentum.</summary>
    public double Momentum { get; init; } = 0.1;

    /// <summary>
    /// Pixels of the image, each way, to one of the last stage: that of the strides, or less with dilated convolutions instead.
    /// </summary>
    public int OutputStride { get; init; } = 32;

    /// <summary>Channels of the images, at least 1.</summary>
    public int InChannels { get; init; } = 3;

    /// <summary>The stem's channels, each stage's, the last convolution's.</summary>
    public IReadOnlyList<int> Channels => [StemChannels, .. Stages.Select(s => s.Channels), HeadChannels ?? 4 * Stages[^1].Channels];

    /// <summary>Every named size, smallest first.</summary>
    public static IReadOnlyList<(string Name, EfficientNetConfig Config)> Sizes =>
        [("b0", B0), ("b1", B1), ("b2", B2), ("b3", B3), ("b4", B4), ("b5", B5), ("b6", B6), ("b7", B7)];

    /// <summary>b0: the paper's baseline.</summary>
    public static EfficientNetConfig B0 => Scaled(1.0, 1.0, 0.2);

    /// <summary>b1, for images of 240 pixels.</summary>
    public static EfficientNetConfig B1 => Scaled(1.0, 1.1, 0.2);

    /// <summary>b2, for images of 260 pixels.</summary>
    public static EfficientNetConfig B2 => Scaled(1.1, 1.2, 0.3);

    /// <summary>b3, for images of 300 pixels.</summary>
    public static EfficientNetConfig B3 => Scaled(1.2, 1.4, 0.3);

    /// <summary>b4, for images of 380 pixels.</summary>
    public static EfficientNetConfig B4 => Scaled(1.4, 1.8, 0.4);

    /// <summary>b5, for images of 456 pixels.</summary>
    public static EfficientNetConfig B5 => Large(1.6, 2.2, 0.4);

    /// <summary>b6, for images of 528 pixels.</summary>
    public static EfficientNetConfig B6 => Large(1.8, 2.6, 0.5);

    /// <summary>b7, for images of 600 pixels.</summary>
    public static EfficientNetConfig B7 => Large(2.0, 3.1, 0.5);

    /// <summary>
    /// The baseline, wider and deeper by two factors: channels to the nearest multiple of 8 that is not a tenth less, blocks rounded up.
    /// </summary>
    public static EfficientNetConfig Scaled(double width, double depth, double dropout)
    {
        EfficientNetStage Stage(int expand, int kernel, int stride, int channels, int layers) =>
            new(expand, kernel, stride, Divisible(channels * width), (int)Math.Ceiling(layers * depth));
        return new EfficientNetConfig
        {
            StemChannels = Divisible(32 * width),
            Stages =
            [
                Stage(1, 3, 1, 16, 1), Stage(6, 3, 2, 24, 2), Stage(6, 5, 2, 40, 2), Stage(6, 3, 2, 80, 3),
                Stage(6, 5, 1, 112, 3), Stage(6, 5, 2, 192, 4), Stage(6, 3, 1, 320, 1),
            ],
            Dropout = dropout,
        };
    }

    /// <summary>The nearest multiple of 8, at least 8 and not a tenth less than the number.</summary>
    public static int Divisible(double channels)
    {
        var nearest = Math.Max(Divisor, (int)(channels + Divisor / 2) / Divisor * Divisor);
        return nearest < 0.9 * channels ? nearest + Divisor : nearest;
    }

    /// <summary>Checks that the numbers fit each other.</summary>
    /// <exception cref="ArgumentException">No stage, a count below 1, an even kernel, a stride of neither 1 nor 2, or an output stride that
    /// is no power of two from 2.</exception>
    public void Check()
    {
        if (Stages.Count < 1 || StemChannels < 1 || HeadChannels < 1)
            throw new ArgumentException(
                $"efficientnet: {Stages.Count} stages, {StemChannels} "
                + "channels in the stem; at least 1 of each was wanted");
        for (var s = 0; s < Stages.Count; s++)
        {
            var stage = Stages[s];
            if (stage.Kernel < 1 || stage.Kernel % 2 == 0)
                throw Wrong("kernels", $"a kernel of {stage.Kernel}; an odd number was wanted, such as 3 or 5");
            if (stage.Stride is not (1 or 2))
                throw Wrong("strides", $"a stride of {stage.Stride}; 1 or 2 was wanted");
            foreach (var (key, value) in new[] { ("expand", stage.Expand), ("channels", stage.Channels), ("layers", stage.Layers) })
                if (value < 1)
                    throw Wrong(key, $"{value} {key}; at least 1 was wanted");

            SettingException Wrong(string key, string problem) => new(key, $"efficientnet, stage {s + 1}: {problem}");
        }
        if (OutputStride < 2 || !int.IsPow2(OutputStride))
            throw new ArgumentException($"efficientnet: output stride {OutputStride}; 2, 4, 8, 16 or 32 was wanted");
    }

    // torchvision's larger ones came from TensorFlow, and with them its batch norm.
    static EfficientNetConfig Large(double width, double depth, double dropout) =>
        Scaled(width, depth, dropout) with { Epsilon = 1e-3, Momentum = 0.01 };
}

/// <summary>One row of the paper's table: so many blocks of one shape.</summary>
/// <param name="Expand">Width inside a block, in widths of its input.</param>
/// <param name="Kernel">Side of the depthwise kernel.</param>
/// <param name="Stride">Step of the first block, 1 or 2.</param>
/// <param name="Channels">Output channels.</param>
/// <param name="Layers">Blocks.</param>
public sealed record EfficientNetStage(int Expand, int Kernel, int Stride, int Channels, int Layers);

/// <summary>
/// The rows of the table as five settings, a list with a value a stage each. All five together can have any number of stages.
/// </summary>
sealed class EfficientNetStages : Setting<EfficientNetConfig>
{
    static readonly (string Key, Func<EfficientNetStage, int> Get, Func<EfficientNetStage, int, EfficientNetStage> Set, string Meaning)[]
        columns =
    [
        ("expand", s => s.Expand, (s, v) => s with { Expand = v },
            "width inside each stage's blocks, in widths of their input; with a family required, as are the next four"),
        ("kernels", s => s.Kernel, (s, v) => s with { Kernel = v }, "side of its depthwise kernels, odd"),
        ("strides", s => s.Stride, (s, v) => s with { Stride = v }, "step of its first block, 1 or 2"),
        ("channels", s => s.Channels, (s, v) => s with { Channels = v }, "output channels"),
        ("layers", s => s.Layers, (s, v) => s with { Layers = v }, "blocks"),
    ];

    public override IEnumerable<SettingDescription> Descriptions =>
        columns.Select(column => new SettingDescription(column.Key, "list, one a stage", column.Meaning));

    public override EfficientNetConfig Read(EfficientNetConfig config, YamlMap map, string? because)
    {
        var given = columns.Where(column => map.Has(column.Key)).ToArray();
        if (because is not null && given.Length < columns.Length)
            throw map.Missing(string.Join(", ", columns.Select(column => column.Key)), $"each a list with a value a stage{because}");
        EfficientNetStage[] stages = [.. config.Stages];
        for (var k = 0; k < given.Length; k++)
        {
            var values = map[given[k].Key].Ints(min: 1)!;
            // With every list given, the first says how many stages there are, not the named network.
            if (k == 0 && given.Length == columns.Length)
                stages = [.. values.Select(_ => new EfficientNetStage(1, 1, 1, 1, 1))];
            if (values.Count != stages.Length)
                throw map[given[k].Key].Node!.Error($"{values.Count} values for {stages.Length} stages; one a stage was wanted");
            stages = [.. stages.Select((stage, s) => given[k].Set(stage, values[s]))];
        }
        return config with { Stages = [.. stages] };
    }

    public override void Write(EfficientNetConfig config, YamlMap? given, YamlWriter yaml)
    {
        foreach (var column in columns.Where(column => given is null || given.Has(column.Key)))
            yaml.Numbers(column.Key, config.Stages.Select(stage => (double)column.Get(stage)));
    }

    public override void Sample(Random random, YamlWriter yaml, bool whole)
    {
        if (!whole && random.Next(2) == 0)
            return;
        var count = random.Next(1, 9);
        foreach (var column in columns)
            yaml.Numbers(column.Key, Enumerable.Range(0, count).Select(_ => (double)random.Next(1, 999)));
    }
}

/// <summary>
/// The backbone: images [N, C, H, W], C = 3 as a rule, to the stem's feature map at stride 2, each stage's, and the last convolution's.
/// </summary>
public sealed class EfficientNet : Backbone
{
    readonly Sequential[] features;
    readonly int stride, inChannels;

    /// <summary>Builds it directly at its place: the classifier has <c>features</c> there.</summary>
    /// <exception cref="ArgumentException">Numbers that do not fit each other.</exception>
    public EfficientNet(Weights w, EfficientNetConfig config) : base(w)
    {
        config.Check();
        (Channels, inChannels) = (config.Channels, config.InChannels);
        stride = Math.Min(config.OutputStride, config.Stages.Aggregate(2, (reached, s) => reached * s.Stride));
        features = new Sequential[Channels.Count];
        features[0] = ConvolutionNorm.Build(w / 0, config, inChannels, config.StemChannels, kernel: 3, stride: 2);
        var (blocks, total) = (0, config.Stages.Sum(s => s.Layers));
        var (reached, dilation) = (2, 1);
        for (var s = 0; s < config.Stages.Count; s++)
        {
            var (stage, cin) = (config.Stages[s], Channels[s]);
            var strided = reached * stage.Stride <= config.OutputStride;
            var (step, first, rest) = strided ? (stage.Stride, dilation, dilation) : (1, dilation, dilation * stage.Stride);
            (reached, dilation) = (reached * step, rest);
            var before = blocks;
            InvertedBottleneck Block(Weights p, int block) => new(
                p, config, stage, block == 0 ? cin : stage.Channels, block == 0 ? step : 1, block == 0 ? first : rest,
                config.StochasticDepth * (before + block) / total);
            features[s + 1] = new(w / (s + 1), [.. Enumerable.Range(0, stage.Layers).Select(k => (Func<Weights, Net>)(p => Block(p, k)))]);
            blocks += stage.Layers;
        }
        features[^1] = ConvolutionNorm.Build(w / (features.Length - 1), config, Channels[^2], Channels[^1], kernel: 1);
        // Where the next stage halves, and the end.
        Ends = [.. Enumerable.Range(1, config.Stages.Count - 1).Where(s => config.Stages[s].Stride == 2), features.Length - 1];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<int> Channels { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<int> Ends { get; }

    /// <inheritdoc/>
    public override void InitialiseAsPublished()
    {
        foreach (var (name, tensor) in Weights.Parameters)
            if (tensor.Dimensions == 4)
                Init.KaimingNormal(tensor);
            else if (name.Contains(".fc", StringComparison.Ordinal))
                Init.Constant(tensor, 0);
    }

    /// <inheritdoc/>
    protected override Tensor[] Forward(Tensor x)
    {
        if (x.Dimensions != 4 || x.Size(1) != inChannels)
            throw new ArgumentException($"{(Weights / 0 / 0).Path}: {x} was given; images [N, {inChannels}, H, W] were wanted");
        if (x.Size(2) < stride || x.Size(3) < stride)
            throw new SmallImageException((Weights / (features.Length - 1)).Path, x.Size(2), x.Size(3), "the last stage", stride);
        var maps = new Tensor[features.Length];
        for (var f = 0; f < features.Length; f++)
            maps[f] = x = x.Apply(features[f]);
        return maps;
    }
}

// Sandler et al., "MobileNetV2", CVPR 2018, with squeeze-and-excitation (Hu et al., CVPR 2018) as EfficientNets have it: torchvision's
// MBConv.
/// <summary>
/// 1×1 convolution to more channels, depthwise convolution, squeeze-and-excitation, 1×1 convolution to fewer; a shortcut where shapes
/// allow.
/// </summary>
public sealed class InvertedBottleneck : Net
{
    const int Squeeze = 4;

    readonly Sequential block;
    readonly StochasticDepth? stochastic_depth;

    /// <summary>Builds one block of a stage.</summary>
    /// <param name="w">Its place.</param>
    /// <param name="config">Batch norm's numbers.</param>
    /// <param name="stage">Expansion, kernel and output channels.</param>
    /// <param name="cin">Input channels.</param>
    /// <param name="stride">Step.</param>
    /// <param name="dilation">Distance of the depthwise kernel's points.</param>
    /// <param name="skip">Probability with which the block is skipped in training, where it has a shortcut.</param>
    public InvertedBottleneck(Weights w, EfficientNetConfig config, EfficientNetStage stage, int cin, int stride, int dilation, double skip)
        : base(w)
    {
        var wide = EfficientNetConfig.Divisible(cin * stage.Expand);
        var parts = new List<Func<Weights, Net>>();
        if (wide != cin)
            parts.Add(p => ConvolutionNorm.Build(p, config, cin, wide, kernel: 1));
        parts.Add(p => ConvolutionNorm.Build(p, config, wide, wide, stage.Kernel, stride, dilation, groups: wide));
        parts.Add(p => new SqueezeExcitationNet(p, wide, Math.Max(1, cin / Squeeze), static x => Aten.Silu(x)));
        parts.Add(p => ConvolutionNorm.Build(p, config, wide, stage.Channels, kernel: 1, activation: false));
        block = new(w / "block", [.. parts]);
        stochastic_depth = stride == 1 && cin == stage.Channels ? new(w / "stochastic_depth", skip) : null;
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x)
    {
        var y = x.Apply(block);
        return stochastic_depth is null ? y : y.Apply(stochastic_depth) + x;
    }
}

/// <summary>A convolution, batch norm and, unless it is the last of a block, SiLU, as EfficientNets have them.</summary>
static class ConvolutionNorm
{
    public static Sequential Build(Weights w, EfficientNetConfig config, int cin, int cout, int kernel, int stride = 1, int dilation = 1,
        int groups = 1, bool activation = true)
    {
        Func<Weights, Net> convolution = p => new Conv2d(p, cin, cout, kernel, stride, dilation: dilation, groups: groups);
        Func<Weights, Net> norm = p => new BatchNorm2d(p, cout, config.Epsilon, config.Momentum);
        return activation ? new Sequential(w, convolution, norm, p => new SiLU(p)) : new Sequential(w, convolution, norm);
    }
}
