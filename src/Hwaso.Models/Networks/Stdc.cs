// Fan et al., "Rethinking BiSeNet for real-time semantic segmentation", CVPR 2021. Structure and key names follow the authors' code
// (models/model_stages.py); of the two names that its files have for each tensor of the backbone, these are x2 to x32. Deviations: logits
// stay at their strides.
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>What distinguishes one STDC from another.</summary>
public sealed record StdcConfig
{
    const int Stages = 3;

    /// <summary>The settings of the section <c>stdc</c>.</summary>
    public static Settings<StdcConfig> Settings { get; } = new Settings<StdcConfig>()
        .Ints("blocks", c => c.Blocks, (c, v) => c with { Blocks = v }, 1,
            "blocks of an `stdc`'s three stages; 2, 2, 2 in `stdc1` and 4, 5, 3 in `stdc2`", count: Stages)
        .Int("width", c => c.Width, (c, v) => c with { Width = v }, 8, "channels at a quarter of the image's size, a multiple of 8; 64")
        .Ints("details", c => c.DetailStrides, (c, v) => c with { DetailStrides = v }, 2,
            "the strides at which an `stdc` learns details, of 2, 4 and 8; 8")
        .Require(c => c.Check());

    /// <summary>Blocks of each stage.</summary>
    public ValueList<int> Blocks { get; init; } = [2, 2, 2];

    /// <summary>Channels at stride 4, a multiple of 8; half as many at stride 2, and 4, 8 and 16 times as many behind.</summary>
    public int Width { get; init; } = 64;

    /// <summary>The strides whose maps learn details, of 2, 4 and 8; the released networks have weights for all.</summary>
    public ValueList<int> DetailStrides { get; init; } = [8];

    /// <summary>Whether heads learn beside, and the parts of a classifier of ImageNet that the authors' files hold are there.</summary>
    public bool Auxiliary { get; init; } = true;

    /// <summary>Channels of the images, at least 1.</summary>
    public int InChannels { get; init; } = 3;

    void Check()
    {
        if (Width % 8 != 0)
            throw new SettingException("width", $"{Width} is not a multiple of 8");
        if (DetailStrides.FirstOrDefault(s => s is not (2 or 4 or 8)) is not 0 and var other)
            throw new SettingException("details", $"{other} is none of 2, 4 and 8");
    }
}

/// <summary>The networks of the paper: <c>stdc1</c>, <c>stdc2</c>; by recipe <c>stdc</c>.</summary>
public sealed record StdcDefinition : SegmentationDefinition
{
    static readonly Settings<ModelDefinition> settings = new Settings<StdcDefinition>()
        .Flag("auxiliary", d => d.Config.Auxiliary, (d, v) => d with { Config = d.Config with { Auxiliary = v } },
            "whether heads learn beside")
        .Section("stdc", d => d.Config, (d, v) => d with { Config = v }, StdcConfig.Settings)
        .Of<ModelDefinition>();

    /// <summary>Every one with a name, and <c>stdc</c>.</summary>
    public static NetworkFamily Family { get; } = new(
        [Of("stdc1", new()), Of("stdc2", new() { Blocks = [4, 5, 3] })], Of("stdc", new()));

    /// <summary>Its sizes.</summary>
    public required StdcConfig Config { get; init; }

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
    public override SegmentationNet Build(Weights w, int classes) => new Stdc(w, Config, classes);

    static StdcDefinition Of(string name, StdcConfig config) => new()
    {
        Name = name,
        Description = "short-term dense concatenation network",
        Config = config,
        PublishedSize = (512, 1024),
    };
}

/// <summary>A backbone to stride 32, its context brought back to stride 8 and joined with the map there: logits at stride 8.</summary>
public sealed class Stdc : SegmentationNet, ILearnsEdges
{
    const int Least = 32, Middle = 128, Fused = 256, Narrow = 64;

    readonly StdcContext cp;
    readonly FeatureFusion ffm;
    readonly StdcHead conv_out;
    readonly StdcHead? conv_out16, conv_out32;
    readonly StdcHead[] details = [];
    readonly int[] strides;

    /// <summary>Builds the network.</summary>
    /// <exception cref="ArgumentException">A number below 1.</exception>
    public Stdc(Weights w, StdcConfig config, int classes) : base(w, classes, alignCorners: true)
    {
        strides = [.. config.DetailStrides];
        cp = new(w / "cp", config, Middle);
        ffm = new(w / "ffm", 4 * config.Width + Middle, Fused);
        conv_out = new(w / "conv_out", Fused, Fused, classes);
        if (!config.Auxiliary)
            return;
        conv_out16 = new(w / "conv_out16", Middle, Narrow, classes);
        conv_out32 = new(w / "conv_out32", Middle, Narrow, classes);
        // Coarsest first, as the authors' files have them; the first of them learns in none of their configurations.
        (int Stride, int Channels)[] maps = [(16, 8 * config.Width), (8, 4 * config.Width), (4, config.Width), (2, config.Width / 2)];
        details = [.. maps.Select(m => new StdcHead(w / $"conv_out_sp{m.Stride}", m.Channels, Narrow, 1))];
    }

