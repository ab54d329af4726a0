// Hong et al., "Deep dual-resolution networks for real-time and accurate semantic segmentation of road scenes", 2021. Structure and key
// names follow the authors' code (DDRNet_23_slim.py). Deviations: maps are resized to those that they join, so that sides need be no
// multiples of 8; logits stay at stride 8.
using Hwaso.Models.Attention;
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>What distinguishes one DDRNet from another.</summary>
public sealed record DdrNetConfig
{
    /// <summary>The settings of the section <c>dual</c>.</summary>
    public static Settings<DdrNetConfig> Settings { get; } = new Settings<DdrNetConfig>()
        .Int("planes", c => c.Planes, (c, v) => c with { Planes = v }, 1,
            "channels of a `ddrnet`'s or `pidnet`'s first blocks; 32, 64 in `ddrnet23`, `pidnet-m` and `pidnet-l`")
        .Int("pooling_channels", c => c.PoolingChannels, (c, v) => c with { PoolingChannels = v }, 1,
            "channels of each scale that it pools; 128 of `ddrnet`, 96 of `pidnet`")
        .Int("head_channels", c => c.HeadChannels, (c, v) => c with { HeadChannels = v }, 1,
            "channels between the convolutions of its heads; 64 of `ddrnet`, 128 of `pidnet`");

    /// <summary>Channels of the first blocks; the later ones have multiples.</summary>
    public int Planes { get; init; } = 32;

    /// <summary>Channels of each scale that is pooled.</summary>
    public int PoolingChannels { get; init; } = 128;

    /// <summary>Channels between the convolutions of the heads.</summary>
    public int HeadChannels { get; init; } = 64;

    /// <summary>Whether a second head learns on the fine map behind the first exchange.</summary>
    public bool Auxiliary { get; init; } = true;

    /// <summary>How logits are brought to the image's size; maps inside are always resized without aligned corners.</summary>
    public bool AlignCorners { get; init; }

    /// <summary>Channels of the images, at least 1.</summary>
    public int InChannels { get; init; } = 3;

    /// <summary>The module in every BasicBlock; null for none.</summary>
    public AttentionModule? Attention { get; init; }
}

/// <summary>A DDRNet of two widths: <c>ddrnet23-slim</c>, <c>ddrnet23</c>; by recipe <c>ddrnet</c>.</summary>
public sealed record DdrNetDefinition : SegmentationDefinition
{
    static readonly Settings<ModelDefinition> settings = new Settings<DdrNetDefinition>()
        .Add(AttentionModule.Setting<DdrNetDefinition>(
            d => d.Config.Attention, (d, v) => d with { Config = d.Config with { Attention = v } }))
        .AlignCorners(d => d.Config.AlignCorners, (d, v) => d with { Config = d.Config with { AlignCorners = v } })
        .Flag("auxiliary", d => d.Config.Auxiliary, (d, v) => d with { Config = d.Config with { Auxiliary = v } },
            "whether heads learn beside")
        .Section("dual", d => d.Config, (d, v) => d with { Config = v }, DdrNetConfig.Settings)
        .Of<ModelDefinition>();

    /// <summary>Every one with a name, and <c>ddrnet</c>.</summary>
    public static NetworkFamily Family { get; } = new(
    [
        Of("ddrnet23-slim", new()) with { PublishedParameters = 5_695_987 },
        Of("ddrnet23", new() { Planes = 64, HeadChannels = 128 }) with { PublishedParameters = 20_148_947 },
    ],
    Of("ddrnet", new()));

    /// <summary>Its widths.</summary>
    public required DdrNetConfig Config { get; init; }

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
    public override SegmentationNet Build(Weights w, int classes) => new DdrNet(w, Config, classes);

    static DdrNetDefinition Of(string name, DdrNetConfig config) =>
        new() { Name = name, Description = "deep dual-resolution network", Config = config, PublishedSize = (512, 1024) };
}

/// <summary>A fine path at stride 8 and a coarse one to stride 64 that exchange maps: logits at stride 8.</summary>
public sealed class DdrNet : SegmentationNet, ISeveralOutputs, IAuxiliaryWeight
{
    const int Least = 64;

    readonly Sequential conv1, layer1, layer2, layer3, layer4, layer5, compression3, compression4, down3, down4, layer3_, layer4_, layer5_;
    readonly ContextPooling spp;
    readonly ActivatedHead final_layer;
    readonly ActivatedHead? seghead_extra;

