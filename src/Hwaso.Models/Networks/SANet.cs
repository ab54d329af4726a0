// Zhong et al., "Squeeze-and-attention networks for semantic segmentation", CVPR 2020. There is no official code.
// Names are ours where the paper has none: backbone and classifier as torchvision's FCN, whose files load unchanged, and sa_heads.0 … 3.
// What the text leaves open, and is chosen here (the module's own choices stand in SqueezeAttention):
// - a head's module ends in the classes, so that each channel of its attention and main maps belongs to a class;
// - the heads' outputs are resized bilinearly to the FCN head's size and summed: the mask output; plus the FCN head's logits: the dense
//   one;
// - the categorical output is the sum over the heads of their attention before its activation, squeezed to a number a class and image
//   (mean, or maximum by setting): no weights of its own;
// - on an EfficientNet the four stages are the ends of strides 4, 8, 16 and 32, the last with the network's 1×1 convolution.
using Hwaso.Models.Attention;
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>What the paper's text leaves open of a SANet's heads; the defaults are our reading of it.</summary>
public sealed record SANetConfig
{
    static readonly NamedValues<SqueezeActivation> activations =
        new(("sigmoid", SqueezeActivation.Sigmoid), ("relu", SqueezeActivation.Relu), ("none", SqueezeActivation.None));

    static readonly NamedValues<PresencePooling> poolings = new(("mean", PresencePooling.Mean), ("max", PresencePooling.Max));

    /// <summary>The settings of the section <c>sanet</c>.</summary>
    public static Settings<SANetConfig> Settings { get; } = new Settings<SANetConfig>()
        .Int("channels", c => c.Channels, (c, v) => c with { Channels = v }, 1,
            "channels inside each squeeze-and-attention head; a quarter of its stage's")
        .Int("pool", c => c.Pool, (c, v) => c with { Pool = v }, 1, "side of the squares of pixels that the attention path averages; 2")
        .Choice("activation", c => c.Activation, (c, v) => c with { Activation = v }, activations,
            "what the attention passes before it is upsampled; `sigmoid`")
        .Choice("presence", c => c.Presence, (c, v) => c with { Presence = v }, poolings,
            "how the categorical output is squeezed from the heads' attention; `mean`");

    /// <summary>Channels inside each head; null for a quarter of its stage's, as in the FCN head.</summary>
    public int? Channels { get; init; }

    /// <summary>Side of the squares of pixels that the attention path averages.</summary>
    public int Pool { get; init; } = 2;

    /// <summary>What the attention passes before it is upsampled.</summary>
    public SqueezeActivation Activation { get; init; } = SqueezeActivation.Sigmoid;

    /// <summary>How the categorical output is squeezed from the heads' attention.</summary>
    public PresencePooling Presence { get; init; } = PresencePooling.Mean;

    /// <summary>Momentum of the batch norms in the heads.</summary>
    public double Momentum { get; init; } = 0.1;
}

/// <summary>A SANet on a ResNet or an EfficientNet; exactly one of the two is given.</summary>
public sealed record SANetDefinition : SegmentationDefinition
{
    static readonly Settings<SANetDefinition> head = new Settings<SANetDefinition>()
        .Section("fcn", d => d.Fcn, (d, v) => d with { Fcn = v }, FcnConfig.Settings)
        .Require(d => d.CheckFcn());

    static readonly Settings<ModelDefinition> onResNet = new Settings<SANetDefinition>()
        .AlignCorners(d => d.Fcn.AlignCorners, (d, v) => d with { Fcn = d.Fcn with { AlignCorners = v } })
        .BatchNormMomentum(d => d.SANet.Momentum,
            (d, v) => d with { SANet = d.SANet with { Momentum = v }, ResNet = d.ResNet! with { Momentum = v } })
        .Include(d => d.ResNet!, (d, v) => d with { ResNet = v }, ResNetConfig.OfBlocks)
        .Include(d => d, (_, v) => v, head)
        .Section("sanet", d => d.SANet, (d, v) => d with { SANet = v }, SANetConfig.Settings)
        .Of<ModelDefinition>();