    /// <summary>Logits from the contexts of strides 16 and 32, one logit a pixel for the details of each stride, and the answer.</summary>
    public IReadOnlyList<string> OutputNames =>
        conv_out16 is null ? [""] : ["aux16", "aux32", .. strides.Select(s => $"details{s}"), ""];

    /// <inheritdoc/>
    public EdgeKind? Edges => conv_out16 is null ? null : EdgeKind.Details;

    /// <inheritdoc/>
    public override IReadOnlyList<string> HeadPaths =>
        ["ffm", "conv_out", "conv_out16", "conv_out32", "conv_out_sp2", "conv_out_sp4", "conv_out_sp8", "conv_out_sp16"];

    /// <summary>The backbone's convolutions He's normal by fan-out, all others normal with variance 1 by fan-in.</summary>
    public override void InitialiseAsPublished()
    {
        foreach (var (name, tensor) in Weights.Parameters)
            if (tensor.Dimensions == 2)
                Init.Normal(tensor, 0.001);
            else if (tensor.Dimensions == 4 && name.StartsWith("cp.backbone.", StringComparison.Ordinal))
                Init.KaimingNormal(tensor);
            else if (tensor.Dimensions == 4)
                Init.Normal(tensor, 1 / Math.Sqrt(tensor.Elements / tensor.Size(0)));
    }

    /// <inheritdoc/>
    public Tensor[] Outputs(Tensor image)
    {
        var maps = Maps(image);
        if (conv_out16 is null)
            return [Answer(maps)];
        // The map at stride 2 is the first, the head for stride 2 the last.
        var learned = strides.Select(s => int.Log2(s) - 1).Select(k => maps[k].Apply(details[^(k + 1)]));
        return [maps[^2].Apply(conv_out16), maps[^1].Apply(conv_out32!), .. learned, Answer(maps)];
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => Answer(Maps(x));

    Tensor[] Maps(Tensor image)
    {
        if (image.Size(2) < Least || image.Size(3) < Least)
            throw new SmallImageException(Path, image.Size(2), image.Size(3), "the last stage", Least);
        return image.Apply(cp);
    }

    Tensor Answer(Tensor[] maps) => new[] { maps[2], maps[^2] }.Apply(ffm).Apply(conv_out);
}

/// <summary>Images to maps at strides 2, 4, 8 and 16, and the contexts at strides 8 and 16. Fig. 4.</summary>
sealed class StdcContext : Net<Tensor, Tensor[]>
{
    readonly StdcBackbone backbone;
    readonly AttentionRefinement arm16, arm32;
    readonly ConvModule conv_head32, conv_head16, conv_avg;

    public StdcContext(Weights w, StdcConfig config, int width) : base(w)
    {
        backbone = new(w / "backbone", config);
        arm16 = new(w / "arm16", 8 * config.Width, width);
        arm32 = new(w / "arm32", 16 * config.Width, width);
        conv_head32 = new(w / "conv_head32", width, width, kernel: 3, absolute: true);
        conv_head16 = new(w / "conv_head16", width, width, kernel: 3, absolute: true);
        conv_avg = new(w / "conv_avg", 16 * config.Width, width, kernel: 1, absolute: true);
    }

    protected override Tensor[] Forward(Tensor x)
    {
        var maps = x.Apply(backbone);
        var (third, fourth, last) = (maps[2], maps[3], maps[4]);
        var average = last.Mean([2, 3], keep: true).Apply(conv_avg);
        var coarse = (last.Apply(arm32) + average).ResizeNearest(fourth.Size(2), fourth.Size(3)).Apply(conv_head32);
        var fine = (fourth.Apply(arm16) + coarse).ResizeNearest(third.Size(2), third.Size(3)).Apply(conv_head16);
        return [maps[0], maps[1], third, fourth, fine, coarse];
    }
}

/// <summary>Images to five maps, each half the size of the one before.</summary>
sealed class StdcBackbone : Net<Tensor, Tensor[]>
{
    const int Classes = 1000;

    readonly Net[][] stages;

