// Xu et al., "PIDNet: a real-time semantic segmentation network inspired by PID controllers", CVPR 2023. Structure and key names follow the
// authors' code (models/pidnet.py), whose ReLUs work in place: the auxiliary heads read rectified maps. Deviations: maps are resized to
// those that they join, so that sides need be no multiples of 8; logits stay at stride 8.
using Hwaso.Models.Attention;
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>What distinguishes one PIDNet from another.</summary>
public sealed record PidNetConfig
{
    /// <summary>The settings of the section <c>dual</c>.</summary>
    public static Settings<PidNetConfig> Settings { get; } = new Settings<PidNetConfig>()
        .Int("planes", c => c.Planes, (c, v) => c with { Planes = v }, 1, "channels of its first blocks")
        .Int("pooling_channels", c => c.PoolingChannels, (c, v) => c with { PoolingChannels = v }, 1, "channels of each scale")
        .Int("head_channels", c => c.HeadChannels, (c, v) => c with { HeadChannels = v }, 1, "channels inside its heads")
        .Int("fine_blocks", c => c.FineBlocks, (c, v) => c with { FineBlocks = v }, 1,
            "blocks of each fine stage of a `pidnet`; 2, 3 in `pidnet-l`")
        .Int("coarse_blocks", c => c.CoarseBlocks, (c, v) => c with { CoarseBlocks = v }, 1,
            "blocks of each coarse stage of a `pidnet`; 3, 4 in `pidnet-l`")
        .Flag("wide_details", c => c.WideDetails, (c, v) => c with { WideDetails = v },
            "whether a `pidnet`'s path of edges, pooling and fusion are those of `pidnet-l`; false");

    /// <summary>Channels of the first blocks; the later ones have multiples.</summary>
    public int Planes { get; init; } = 32;

    /// <summary>Channels of each scale that is pooled.</summary>
    public int PoolingChannels { get; init; } = 96;

    /// <summary>Channels between the convolutions of the heads.</summary>
    public int HeadChannels { get; init; } = 128;

    /// <summary>Blocks of each fine stage.</summary>
    public int FineBlocks { get; init; } = 2;

    /// <summary>Blocks of each coarse stage.</summary>
    public int CoarseBlocks { get; init; } = 3;

    /// <summary>Whether the path of edges, the pooling and the fusion are those of the large network.</summary>
    public bool WideDetails { get; init; }

    /// <summary>Whether heads for the fine map and for edges learn beside.</summary>
    public bool Auxiliary { get; init; } = true;

    /// <summary>How logits are brought to the image's size; maps inside are always resized without aligned corners.</summary>
    public bool AlignCorners { get; init; }

    /// <summary>Channels of the images, at least 1.</summary>
    public int InChannels { get; init; } = 3;

    /// <summary>The module in every BasicBlock; null for none.</summary>
    public AttentionModule? Attention { get; init; }
}

/// <summary>A PIDNet of three sizes: <c>pidnet-s</c>, <c>pidnet-m</c>, <c>pidnet-l</c>; by recipe <c>pidnet</c>.</summary>
public sealed record PidNetDefinition : SegmentationDefinition
{
    static readonly Settings<ModelDefinition> settings = new Settings<PidNetDefinition>()
        .Add(AttentionModule.Setting<PidNetDefinition>(
            d => d.Config.Attention, (d, v) => d with { Config = d.Config with { Attention = v } }))
        .AlignCorners(d => d.Config.AlignCorners, (d, v) => d with { Config = d.Config with { AlignCorners = v } })
        .Flag("auxiliary", d => d.Config.Auxiliary, (d, v) => d with { Config = d.Config with { Auxiliary = v } },
            "whether heads learn beside")
        .Section("dual", d => d.Config, (d, v) => d with { Config = v }, PidNetConfig.Settings)
        .Of<ModelDefinition>();

    /// <summary>Every one with a name, and <c>pidnet</c>.</summary>
    public static NetworkFamily Family { get; } = new(
    [
        Of("pidnet-s", "PIDNet", new()) with { PublishedParameters = 7_625_715 },
        Of("pidnet-m", "PIDNet", new() { Planes = 64 }) with { PublishedParameters = 28_538_515 },
        Of("pidnet-l", "PIDNet with the large network's fusion", new()
        {
            Planes = 64,
            PoolingChannels = 112,
            HeadChannels = 256,
            FineBlocks = 3,
            CoarseBlocks = 4,
            WideDetails = true,
        }) with { PublishedParameters = 36_939_571 },
    ],
    Of("pidnet", "PIDNet", new()));

