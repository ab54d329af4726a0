// Tan and Le, "EfficientNet: rethinking model scaling for convolutional neural networks", ICML 2019.
// Key names follow torchvision (models/efficientnet.py): features and classifier.
using Hwaso.Models.Backbones;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>
/// An EfficientNet of any size, <c>efficientnet-b0</c> … <c>efficientnet-b7</c>: the classifier, or its feature maps alone
/// (<c>efficientnet-b0-features</c>).
/// </summary>
public sealed record EfficientNetDefinition : ModelDefinition
{
    static readonly Settings<ModelDefinition> settings = new Settings<EfficientNetDefinition>()
        .BatchNormMomentum(d => d.Config.Momentum, (d, v) => d with { Config = d.Config with { Momentum = v } })
        .Section("efficientnet", d => d.Config, (d, v) => d with { Config = v }, EfficientNetConfig.Settings)
        .Of<ModelDefinition>();

    // Counts of torchvision's documentation, 1000 classes, and the sides of the images that they are trained on.
    static readonly (string Size, EfficientNetConfig Config, int SidePx, long Parameters)[] sizes =
    [
        ("b0", EfficientNetConfig.B0, 224, 5_288_548),
        ("b1", EfficientNetConfig.B1, 240, 7_794_184),
        ("b2", EfficientNetConfig.B2, 260, 9_109_994),
        ("b3", EfficientNetConfig.B3, 300, 12_233_232),
        ("b4", EfficientNetConfig.B4, 380, 19_341_616),
        ("b5", EfficientNetConfig.B5, 456, 30_389_784),
        ("b6", EfficientNetConfig.B6, 528, 43_040_704),
        ("b7", EfficientNetConfig.B7, 600, 66_347_960),
    ];

    /// <summary>Every one with a name, <c>efficientnet</c> and <c>efficientnet-features</c>.</summary>
    public static NetworkFamily Family { get; } = new(
    [
        .. sizes.Select(s => Classifier($"efficientnet-{s.Size}", s.Config) with
        {
            PublishedSize = (s.SidePx, s.SidePx),
            PublishedParameters = s.Parameters,
        }),
        .. sizes.Select(s => Features($"efficientnet-{s.Size}-features", s.Config) with
        {
            PublishedSize = (s.SidePx, s.SidePx),
            // Without the classifier's weights and biases.
            PublishedParameters = s.Parameters - ModelDefinitions.ImageNetClasses * (s.Config.Channels[^1] + 1),
        }),
    ],
    Classifier("efficientnet", EfficientNetConfig.B0),
    Features("efficientnet-features", EfficientNetConfig.B0));

    /// <summary>The body.</summary>
    public required EfficientNetConfig Config { get; init; }

    /// <summary>Whether the classifier is left out.</summary>
    public bool FeaturesOnly { get; init; }

    /// <inheritdoc/>
    public override ModelTask Task => FeaturesOnly ? ModelTask.Features : ModelTask.Classification;

    /// <inheritdoc/>
    public override int PublishedClasses { get; init; } = ModelDefinitions.ImageNetClasses;

    /// <inheritdoc/>
    public override Settings<ModelDefinition> Settings => settings;

    /// <inheritdoc/>
    public override Net Build(Weights w, int classes) =>
        FeaturesOnly ? new EfficientNetFeatures(w, Config) : new EfficientNetClassifier(w, Config, classes);

    static EfficientNetDefinition Classifier(string name, EfficientNetConfig config) =>
        new() { Name = name, Description = "EfficientNet for ImageNet", Config = config };

    static EfficientNetDefinition Features(string name, EfficientNetConfig config) =>
        new() { Name = name, Description = "EfficientNet's feature maps", Config = config, FeaturesOnly = true, PublishedClasses = 0 };
}

/// <summary>Images [N, 3, H, W] to class logits [N, K].</summary>
public sealed class EfficientNetClassifier : Net
{
    readonly EfficientNet features;
    readonly Sequential classifier;
    readonly int classes;

    /// <summary>Builds the network.</summary>
    /// <exception cref="ArgumentException">Numbers that do not fit each other, or no class.</exception>
    public EfficientNetClassifier(Weights w, EfficientNetConfig config, int classes) : base(w)
    {
        if (classes < 1)
            throw new ArgumentOutOfRangeException(nameof(classes), $"classifier: {classes} classes; at least 1 was wanted");
        this.classes = classes;
        features = new(w / "features", config);
        classifier = new(w / "classifier", p => new Dropout(p, config.Dropout), p => new Linear(p, features.Channels[^1], classes));
    }

    /// <summary>
    /// torchvision's initial values: convolutions He's normal by fan-out, the linear layer uniform within 1/√K, biases 0.
    /// </summary>
    public void InitialiseAsPublished()
    {
        features.InitialiseAsPublished();
        var bound = 1 / Math.Sqrt(classes);
        Init.Uniform((Weights / "classifier" / 1)["weight"], -bound, bound);
        Init.Constant((Weights / "classifier" / 1)["bias"], 0);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => x.Apply(features)[^1].Mean([2, 3]).Apply(classifier);
}

/// <summary>
/// An EfficientNet's last feature map alone, [N, C, h, w]: torchvision's <c>features</c>, with keys that begin at its numbers; the maps
/// before it by number.
/// </summary>
public sealed class EfficientNetFeatures(Weights w, EfficientNetConfig config) : Net(w), ISeveralOutputs
{
    readonly EfficientNet body = new(w, config);

    /// <inheritdoc/>
    public IReadOnlyList<string> OutputNames => [.. Enumerable.Range(0, body.Channels.Count - 1).Select(k => $"{k}"), ""];

    /// <inheritdoc/>
    public IReadOnlyList<string> PublishedOrder => OutputNames;

    /// <summary>Every feature map: the stem's, each stage's, the last convolution's.</summary>
    public Tensor[] Outputs(Tensor image) => image.Apply(body);

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => x.Apply(body)[^1];
}