    public StdcBackbone(Weights w, StdcConfig config) : base(w)
    {
        var width = config.Width;
        if (config.Auxiliary)
            Classifier(w, 16 * width);
        var (number, channels) = (2, width);
        stages =
        [
            [new ConvModule(w / "x2" / 0 / 0, config.InChannels, width / 2, kernel: 3, stride: 2)],
            [new ConvModule(w / "x4" / 0 / 1, width / 2, width, kernel: 3, stride: 2)],
            .. config.Blocks.Select((blocks, stage) => Enumerable.Range(0, blocks).Select(block =>
            {
                var (from, to) = (channels, 4 * width << stage);
                channels = to;
                return (Net)new DenseConcatenation(w / $"x{8 << stage}" / 0 / number++, from, to, block == 0);
            }).ToArray()),
        ];
    }

    /// <summary>Of the classifier that the backbone was trained as; no part of segmentation.</summary>
    static void Classifier(Weights w, int channels)
    {
        _ = new ConvModule(w / "conv_last", channels, channels, kernel: 1);
        (w / "fc").Parameter("weight", [channels, channels]);
        _ = new BatchNorm2d(w / "bn", channels);
        (w / "linear").Parameter("weight", [Classes, channels]);
    }

    protected override Tensor[] Forward(Tensor x) => [.. stages.Select(stage => x = stage.Aggregate(x, (y, block) => y.Apply(block)))];
}

/// <summary>Four convolutions one behind the other, of which each has half the channels of the one before, concatenated. Fig. 3.</summary>
sealed class DenseConcatenation : Net
{
    readonly ConvModule[] conv_list;
    readonly Sequential? avd_layer;

    public DenseConcatenation(Weights w, int cin, int cout, bool halves) : base(w)
    {
        var list = w / "conv_list";
        conv_list =
        [
            new(list / 0, cin, cout / 2, kernel: 1), new(list / 1, cout / 2, cout / 4, kernel: 3),
            new(list / 2, cout / 4, cout / 8, kernel: 3), new(list / 3, cout / 8, cout / 8, kernel: 3),
        ];
        avd_layer = !halves ? null : new(w / "avd_layer",
            p => new Conv2d(p, cout / 2, cout / 2, kernel: 3, stride: 2, groups: cout / 2),
            p => new BatchNorm2d(p, cout / 2));
    }

    protected override Tensor Forward(Tensor x)
    {
        var first = x.Apply(conv_list[0]);
        var second = (avd_layer is null ? first : first.Apply(avd_layer)).Apply(conv_list[1]);
        var third = second.Apply(conv_list[2]);
        var kept = avd_layer is null ? first : Aten.AvgPool2d(first, [3, 3], [2, 2], [1, 1]);
        return Tensor.Concat([kept, second, third, third.Apply(conv_list[3])], 1);
    }
}

/// <summary>A 3×3 convolution whose channels are weighted by their averages.</summary>
sealed class AttentionRefinement(Weights w, int cin, int cout) : Net(w)
{
    readonly ConvModule conv = new(w / "conv", cin, cout, kernel: 3, absolute: true);
    readonly Conv2d conv_atten = new(w / "conv_atten", cout, cout, kernel: 1);
    readonly BatchNorm2d bn_atten = new(w / "bn_atten", cout, absolute: true);

    protected override Tensor Forward(Tensor x)
    {
        x = x.Apply(conv);
        return x * x.Mean([2, 3], keep: true).Apply(conv_atten).Apply(bn_atten).Sigmoid();
    }
}

/// <summary>Details and context joined, and their channels weighted by their averages: x + x · w.</summary>
sealed class FeatureFusion(Weights w, int cin, int cout) : Net<Tensor[], Tensor>(w)
{
    const int Reduction = 4;

    readonly ConvModule convblk = new(w / "convblk", cin, cout, kernel: 1, absolute: true);
    readonly Conv2d conv1 = new(w / "conv1", cout, cout / Reduction, kernel: 1);
    readonly Conv2d conv2 = new(w / "conv2", cout / Reduction, cout, kernel: 1);

    protected override Tensor Forward(Tensor[] maps)
    {
        var x = Tensor.Concat(maps, 1).Apply(convblk);
        return x * x.Mean([2, 3], keep: true).Apply(conv1).Relu().Apply(conv2).Sigmoid() + x;
    }
}

/// <summary>A 3×3 convolution and one of 1×1 to logits.</summary>
sealed class StdcHead(Weights w, int cin, int width, int classes) : Net(w)
{
    readonly ConvModule conv = new(w / "conv", cin, width, kernel: 3, absolute: true);
    readonly Conv2d conv_out = new(w / "conv_out", width, classes, kernel: 1);

    protected override Tensor Forward(Tensor x) => x.Apply(conv).Apply(conv_out);
}
