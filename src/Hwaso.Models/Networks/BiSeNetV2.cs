// Yu et al., "BiSeNet V2: bilateral network with guided aggregation for real-time semantic segmentation", IJCV 2021. Structure and key
// names follow CoinCheung's code (lib/models/bisenetv2.py), whose weights people use. Deviations: logits stay at their strides; maps are
// enlarged to the size of the maps they are added to, so an image's sides can have any length.
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>What distinguishes one BiSeNetV2 from another.</summary>
public sealed record BiSeNetV2Config
{
    /// <summary>The settings of the section <c>bilateral</c>.</summary>
    public static Settings<BiSeNetV2Config> Settings { get; } = new Settings<BiSeNetV2Config>()
        .Int("head_channels", c => c.HeadChannels, (c, v) => c with { HeadChannels = v }, 1,
            "channels between the convolutions of a `bisenetv2`'s head; 1024")
        .Int("auxiliary_channels", c => c.AuxiliaryChannels, (c, v) => c with { AuxiliaryChannels = v }, 1,
            "channels of its heads that learn beside; 128")
        .Number("dropout", c => c.Dropout, (c, v) => c with { Dropout = v }, 0,
            "probability with which it drops an element before a classifier; 0.1", max: 1);

    /// <summary>Channels between the head's convolutions.</summary>
    public int HeadChannels { get; init; } = 1024;

    /// <summary>Channels of the first convolution of each auxiliary head.</summary>
    public int AuxiliaryChannels { get; init; } = 128;

    /// <summary>Probability with which an element is dropped before a classifier, in training.</summary>
    public double Dropout { get; init; } = 0.1;

    /// <summary>Whether four heads learn beside.</summary>
    public bool Auxiliary { get; init; } = true;

    /// <summary>Channels of the images, at least 1.</summary>
    public int InChannels { get; init; } = 3;
}

/// <summary>The network of the paper: <c>bisenetv2</c>.</summary>
public sealed record BiSeNetV2Definition : SegmentationDefinition
{
    static readonly Settings<ModelDefinition> settings = new Settings<BiSeNetV2Definition>()
        .Flag("auxiliary", d => d.Config.Auxiliary, (d, v) => d with { Config = d.Config with { Auxiliary = v } },
            "whether heads learn beside")
        .Section("bilateral", d => d.Config, (d, v) => d with { Config = v }, BiSeNetV2Config.Settings)
        .Of<ModelDefinition>();

    /// <summary>The one with a name, and a recipe's.</summary>
    public static NetworkFamily Family { get; } = new([Named("bisenetv2")], Named("bisenetv2"));

    /// <summary>Its widths.</summary>
    public BiSeNetV2Config Config { get; init; } = new();

    /// <inheritdoc/>
    public override int PublishedClasses { get; init; } = 19;

    /// <inheritdoc/>
    public override int InChannels
    {
        get => Config.InChannels;
        init => Config = Config with { InChannels = value };
    }

    /// <inheritdoc/>
    public override Settings<ModelDefinition> Settings => settings;

    /// <inheritdoc/>
    public override SegmentationDefinition Deployed => this with { Config = Config with { Auxiliary = false } };

    /// <inheritdoc/>
    public override SegmentationNet Build(Weights w, int classes) => new BiSeNetV2(w, Config, classes);

    static BiSeNetV2Definition Named(string name) => new() { Name = name, Description = "BiSeNetV2", PublishedSize = (512, 1024) };
}

/// <summary>A path of details at stride 8 and one of meaning at stride 32, each weighted by the other: logits at stride 8.</summary>
public sealed class BiSeNetV2 : SegmentationNet, ISeveralOutputs, IAuxiliaryWeight
{
    const int Least = 32;

    readonly BilateralDetail detail;
    readonly BilateralSegment segment;
    readonly GuidedAggregation bga;
    readonly BilateralHead head;
    readonly BilateralHead[] auxiliary;

    /// <summary>Builds the network.</summary>
    /// <exception cref="ArgumentException">A number below 1.</exception>
    public BiSeNetV2(Weights w, BiSeNetV2Config config, int classes) : base(w, classes, alignCorners: false)
    {
        detail = new(w / "detail", config.InChannels);
        segment = new(w / "segment", config.InChannels);
        bga = new(w / "bga", BilateralSegment.Widths[^1]);
        head = new(w / "head", BilateralSegment.Widths[^1], config.HeadChannels, classes, config.Dropout, between: null);
        // As many channels between as the factor by which the released head enlarges its logits, squared.
        auxiliary = config.Auxiliary
            ? [.. BilateralSegment.Widths.Select((width, k) => new BilateralHead(
                w / Names[k], width, config.AuxiliaryChannels, classes, config.Dropout, between: (4 << k) * (4 << k)))]
            : [];
    }

    /// <inheritdoc/>
    public double AuxiliaryWeight => 1;

    /// <inheritdoc/>
    public bool AuxiliaryIsLikeAnswer => true;