    /// <summary>Its sizes.</summary>
    public required PidNetConfig Config { get; init; }

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
    public override SegmentationNet Build(Weights w, int classes) => new PidNet(w, Config, classes);

    static PidNetDefinition Of(string name, string description, PidNetConfig config) =>
        new() { Name = name, Description = description, Config = config, PublishedSize = (512, 1024) };
}

/// <summary>A fine path, a coarse one and one for edges, which decides where the other two are taken: logits at stride 8.</summary>
public sealed class PidNet : SegmentationNet, ILearnsEdges
{
    const int Least = 64;

    readonly Sequential conv1, layer1, layer2, layer3, layer4, layer5, compression3, compression4, layer3_, layer4_, layer5_;
    readonly Sequential diff3, diff4, layer5_d;
    readonly PixelAttention pag3, pag4;
    readonly Net layer3_d, layer4_d;
    readonly ContextPooling spp;
    readonly Net<Tensor[], Tensor> dfm;
    readonly ActivatedHead final_layer;
    readonly ActivatedHead? seghead_p, seghead_d;

    /// <summary>Builds the network.</summary>
    /// <exception cref="ArgumentException">A number below 1.</exception>
    public PidNet(Weights w, PidNetConfig config, int classes) : base(w, classes, config.AlignCorners)
    {
        var (c, m, n, attention) = (config.Planes, config.FineBlocks, config.CoarseBlocks, config.Attention);
        conv1 = PlainLayer.Stem(w / "conv1", config.InChannels, c);
        layer1 = PlainLayer.Basic(w / "layer1", c, c, m, 1, attention);
        layer2 = PlainLayer.Basic(w / "layer2", c, 2 * c, m, 2, attention);
        layer3 = PlainLayer.Basic(w / "layer3", 2 * c, 4 * c, n, 2, attention);
        layer4 = PlainLayer.Basic(w / "layer4", 4 * c, 8 * c, n, 2, attention);
        layer5 = PlainLayer.Bottlenecks(w / "layer5", 8 * c, 8 * c, 2, 2);
        compression3 = PlainLayer.Normed(w / "compression3", 4 * c, 2 * c, kernel: 1);
        compression4 = PlainLayer.Normed(w / "compression4", 8 * c, 2 * c, kernel: 1);
        pag3 = new(w / "pag3", 2 * c, c);
        pag4 = new(w / "pag4", 2 * c, c);
        layer3_ = PlainLayer.Basic(w / "layer3_", 2 * c, 2 * c, m, 1, attention);
        layer4_ = PlainLayer.Basic(w / "layer4_", 2 * c, 2 * c, m, 1, attention);
        layer5_ = PlainLayer.Bottlenecks(w / "layer5_", 2 * c, 2 * c, 1, 1);
        var edges = config.WideDetails ? 2 * c : c;
        layer3_d = new PlainBasicBlock(w / "layer3_d", 2 * c, edges, 1, relu: false, attention);
        layer4_d = config.WideDetails
            ? new PlainBasicBlock(w / "layer4_d", edges, edges, 1, relu: false, attention)
            : PlainLayer.Bottlenecks(w / "layer4_d", edges, edges, 1, 1);
        diff3 = PlainLayer.Normed(w / "diff3", 4 * c, edges, kernel: 3);
        diff4 = PlainLayer.Normed(w / "diff4", 8 * c, 2 * c, kernel: 3);
        spp = new(w / "spp", 16 * c, config.PoolingChannels, 4 * c, parallel: !config.WideDetails);
        dfm = config.WideDetails ? new BoundaryFusion(w / "dfm", 4 * c) : new LightBoundaryFusion(w / "dfm", 4 * c);
        layer5_d = PlainLayer.Bottlenecks(w / "layer5_d", 2 * c, 2 * c, 1, 1);
        if (config.Auxiliary)
        {
            seghead_p = new(w / "seghead_p", 2 * c, config.HeadChannels, classes);
            seghead_d = new(w / "seghead_d", 2 * c, c, 1);
        }
        final_layer = new(w / "final_layer", 4 * c, config.HeadChannels, classes);
    }

    /// <summary>The fine map's logits, edges as one logit a pixel, and the answer.</summary>
    public IReadOnlyList<string> OutputNames => seghead_p is null ? [""] : ["fine", "edges", ""];

    /// <inheritdoc/>
    public IReadOnlyList<string> PublishedOrder => seghead_p is null ? [""] : ["fine", "", "edges"];