    static readonly Settings<ModelDefinition> onEfficientNet = new Settings<SANetDefinition>()
        .AlignCorners(d => d.Fcn.AlignCorners, (d, v) => d with { Fcn = d.Fcn with { AlignCorners = v } })
        .BatchNormMomentum(d => d.SANet.Momentum,
            (d, v) => d with { SANet = d.SANet with { Momentum = v }, EfficientNet = d.EfficientNet! with { Momentum = v } })
        .Include(d => d, (_, v) => v, head)
        .Section("efficientnet", d => d.EfficientNet!, (d, v) => d with { EfficientNet = v }, EfficientNetConfig.Settings)
        .Section("sanet", d => d.SANet, (d, v) => d with { SANet = v }, SANetConfig.Settings)
        .Of<ModelDefinition>();

    /// <summary>Every one with a name, all dilated to output stride 8; <c>sanet-resnet</c> and <c>sanet-efficientnet</c>.</summary>
    public static NetworkFamily Family { get; } = new(
    [
        .. ResNetConfig.Dilated.Select(d => OnResNet($"sanet-{d.Name}", d.Config)),
        OnEfficientNet("sanet-efficientnet-b7", EfficientNetConfig.B7 with { OutputStride = 8 }),
    ],
    OnResNet("sanet-resnet", ResNetConfig.Dilated[0].Config),
    OnEfficientNet("sanet-efficientnet", EfficientNetConfig.B0 with { OutputStride = 8 }));

    /// <summary>The backbone, if it is a ResNet.</summary>
    public ResNetConfig? ResNet { get; init; }

    /// <summary>The backbone, if it is an EfficientNet.</summary>
    public EfficientNetConfig? EfficientNet { get; init; }

    /// <summary>The squeeze-and-attention heads.</summary>
    public SANetConfig SANet { get; init; } = new();

    /// <summary>The FCN head.</summary>
    public FcnConfig Fcn { get; init; } = new() { Auxiliary = false };

    /// <inheritdoc/>
    public override Settings<ModelDefinition> Settings => EfficientNet is null ? onResNet : onEfficientNet;

    /// <inheritdoc/>
    public override int InChannels
    {
        get => ResNet?.InChannels ?? EfficientNet!.InChannels;
        init => (ResNet, EfficientNet) =
            (ResNet is null ? null : ResNet with { InChannels = value },
                EfficientNet is null ? null : EfficientNet with { InChannels = value });
    }

    /// <inheritdoc/>
    public override SegmentationDefinition Deployed => this;

    /// <inheritdoc/>
    public override SegmentationNet Build(Weights w, int classes) => new SANet(w, Backbone, SANet, Fcn, classes);

    static SANetDefinition OnResNet(string name, ResNetConfig config) =>
        new() { Name = name, Description = "squeeze-and-attention network", ResNet = config };

    static SANetDefinition OnEfficientNet(string name, EfficientNetConfig config) =>
        new() { Name = name, Description = "squeeze-and-attention network on EfficientNet", EfficientNet = config };

    Backbone Backbone(Weights w) => EfficientNet is { } efficient ? new EfficientNet(w, efficient)
        : new ResNet(w, ResNet ?? throw new ArgumentException("a SANet without a backbone"));

    void CheckFcn()
    {
        if (Fcn.Auxiliary || Fcn.Names != FcnNames.Torchvision)
            throw new SettingException(Fcn.Auxiliary ? "fcn.auxiliary" : "fcn.names",
                "fcn.auxiliary, fcn.names: a SANet's FCN head stands alone under torchvision's names; remove them");
    }
}