    /// <inheritdoc/>
    public IReadOnlyList<string> OutputNames => auxiliary.Length == 0 ? [""] : [.. Names, ""];

    /// <inheritdoc/>
    public override IReadOnlyList<string> HeadPaths => ["head", .. Names];

    static string[] Names => ["aux2", "aux3", "aux4", "aux5_4"];

    /// <summary>Convolutions He's normal by fan-out; the last norm of each gather-and-expansion layer 0.</summary>
    public override void InitialiseAsPublished()
    {
        foreach (var (name, tensor) in Weights.Parameters)
            if (tensor.Dimensions == 4)
                Init.KaimingNormal(tensor);
            else if (name.EndsWith(".bias", StringComparison.Ordinal) && name.Contains("conv_out.1.", StringComparison.Ordinal)
                || name.StartsWith("segment.S", StringComparison.Ordinal) && name.EndsWith(".conv2.1.weight", StringComparison.Ordinal))
                Init.Constant(tensor, 0);
    }

    /// <inheritdoc/>
    public Tensor[] Outputs(Tensor image)
    {
        var maps = Segment(image);
        return [.. auxiliary.Select((own, k) => maps[k].Apply(own)), Answer(image, maps)];
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => Answer(x, Segment(x));

    Tensor[] Segment(Tensor image)
    {
        if (image.Size(2) < Least || image.Size(3) < Least)
            throw new SmallImageException(Path, image.Size(2), image.Size(3), "the last stage", Least);
        return image.Apply(segment);
    }

    Tensor Answer(Tensor image, Tensor[] maps) => new[] { image.Apply(detail), maps[^1] }.Apply(bga).Apply(head);
}

/// <summary>Wide and shallow: [N, C, H, W] to [N, 128, H/8, W/8].</summary>
sealed class BilateralDetail : Net
{
    readonly ConvModule[] layers;

    public BilateralDetail(Weights w, int inChannels) : base(w)
    {
        (string Stage, int Number, int From, int To)[] rows =
        [
            ("S1", 0, inChannels, 64), ("S1", 1, 64, 64), ("S2", 0, 64, 64), ("S2", 1, 64, 64), ("S2", 2, 64, 64),
            ("S3", 0, 64, 128), ("S3", 1, 128, 128), ("S3", 2, 128, 128),
        ];
        layers = [.. rows.Select(r => new ConvModule(w / r.Stage / r.Number, r.From, r.To, kernel: 3, stride: r.Number == 0 ? 2 : 1))];
    }

    protected override Tensor Forward(Tensor x) => layers.Aggregate(x, (y, layer) => y.Apply(layer));
}

/// <summary>Narrow and deep: five maps at strides 4, 8, 16, 32 and, with the image's average, 32.</summary>
sealed class BilateralSegment : Net<Tensor, Tensor[]>
{
    readonly ConvModule conv, fuse, conv_gap, conv_last;
    readonly ConvModule[] left;
    readonly Net[][] stages;
    readonly BatchNorm2d bn;

    /// <summary>Channels of the first four maps.</summary>
    public static int[] Widths => [16, 32, 64, 128];

    public BilateralSegment(Weights w, int inChannels) : base(w)
    {
        var (stem, width, last) = (w / "S1S2", Widths[0], Widths[^1]);
        conv = new(stem / "conv", inChannels, width, kernel: 3, stride: 2);
        left = [new(stem / "left" / 0, width, width / 2, kernel: 1), new(stem / "left" / 1, width / 2, width, kernel: 3, stride: 2)];
        fuse = new(stem / "fuse", 2 * width, width, kernel: 3);
        stages = [Stage(w / "S3", 0, 2), Stage(w / "S4", 1, 2), Stage(w / "S5_4", 2, 4)];
        var context = w / "S5_5";
        bn = new(context / "bn", last);
        conv_gap = new(context / "conv_gap", last, last, kernel: 1);
        conv_last = new(context / "conv_last", last, last, kernel: 3);
    }

    protected override Tensor[] Forward(Tensor x)
    {
        x = x.Apply(conv);
        x = Tensor.Concat([x.Apply(left[0]).Apply(left[1]), Aten.MaxPool2d(x, [3, 3], [2, 2], [1, 1])], 1).Apply(fuse);
        var maps = new List<Tensor> { x };
        foreach (var stage in stages)
        {
            foreach (var layer in stage)
                x = x.Apply(layer);
            maps.Add(x);
        }
        maps.Add((x.Mean([2, 3], keep: true).Apply(bn).Apply(conv_gap) + x).Apply(conv_last));
        return [.. maps];
    }

    static Net[] Stage(Weights w, int from, int layers) => [.. Enumerable.Range(0, layers).Select(k => k == 0
        ? (Net)new StridedExpansion(w / k, Widths[from], Widths[from + 1]) : new Expansion(w / k, Widths[from + 1]))];
}

/// <summary>
/// A gather-and-expansion layer: 3×3, a depthwise convolution to six times the channels, 1×1 back, and a shortcut. Fig. 5 b.
/// </summary>
sealed class Expansion(Weights w, int width) : Net(w)
{
    /// <summary>Channels inside a layer over those of its input.</summary>
    public const int Wider = 6;

