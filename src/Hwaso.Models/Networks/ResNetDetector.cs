// Ren et al., "Faster R-CNN", NIPS 2015; He et al., "Mask R-CNN", ICCV 2017; on FPN. Key names and conventions follow torchvision 0.14
// (models/detection).
// Deviations: batch norms have an epsilon of 1e-5; torchvision gives its COCO weights 0 instead, which no file of weights says.
using Hwaso.Models.Backbones;
using Hwaso.Models.Detectors;
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Nn.Boxes;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>torchvision's detectors on a ResNet with FPN: <c>fasterrcnn-resnet50-fpn</c>, <c>maskrcnn-resnet50-fpn</c>.</summary>
public sealed record ResNetDetectorDefinition : DetectorDefinition
{
    static readonly Settings<ModelDefinition> settings = new Settings<ResNetDetectorDefinition>()
        .Include(d => d.Config, (d, v) => d with { Config = v }, ResNetConfig.Settings)
        .Include(d => d.Detection, (d, v) => d with { Detection = v }, DetectorConfig.Settings)
        .Of<ModelDefinition>();

    /// <summary>Both, and each with a ResNet whose sizes a recipe gives.</summary>
    public static NetworkFamily Family { get; } = new(
        [
            Form("fasterrcnn-resnet50-fpn", masks: false),
            Form("maskrcnn-resnet50-fpn", masks: true),
        ],
        Form("fasterrcnn-resnet-fpn", masks: false),
        Form("maskrcnn-resnet-fpn", masks: true));

    /// <summary>The backbone.</summary>
    public required ResNetConfig Config { get; init; }

    /// <summary>COCO's category ids up to 90, holes included, as torchvision counts them.</summary>
    public override int PublishedClasses { get; init; } = 90;

    /// <inheritdoc/>
    public override Settings<ModelDefinition> Settings => settings;

    /// <inheritdoc/>
    public override Detector Build(Weights w, int classes) =>
        new(w, new ResNetPyramid(w / "backbone", Config, Detection.Channels), Detection, classes);

    static ResNetDetectorDefinition Form(string name, bool masks) => new()
    {
        Name = name,
        Description = $"torchvision's {(masks ? "Mask" : "Faster")} R-CNN on a ResNet with FPN",
        Config = ResNetConfig.R50,
        Detection = new DetectorConfig { Form = BoxForm.Torchvision, Masks = masks },
        PublishedSize = (800, 1344),
    };
}

/// <summary>A ResNet's four stages through FPN: images [N, 3, H, W] to five maps [N, 256, H/s, W/s] at strides 4 to 64.</summary>
public sealed class ResNetPyramid : Net<Tensor, Tensor[]>
{
    readonly ResNet body;
    readonly TopDownPyramid fpn;

    /// <summary>Builds both.</summary>
    /// <param name="w">Their place.</param>
    /// <param name="config">The backbone.</param>
    /// <param name="channels">Channels of every level.</param>
    /// <exception cref="ArgumentException">Numbers that do not fit each other.</exception>
    public ResNetPyramid(Weights w, ResNetConfig config, int channels = FeaturePyramid.ReleasedChannels) : base(w)
    {
        body = new(w / "body", config);
        fpn = new(w / "fpn", [.. body.Channels.Skip(1)], channels);
    }

    /// <inheritdoc/>
    protected override Tensor[] Forward(Tensor x) => x.Apply(body)[1..].Apply(fpn);
}