/// <summary>
/// A dilated backbone, an FCN head on its last stage and a squeeze-and-attention head on each of four: logits at the last stage's stride.
/// </summary>
public sealed class SANet : SegmentationNet, ISeveralOutputs
{
    const int Heads = 4, Quarter = 4;

    readonly Backbone backbone;
    readonly FcnHead classifier;
    readonly SqueezeAttention[] sa_heads;
    readonly int[] stages;
    readonly PresencePooling presence;

    /// <summary>Builds the network.</summary>
    /// <param name="w">Its root.</param>
    /// <param name="build">Builds the backbone at its place.</param>
    /// <param name="config">The heads.</param>
    /// <param name="fcn">The FCN head.</param>
    /// <param name="classes">K.</param>
    /// <exception cref="ArgumentException">Numbers that do not fit each other, or a backbone of fewer than four resolutions.</exception>
    public SANet(Weights w, Func<Weights, Backbone> build, SANetConfig config, FcnConfig fcn, int classes)
        : base(w, classes, fcn.AlignCorners)
    {
        backbone = build(w / "backbone");
        if (backbone.Ends.Count < Heads)
            throw new ArgumentException($"sa_heads: the backbone has {backbone.Ends.Count} resolutions; {Heads} were wanted");
        stages = [.. backbone.Ends.TakeLast(Heads)];
        classifier = new(w / "classifier", fcn, backbone.Channels[^1], classes, config.Momentum);
        sa_heads = [.. stages.Select((stage, h) => Head(w / "sa_heads" / h, config, backbone.Channels[stage], classes))];
        presence = config.Presence;
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> OutputNames => ["mask", "categorical", ""];

    /// <inheritdoc/>
    public override IReadOnlyList<string> HeadPaths => ["classifier", "sa_heads"];

    /// <inheritdoc/>
    public override void InitialiseAsPublished() => backbone.InitialiseAsPublished();

    /// <summary>The sum of the heads [N, K, h, w], class presence [N, K] as logits, and the network's answer [N, K, h, w].</summary>
    public Tensor[] Outputs(Tensor image)
    {
        var maps = image.Apply(backbone);
        var heads = HeadMaps(maps);
        var squeezed = heads.Select(h => presence == PresencePooling.Mean ? h.Squeezed.Mean([2, 3]) : Aten.Amax(h.Squeezed, [2, 3]))
            .Aggregate((a, b) => a + b);
        var logits = maps[^1].Apply(classifier);
        var mask = Sum(heads, logits);
        return [mask, squeezed, mask + logits];
    }

    /// <summary>What each of the four heads sees, finest stage first.</summary>
    public SqueezeAttentionMaps[] Attention(Tensor image) => HeadMaps(image.Apply(backbone));

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x)
    {
        var maps = x.Apply(backbone);
        var logits = maps[^1].Apply(classifier);
        return Sum(HeadMaps(maps), logits) + logits;
    }

    static SqueezeAttention Head(Weights w, SANetConfig config, int channels, int classes) => new(
        w, channels, config.Channels ?? Math.Max(channels / Quarter, 1), classes, config.Pool, config.Activation, config.Momentum);

    SqueezeAttentionMaps[] HeadMaps(Tensor[] maps) => [.. sa_heads.Select((head, h) => maps[stages[h]].Apply(head))];

    static Tensor Sum(SqueezeAttentionMaps[] heads, Tensor logits)
    {
        var (height, width) = (logits.Size(2), logits.Size(3));
        return heads.Select(h => (h.Output.Size(2), h.Output.Size(3)) == (height, width) ? h.Output : h.Output.ResizeBilinear(height,
            width)).Aggregate((a, b) => a + b);
    }
}

/// <summary>How a class's squeezed attention becomes one number for the image.</summary>
public enum PresencePooling
{
    /// <summary>Its mean over the pixels: squeezed fully.</summary>
    Mean,

    /// <summary>Its largest value: a class is there if it is anywhere.</summary>
    Max,
}
