// Wang et al., "Deep high-resolution representation learning for visual recognition", TPAMI 2020, appendix: HRNet for ImageNet.
// Key names follow the authors' HRNet-Image-Classification (cls_hrnet.py): incre_modules, downsamp_modules, final_layer, classifier.
// Its body is the segmentation network's, so that ImageNet weights load there; only the fusion inside repeats pixels instead of
// interpolating.
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>An HRNet for ImageNet of any size: <c>hrnet-w48-cls</c>, …</summary>
public sealed record HRNetClassifierDefinition : ModelDefinition
{
    static readonly Settings<ModelDefinition> settings = new Settings<HRNetClassifierDefinition>()
        .Include(d => d.Config, (d, v) => d with { Config = v }, HRNetConfig.Settings)
        .Of<ModelDefinition>();

    /// <summary>Every one with a name, and <c>hrnet-cls</c>.</summary>
    public static NetworkFamily Family { get; } = HRNetFamily.Of(
        Form("hrnet-cls", HRNetFamily.Body), new Dictionary<string, long>(), (size, config) => Form($"hrnet-{size}-cls", config));

    /// <summary>The body.</summary>
    public required HRNetConfig Config { get; init; }

    /// <inheritdoc/>
    public override ModelTask Task => ModelTask.Classification;

    /// <inheritdoc/>
    public override int PublishedClasses { get; init; } = ModelDefinitions.ImageNetClasses;

    /// <inheritdoc/>
    public override Settings<ModelDefinition> Settings => settings;

    /// <inheritdoc/>
    public override Net Build(Weights w, int classes) => new HRNetClassifier(w, Config, classes);

    static HRNetClassifierDefinition Form(string name, HRNetConfig config) =>
        new() { Name = name, Description = "HRNet for ImageNet", Config = config };
}

/// <summary>Images [N, 3, H, W] to class logits [N, K].</summary>
public sealed class HRNetClassifier : Net
{
    readonly HRNet body;
    readonly ClassificationHead head;

    /// <summary>Builds the network.</summary>
    /// <param name="w">Its root.</param>
    /// <param name="config">Body.</param>
    /// <param name="classes">K.</param>
    /// <exception cref="ArgumentException">Stages that do not fit, or no class.</exception>
    public HRNetClassifier(Weights w, HRNetConfig config, int classes = ModelDefinitions.ImageNetClasses) : base(w)
    {
        if (classes < 1)
            throw new ArgumentOutOfRangeException(nameof(classes), $"classifier: {classes} classes; at least 1 was wanted");
        body = new(w, config, FuseUpsampling.Nearest);
        head = new(w, body.Channels, classes, config.Momentum);
        Classes = classes;
    }

    /// <summary>K.</summary>
    public int Classes { get; }

    /// <summary>
    /// The authors' initial values: every convolution He's normal by fan-out, batch norms 1 and 0, the rest as PyTorch leaves it.
    /// </summary>
    public void InitialiseAsPublished()
    {
        foreach (var (name, tensor) in Weights.Parameters)
            if (tensor.Dimensions == 4 && !name.Contains(".deattn.", StringComparison.Ordinal))
                Init.KaimingNormal(tensor);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => x.Apply(body).Apply(head);
}