    /// <summary>Builds the network.</summary>
    /// <exception cref="ArgumentException">A number below 1.</exception>
    public DdrNet(Weights w, DdrNetConfig config, int classes) : base(w, classes, config.AlignCorners)
    {
        var (c, attention) = (config.Planes, config.Attention);
        var fine = 2 * c;
        conv1 = PlainLayer.Stem(w / "conv1", config.InChannels, c);
        layer1 = PlainLayer.Basic(w / "layer1", c, c, 2, 1, attention);
        layer2 = PlainLayer.Basic(w / "layer2", c, 2 * c, 2, 2, attention);
        layer3 = PlainLayer.Basic(w / "layer3", 2 * c, 4 * c, 2, 2, attention);
        layer4 = PlainLayer.Basic(w / "layer4", 4 * c, 8 * c, 2, 2, attention);
        compression3 = PlainLayer.Normed(w / "compression3", 4 * c, fine, kernel: 1);
        compression4 = PlainLayer.Normed(w / "compression4", 8 * c, fine, kernel: 1);
        down3 = PlainLayer.Normed(w / "down3", fine, 4 * c, kernel: 3, stride: 2);
        down4 = new(w / "down4",
            p => new Conv2d(p, fine, 4 * c, kernel: 3, stride: 2),
            p => new BatchNorm2d(p, 4 * c),
            p => new ReLU(p),
            p => new Conv2d(p, 4 * c, 8 * c, kernel: 3, stride: 2),
            p => new BatchNorm2d(p, 8 * c));
        layer3_ = PlainLayer.Basic(w / "layer3_", fine, fine, 2, 1, attention);
        layer4_ = PlainLayer.Basic(w / "layer4_", fine, fine, 2, 1, attention);
        layer5_ = PlainLayer.Bottlenecks(w / "layer5_", fine, fine, 1, 1);
        layer5 = PlainLayer.Bottlenecks(w / "layer5", 8 * c, 8 * c, 1, 2);
        spp = new(w / "spp", 16 * c, config.PoolingChannels, 4 * c, parallel: false);
        seghead_extra = config.Auxiliary ? new(w / "seghead_extra", fine, config.HeadChannels, classes) : null;
        final_layer = new(w / "final_layer", 4 * c, config.HeadChannels, classes);
    }

    /// <inheritdoc/>
    public double AuxiliaryWeight => 0.4;

    /// <inheritdoc/>
    public bool AuxiliaryIsLikeAnswer => false;

    /// <inheritdoc/>
    public IReadOnlyList<string> OutputNames => seghead_extra is null ? [""] : ["aux", ""];

    /// <inheritdoc/>
    public override IReadOnlyList<string> HeadPaths => ["final_layer", "seghead_extra"];

    /// <inheritdoc/>
    public override void InitialiseAsPublished() => RealTimeValues.Set(Weights);

    /// <inheritdoc/>
    public Tensor[] Outputs(Tensor image)
    {
        var (logits, exchanged) = Maps(image);
        return seghead_extra is null ? [logits] : [exchanged.Apply(seghead_extra), logits];
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => Maps(x).Logits;

    (Tensor Logits, Tensor Exchanged) Maps(Tensor image)
    {
        if (image.Size(2) < Least || image.Size(3) < Least)
            throw new SmallImageException(Path, image.Size(2), image.Size(3), "the last stage", Least);
        var second = image.Apply(conv1).Apply(layer1).Relu().Apply(layer2).Relu();                  // [N, 2C, H/8, W/8]
        var third = second.Apply(layer3);
        var fine = second.Apply(layer3_);
        var coarse = third + fine.Relu().Apply(down3);                                              // [N, 4C, H/16, W/16]
        fine = fine + Like(third.Relu().Apply(compression3), fine);
        var exchanged = fine;
        var fourth = coarse.Relu().Apply(layer4);
        fine = fine.Relu().Apply(layer4_);
        coarse = fourth + fine.Relu().Apply(down4);                                                 // [N, 8C, H/32, W/32]
        fine = fine + Like(fourth.Relu().Apply(compression4), fine);
        fine = fine.Relu().Apply(layer5_);
        return ((Like(coarse.Relu().Apply(layer5).Apply(spp), fine) + fine).Apply(final_layer), exchanged);
    }

    static Tensor Like(Tensor x, Tensor other) => x.ResizeBilinear(other.Size(2), other.Size(3));
}

/// <summary>The initial values of the real-time networks' authors: convolutions He's normal by fan-out, other numbers as made.</summary>
static class RealTimeValues
{
    public static void Set(Weights weights)
    {
        foreach (var (name, tensor) in weights.Parameters)
            if (tensor.Dimensions == 4 && !name.Contains(".deattn.", StringComparison.Ordinal))
                Init.KaimingNormal(tensor);
    }
}
