// He et al., "Deep residual learning for image recognition", CVPR 2016. Key names follow torchvision (models/resnet.py).
using Hwaso.Models.Backbones;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>A ResNet for ImageNet of any depth: <c>resnet18</c> … <c>resnet152</c>.</summary>
public sealed record ResNetClassifierDefinition : ModelDefinition
{
    static readonly Settings<ModelDefinition> settings = new Settings<ResNetClassifierDefinition>()
        .Include(d => d.Config, (d, v) => d with { Config = v }, ResNetConfig.Settings)
        .Of<ModelDefinition>();

    // Counts of torchvision's, 1000 classes.
    static readonly Dictionary<string, long> published = new()
    {
        ["resnet18"] = 11_689_512,
        ["resnet34"] = 21_797_672,
        ["resnet50"] = 25_557_032,
        ["resnet101"] = 44_549_160,
        ["resnet152"] = 60_192_808,
        ["resnext50-32x4d"] = 25_028_904,
        ["resnext101-32x8d"] = 88_791_336,
        ["resnext101-64x4d"] = 83_455_272,
        ["wide-resnet50-2"] = 68_883_240,
        ["wide-resnet101-2"] = 126_886_696,
    };

    /// <summary>Every one with a name, and <c>resnet</c>.</summary>
    public static NetworkFamily Family { get; } = new(
        [.. ResNetConfig.Depths.Concat(ResNetConfig.Wider)
            .Select(d => Form(d.Name, d.Config) with { PublishedParameters = published[d.Name] })],
        Form("resnet", ResNetConfig.R50));

    /// <summary>The backbone.</summary>
    public required ResNetConfig Config { get; init; }

    /// <inheritdoc/>
    public override ModelTask Task => ModelTask.Classification;

    /// <inheritdoc/>
    public override int PublishedClasses { get; init; } = ModelDefinitions.ImageNetClasses;

    /// <inheritdoc/>
    public override Settings<ModelDefinition> Settings => settings;

    /// <inheritdoc/>
    public override Net Build(Weights w, int classes) => new ResNetClassifier(w, Config, classes);

    static ResNetClassifierDefinition Form(string name, ResNetConfig config) =>
        new() { Name = name, Description = config.Groups > 1 ? "ResNeXt for ImageNet" : "ResNet for ImageNet", Config = config };
}

/// <summary>Images [N, 3, H, W] to class logits [N, K]: the last stage averaged over its pixels, and a linear layer.</summary>
public sealed class ResNetClassifier : Net
{
    readonly ResNet body;
    readonly Linear fc;

    /// <summary>Builds the network.</summary>
    /// <exception cref="ArgumentException">Numbers that do not fit each other, or no class.</exception>
    public ResNetClassifier(Weights w, ResNetConfig config, int classes = ModelDefinitions.ImageNetClasses) : base(w)
    {
        if (classes < 1)
            throw new ArgumentOutOfRangeException(nameof(classes), $"fc: {classes} classes; at least 1 was wanted");
        body = new(w, config);
        fc = new(w / "fc", body.Channels[^1], classes);
    }

    /// <summary>
    /// torchvision's initial values: every convolution He's normal by fan-out, batch norms 1 and 0, the linear layer as PyTorch leaves it.
    /// </summary>
    public void InitialiseAsPublished() => body.InitialiseAsPublished();

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => x.Apply(body)[^1].Mean([2, 3]).Apply(fc);
}