    /// <inheritdoc/>
    public EdgeKind? Edges => seghead_d is null ? null : EdgeKind.Wide;

    /// <inheritdoc/>
    public override IReadOnlyList<string> HeadPaths => ["final_layer", "seghead_p", "seghead_d"];

    /// <inheritdoc/>
    public override void InitialiseAsPublished() => RealTimeValues.Set(Weights);

    /// <inheritdoc/>
    public Tensor[] Outputs(Tensor image)
    {
        var (logits, fine, edges) = Maps(image);
        return seghead_p is null ? [logits] : [fine.Apply(seghead_p), edges.Apply(seghead_d!), logits];
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => Maps(x).Logits;

    (Tensor Logits, Tensor Fine, Tensor Edges) Maps(Tensor image)
    {
        if (image.Size(2) < Least || image.Size(3) < Least)
            throw new SmallImageException(Path, image.Size(2), image.Size(3), "the last stage", Least);
        var x = image.Apply(conv1).Apply(layer1).Relu().Apply(layer2).Relu();                       // [N, 2C, H/8, W/8]
        var (fine, edges) = (x.Apply(layer3_), x.Apply(layer3_d));
        x = x.Apply(layer3).Relu();                                                                 // [N, 4C, H/16, W/16]
        fine = new[] { fine, x.Apply(compression3) }.Apply(pag3).Relu();
        edges = (edges + Like(x.Apply(diff3), edges)).Relu();
        var exchanged = fine;
        x = x.Apply(layer4).Relu();                                                                 // [N, 8C, H/32, W/32]
        fine = fine.Apply(layer4_);
        edges = edges.Apply(layer4_d);
        fine = new[] { fine, x.Apply(compression4) }.Apply(pag4).Relu();
        edges = (edges + Like(x.Apply(diff4), edges)).Relu();
        var details = edges.Apply(layer5_d);
        fine = fine.Apply(layer5_);
        var context = Like(x.Apply(layer5).Apply(spp), fine);
        return (new[] { fine, context, details }.Apply(dfm).Apply(final_layer), exchanged, edges);
    }

    static Tensor Like(Tensor x, Tensor other) => x.ResizeBilinear(other.Size(2), other.Size(3));
}

/// <summary>Pag: a fine and a coarse map, mixed at each pixel by how alike they are. Fig. 5.</summary>
sealed class PixelAttention(Weights w, int channels, int inner) : Net<Tensor[], Tensor>(w)
{
    readonly Sequential f_x = PlainLayer.Normed(w / "f_x", channels, inner, kernel: 1);
    readonly Sequential f_y = PlainLayer.Normed(w / "f_y", channels, inner, kernel: 1);

    protected override Tensor Forward(Tensor[] fineAndCoarse)
    {
        var (fine, coarse) = (fineAndCoarse[0], fineAndCoarse[1]);
        var likeness = (fine.Apply(f_x) * coarse.Apply(f_y).ResizeBilinear(fine.Size(2), fine.Size(3))).Sum([1], keep: true).Sigmoid();
        return Aten.Rsub(likeness, 1) * fine + likeness * coarse.ResizeBilinear(fine.Size(2), fine.Size(3));
    }
}

/// <summary>Light-Bag: details, context and edges; where there is an edge, details. Fig. 7.</summary>
sealed class LightBoundaryFusion(Weights w, int channels) : Net<Tensor[], Tensor>(w)
{
    readonly Sequential conv_p = PlainLayer.Normed(w / "conv_p", channels, channels, kernel: 1);
    readonly Sequential conv_i = PlainLayer.Normed(w / "conv_i", channels, channels, kernel: 1);

    protected override Tensor Forward(Tensor[] maps)
    {
        var (details, context, edge) = (maps[0], maps[1], maps[2].Sigmoid());
        return (Aten.Rsub(edge, 1) * context + details).Apply(conv_p) + (context + edge * details).Apply(conv_i);
    }
}

/// <summary>Bag: the same with one 3×3 convolution over their mixture.</summary>
sealed class BoundaryFusion(Weights w, int channels) : Net<Tensor[], Tensor>(w)
{
    readonly Sequential conv = Activated.Build(w / "conv", channels, channels, kernel: 3);

    protected override Tensor Forward(Tensor[] maps)
    {
        var (details, context, edge) = (maps[0], maps[1], maps[2].Sigmoid());
        return (edge * details + Aten.Rsub(edge, 1) * context).Apply(conv);
    }
}