    readonly ConvModule conv1 = new(w / "conv1", width, width, kernel: 3);
    readonly Sequential dwconv = new(w / "dwconv",
        p => new Conv2d(p, width, Wider * width, kernel: 3, groups: width),
        p => new BatchNorm2d(p, Wider * width),
        p => new ReLU(p));
    readonly Sequential conv2 = new(w / "conv2", p => new Conv2d(p, Wider * width, width, kernel: 1), p => new BatchNorm2d(p, width));

    protected override Tensor Forward(Tensor x) => (x + x.Apply(conv1).Apply(dwconv).Apply(conv2)).Relu();
}

/// <summary>The same at half the size, with two depthwise convolutions and a separable one as shortcut. Fig. 5 c.</summary>
sealed class StridedExpansion(Weights w, int cin, int cout) : Net(w)
{
    readonly ConvModule conv1 = new(w / "conv1", cin, cin, kernel: 3);
    readonly Sequential dwconv1 = new(w / "dwconv1",
        p => new Conv2d(p, cin, Expansion.Wider * cin, kernel: 3, stride: 2, groups: cin),
        p => new BatchNorm2d(p, Expansion.Wider * cin));
    readonly Sequential dwconv2 = new(w / "dwconv2",
        p => new Conv2d(p, Expansion.Wider * cin, Expansion.Wider * cin, kernel: 3, groups: Expansion.Wider * cin),
        p => new BatchNorm2d(p, Expansion.Wider * cin),
        p => new ReLU(p));
    readonly Sequential conv2 = new(w / "conv2",
        p => new Conv2d(p, Expansion.Wider * cin, cout, kernel: 1),
        p => new BatchNorm2d(p, cout));
    readonly Sequential shortcut = new(w / "shortcut",
        p => new Conv2d(p, cin, cin, kernel: 3, stride: 2, groups: cin),
        p => new BatchNorm2d(p, cin),
        p => new Conv2d(p, cin, cout, kernel: 1),
        p => new BatchNorm2d(p, cout));

    protected override Tensor Forward(Tensor x) =>
        (x.Apply(conv1).Apply(dwconv1).Apply(dwconv2).Apply(conv2) + x.Apply(shortcut)).Relu();
}

/// <summary>Each path weighted by the other at both sizes, and their sum at the finer. Fig. 6.</summary>
sealed class GuidedAggregation(Weights w, int width) : Net<Tensor[], Tensor>(w)
{
    readonly Sequential left1 = Separable(w / "left1", width);
    readonly Sequential left2 = new(w / "left2", p => new Conv2d(p, width, width, kernel: 3, stride: 2), p => new BatchNorm2d(p, width));
    readonly Sequential right1 = new(w / "right1", p => new Conv2d(p, width, width, kernel: 3), p => new BatchNorm2d(p, width));
    readonly Sequential right2 = Separable(w / "right2", width);
    readonly Sequential conv = new(w / "conv",
        p => new Conv2d(p, width, width, kernel: 3),
        p => new BatchNorm2d(p, width),
        p => new ReLU(p));

    protected override Tensor Forward(Tensor[] detailAndSegment)
    {
        var (detail, segment) = (detailAndSegment[0], detailAndSegment[1]);
        var (height, width) = (detail.Size(2), detail.Size(3));
        var fine = detail.Apply(left1) * segment.Apply(right1).ResizeNearest(height, width).Sigmoid();
        var coarse = Aten.AvgPool2d(detail.Apply(left2), [3, 3], [2, 2], [1, 1]) * segment.Apply(right2).Sigmoid();
        return (fine + coarse.ResizeNearest(height, width)).Apply(conv);
    }

    static Sequential Separable(Weights w, int width) => new(w,
        p => new Conv2d(p, width, width, kernel: 3, groups: width),
        p => new BatchNorm2d(p, width),
        p => new Conv2d(p, width, width, kernel: 1));
}

/// <summary>A head: a 3×3 convolution, in auxiliary ones another at twice the size, and the classes.</summary>
sealed class BilateralHead : Net
{
    readonly ConvModule conv;
    readonly Dropout drop;
    readonly ConvModule? between;
    readonly Conv2d classifier;

    public BilateralHead(Weights w, int cin, int width, int classes, double dropout, int? between) : base(w)
    {
        conv = new(w / "conv", cin, width, kernel: 3);
        drop = new(w / "drop", dropout);
        this.between = between is { } channels ? new(w / "conv_out" / 0 / 1, width, channels, kernel: 3) : null;
        classifier = new(w / "conv_out" / 1, between ?? width, classes, kernel: 1, bias: true);
    }

    protected override Tensor Forward(Tensor x)
    {
        x = x.Apply(conv).Apply(drop);
        return (between is null ? x : x.ResizeNearest(2 * x.Size(2), 2 * x.Size(3)).Apply(between)).Apply(classifier);
    }
}
