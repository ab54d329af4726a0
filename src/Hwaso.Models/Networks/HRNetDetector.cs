// Wang et al., TPAMI 2020, section 5: HRNetV2p with Faster and Mask R-CNN. Key names and conventions follow the authors'
// HRNet-Object-Detection (after mmdetection 0.6), or mmdetection 2 and 3 by the setting `conventions`.
// Deviations: none known in the networks; the Cascade heads of that repository are not here.
using Hwaso.Models.Backbones;
using Hwaso.Models.Detectors;
using Hwaso.Nn;
using Hwaso.Nn.Boxes;
using Hwaso.Recipes;

namespace Hwaso.Models.Networks;

/// <summary>A detector that can be built.</summary>
public abstract record DetectorDefinition : ModelDefinition
{
    /// <summary>Conventions and numbers.</summary>
    public required DetectorConfig Detection { get; init; }

    /// <inheritdoc/>
    public sealed override ModelTask Task => ModelTask.Detection;

    /// <inheritdoc/>
    public abstract override Detector Build(Weights w, int classes);
}

/// <summary>An HRNetV2p with detection heads: <c>faster-rcnn-hrnetv2p-w18</c>, <c>mask-rcnn-hrnetv2p-w18</c>, ….</summary>
public sealed record HRNetDetectorDefinition : DetectorDefinition
{
    static readonly NamedValues<BoxForm> conventions = new(("authors", BoxForm.Authors), ("mmdetection", BoxForm.Mmdetection));

    static readonly Settings<ModelDefinition> settings = new Settings<HRNetDetectorDefinition>()
        .Include(d => d.Config, (d, v) => d with { Config = v }, HRNetConfig.Settings)
        .Choice("conventions", d => d.Detection.Form, (d, v) => d with { Detection = d.Detection with { Form = v } }, conventions,
            "whose key names, boxes and losses a detector on an HRNet follows: `authors` or `mmdetection`")
        .Include(d => d.Detection, (d, v) => d with { Detection = v }, DetectorConfig.Settings)
        .Of<ModelDefinition>();

    // Counts of the authors' code, which Mask R-CNN has in other places of its tables only.
    static readonly Dictionary<string, long> published = new()
    {
        ["faster-rcnn-hrnetv2p-w18"] = 27_486_776,
        ["faster-rcnn-hrnetv2p-w32"] = 47_283_812,
        ["faster-rcnn-hrnetv2p-w40"] = 63_530_212,
        ["faster-rcnn-hrnetv2p-w48"] = 83_364_836,
    };

    /// <summary>Those with a name, <c>faster-rcnn-hrnetv2p</c> and <c>mask-rcnn-hrnetv2p</c>.</summary>
    public static NetworkFamily Family { get; } = Of(
        Forms("faster-rcnn-hrnetv2p", "Faster R-CNN on HRNetV2p", masks: false),
        Forms("mask-rcnn-hrnetv2p", "Mask R-CNN on HRNetV2p", masks: true));

    /// <summary>The body.</summary>
    public required HRNetConfig Config { get; init; }

    /// <inheritdoc/>
    public override int PublishedClasses { get; init; } = 80;

    /// <inheritdoc/>
    public override Settings<ModelDefinition> Settings => settings;

    /// <inheritdoc/>
    public override Detector Build(Weights w, int classes)
    {
        var reduction = Detection.Form == BoxForm.Mmdetection ? "conv" : "0";
        return new Detector(w, new HRNetV2p(w, Config, Detection.Channels, reduction), Detection, classes);
    }

    static NetworkFamily Of(NetworkFamily boxes, NetworkFamily masks) =>
        new([.. boxes.Named, .. masks.Named], [.. boxes.BySizes, .. masks.BySizes]);

    static NetworkFamily Forms(string name, string description, bool masks)
    {
        HRNetDetectorDefinition Form(string own, HRNetConfig config) => new()
        {
            Name = own,
            Description = description,
            Config = config,
            Detection = new DetectorConfig { Form = BoxForm.Authors, Masks = masks },
            PublishedSize = (800, 1344),
        };
        return HRNetFamily.Of(Form(name, HRNetFamily.Body), published, (size, config) => Form($"{name}-{size}", config));
    }
}
