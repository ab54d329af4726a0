// Long et al., "Fully convolutional networks for semantic segmentation", CVPR 2015, on a dilated ResNet (Yu et al., CVPR 2017).
// Structure and key names follow torchvision (models/segmentation/fcn.py), or PyTorch-Encoding (encoding/models/sseg/fcn.py) if so
// configured. Deviations: the network's own answer is its logits at its stride; resizing them to the image's, which both do inside, is the
// caller's.
using Hwaso.Models.Attention;
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>
/// A dilated ResNet of any depth under an FCN head: <c>fcn-resnet50</c>, <c>fcn-resnet50+psa-spatial</c>, …; <c>encoding-fcn-resnet50</c>
/// and
/// <c>encoding-fcn-resnet50s</c> (deep stem) have PyTorch-Encoding's names.
/// </summary>
public sealed record FcnDefinition : SegmentationDefinition
{
    static readonly Settings<ModelDefinition> settings = new Settings<FcnDefinition>()
        .AlignCorners(d => d.Fcn.AlignCorners, (d, v) => d with { Fcn = d.Fcn with { AlignCorners = v } })
        .Include(d => d.Config, (d, v) => d with { Config = v }, ResNetConfig.Settings)
        .Section("fcn", d => d.Fcn, (d, v) => d with { Fcn = v }, FcnConfig.Settings)
        .Of<ModelDefinition>();

    // Counts of torchvision's without its auxiliary head, 59 classes.
    static readonly Dictionary<string, long> published = new() { ["fcn-resnet50"] = 32_976_507, ["fcn-resnet101"] = 51_968_635 };

    /// <summary>Every one with a name, and <c>fcn-resnet</c>.</summary>
    public static NetworkFamily Family { get; } = new(
    [
        .. AttentionModule.InNames.Prepend<AttentionModule?>(null)
            .SelectMany(a => ResNetConfig.Dilated.Select(d => Form($"fcn-{d.Name}", "dilated FCN", d.Config, a))),
        .. ResNetConfig.Dilated.Select(d => Encoding($"encoding-fcn-{d.Name}", "", d.Config)),
        .. ResNetConfig.Dilated.Select(d => Encoding($"encoding-fcn-{d.Name}s", " and deep stem", d.Config with { DeepStem = true })),
    ],
    new FcnDefinition { Name = "fcn-resnet", Description = "dilated FCN", Config = ResNetConfig.Dilated[0].Config });

    /// <summary>The backbone.</summary>
    public required ResNetConfig Config { get; init; }

    /// <summary>The heads.</summary>
    public FcnConfig Fcn { get; init; } = new();

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
    public override SegmentationNet Build(Weights w, int classes) => new FcnResNet(w, Config, Fcn, classes);

    static FcnDefinition Encoding(string name, string more, ResNetConfig config) =>
        Form(name, $"dilated FCN with PyTorch-Encoding's names{more}", config) with
        {
            Fcn = new() { Names = FcnNames.Encoding, AlignCorners = true },
        };

    static FcnDefinition Form(string name, string description, ResNetConfig config, AttentionModule? attention = null) => new()
    {
        Name = attention is null ? name : $"{name}+{attention.Name}",
        Description = attention is null ? description : $"{description}, {attention.Name} in every block",
        Config = config with { Attention = attention },
        // The crops that it is trained on.
        PublishedSize = (512, 512),
        PublishedParameters = attention is null && published.TryGetValue(name, out var count) ? count : null,
    };
}

/// <summary>
/// A ResNet, dilated to output stride 8 as a rule, under an FCN head: logits [N, K, H/8, W/8]; an auxiliary head on stage 3 to learn by.
/// </summary>
public sealed class FcnResNet : SegmentationNet, ISeveralOutputs
{
    readonly FcnNames names;
    readonly ResNet backbone;
    readonly FcnHead classifier;
    readonly FcnHead? auxClassifier;

    /// <summary>Builds the network.</summary>
    /// <exception cref="ArgumentException">Numbers that do not fit each other.</exception>
    public FcnResNet(Weights w, ResNetConfig config, FcnConfig fcn, int classes) : base(w, classes, fcn.AlignCorners)
    {
        names = fcn.Names;
        backbone = new(w / names.Backbone, config);
        classifier = new(w / names.Head, fcn, backbone.Channels[4], classes, config.Momentum);
        auxClassifier = fcn.Auxiliary
            ? new(w / names.Auxiliary, fcn with { Channels = null }, backbone.Channels[3], classes, config.Momentum)
            : null;
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> OutputNames => auxClassifier is null ? [""] : ["aux", ""];

    /// <inheritdoc/>
    public override IReadOnlyList<string> HeadPaths => [names.Head, names.Auxiliary];

    /// <inheritdoc/>
    public override void InitialiseAsPublished() => backbone.InitialiseAsPublished();

    /// <inheritdoc/>
    public Tensor[] Outputs(Tensor image)
    {
        var maps = image.Apply(backbone);
        var logits = maps[4].Apply(classifier);
        return auxClassifier is null ? [logits] : [maps[3].Apply(auxClassifier), logits];
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => x.Apply(backbone)[4].Apply(classifier);
}
