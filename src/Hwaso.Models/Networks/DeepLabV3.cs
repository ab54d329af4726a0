// Chen et al., "Rethinking atrous convolution for semantic image segmentation", 2017, on a dilated ResNet.
// Structure and key names follow torchvision (models/segmentation/deeplabv3.py).
// Deviations: the network's own answer is its logits at its stride; resizing them to the image's is the caller's.
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>A dilated ResNet of any depth under an ASPP head: <c>deeplabv3-resnet50</c>, <c>deeplabv3-resnet101</c>.</summary>
public sealed record DeepLabV3Definition : SegmentationDefinition
{
    static readonly Settings<ModelDefinition> settings = new Settings<DeepLabV3Definition>()
        .AlignCorners(d => d.Fcn.AlignCorners, (d, v) => d with { Fcn = d.Fcn with { AlignCorners = v } })
        .Include(d => d.Config, (d, v) => d with { Config = v }, ResNetConfig.Settings)
        .Section("fcn", d => d.Fcn, (d, v) => d with { Fcn = v }, FcnConfig.Settings)
        .Section("aspp", d => d.Aspp, (d, v) => d with { Aspp = v }, AsppConfig.Settings)
        .Of<ModelDefinition>();

    /// <summary>Every one with a name, and <c>deeplabv3-resnet</c>.</summary>
    public static NetworkFamily Family { get; } = new(
        [.. ResNetConfig.Dilated.Select(d => Form($"deeplabv3-{d.Name}", d.Config) with { PublishedSize = (512, 512) })],
        Form("deeplabv3-resnet", ResNetConfig.Dilated[0].Config));

    /// <summary>The backbone.</summary>
    public required ResNetConfig Config { get; init; }

    /// <summary>The head.</summary>
    public AsppConfig Aspp { get; init; } = new();

    /// <summary>The auxiliary head.</summary>
    public FcnConfig Fcn { get; init; } = new();

    /// <inheritdoc/>
    public override int PublishedClasses { get; init; } = 21;

    /// <inheritdoc/>
    public override int InChannels
    {
        get => Config.InChannels;
        init => Config = Config with { InChannels = value };
    }

    /// <inheritdoc/>
    public override SegmentationDefinition Deployed => this with { Fcn = Fcn with { Auxiliary = false } };

    /// <inheritdoc/>
    public override Settings<ModelDefinition> Settings => settings;

    /// <inheritdoc/>
    public override SegmentationNet Build(Weights w, int classes) => new DeepLabV3(w, Config, Aspp, Fcn, classes);

    static DeepLabV3Definition Form(string name, ResNetConfig config) => new() { Name = name, Description = "DeepLabV3", Config = config };
}

/// <summary>A dilated ResNet under an ASPP head: logits [N, K, H/8, W/8]; an auxiliary FCN head on stage 3 to learn by.</summary>
public sealed class DeepLabV3 : SegmentationNet, ISeveralOutputs
{
    readonly ResNet backbone;
    readonly Sequential classifier;
    readonly FcnHead? aux_classifier;

    /// <summary>Builds the network.</summary>
    /// <exception cref="ArgumentException">Numbers that do not fit each other.</exception>
    public DeepLabV3(Weights w, ResNetConfig config, AsppConfig aspp, FcnConfig auxiliary, int classes)
        : base(w, classes, auxiliary.AlignCorners)
    {
        backbone = new(w / "backbone", config);
        classifier = new(w / "classifier",
            p => new Aspp(p, aspp, backbone.Channels[4], config.Momentum),
            p => new Conv2d(p, aspp.Channels, aspp.Channels, kernel: 3),
            p => new BatchNorm2d(p, aspp.Channels, momentum: config.Momentum),
            p => new ReLU(p),
            p => new Conv2d(p, aspp.Channels, classes, kernel: 1, bias: true));
        aux_classifier = auxiliary.Auxiliary ? new(w / "aux_classifier", auxiliary, backbone.Channels[3], classes, config.Momentum) : null;
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> OutputNames => aux_classifier is null ? [""] : ["aux", ""];

    /// <inheritdoc/>
    public override IReadOnlyList<string> HeadPaths => ["classifier", "aux_classifier"];

    /// <inheritdoc/>
    public override void InitialiseAsPublished() => backbone.InitialiseAsPublished();

    /// <inheritdoc/>
    public Tensor[] Outputs(Tensor image)
    {
        var maps = image.Apply(backbone);
        var logits = maps[4].Apply(classifier);
        return aux_classifier is null ? [logits] : [maps[3].Apply(aux_classifier), logits];
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => x.Apply(backbone)[4].Apply(classifier);
}
