// Yuan et al., "Object-contextual representations for semantic segmentation", ECCV 2020: OCR on HRNetV2.
// Key names follow HRNet-Semantic-Segmentation, branch HRNet-OCR (seg_hrnet_ocr.py), whose body and head have no prefix.
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>An HRNetV2 of any size under an OCR head: <c>hrnetv2-w48-ocr</c>, …; the released ones align corners.</summary>
public sealed record HRNetOcrDefinition : HRNetSegmentationDefinition
{
    static readonly Settings<ModelDefinition> settings = new Settings<HRNetOcrDefinition>()
        .AlignCorners(d => d.Config.AlignCorners, (d, v) => d with { Config = d.Config with { AlignCorners = v } })
        .Include(d => d.Config, (d, v) => d with { Config = v }, HRNetConfig.Settings)
        .Section("ocr", d => d.Ocr, (d, v) => d with { Ocr = v }, OcrConfig.Settings)
        .Of<ModelDefinition>();

    // The official implementation's, 19 classes.
    static readonly Dictionary<string, long> published = new() { ["hrnetv2-w48-ocr"] = 70_372_678 };

    /// <summary>Every one with a name, and <c>hrnetv2-ocr</c>.</summary>
    public static NetworkFamily Family { get; } = HRNetFamily.Of(
        Form("hrnetv2-ocr", HRNetFamily.Body), published,
        (size, config) => Form($"hrnetv2-{size}-ocr", config) with { PublishedSize = (512, 1024) });

    /// <summary>The head's widths.</summary>
    public OcrConfig Ocr { get; init; } = new();

    /// <inheritdoc/>
    public override int PublishedClasses { get; init; } = 19;

    /// <inheritdoc/>
    public override Settings<ModelDefinition> Settings => settings;

    /// <inheritdoc/>
    public override SegmentationNet Build(Weights w, int classes) => new HRNetOcr(w, Config, Ocr, classes);

    static HRNetOcrDefinition Form(string name, HRNetConfig config) =>
        new() { Name = name, Description = "HRNetV2 with object-contextual representations", Config = config with { AlignCorners = true } };
}

/// <summary>
/// HRNetV2's four branches, upsampled to the finest and concatenated, under an OCR head: logits at stride 4, and auxiliary ones to learn
/// by.
/// </summary>
public sealed class HRNetOcr : SegmentationNet, ISeveralOutputs
{
    readonly HRNet body;
    readonly OcrHead head;
    readonly bool alignCorners;

    /// <summary>Builds the network; the released ones align corners.</summary>
    /// <exception cref="ArgumentException">Stages that do not fit.</exception>
    public HRNetOcr(Weights w, HRNetConfig config, OcrConfig ocr, int classes) : base(w, classes, config.AlignCorners)
    {
        body = new(w, config);
        head = new(w, ocr, body.Channels.Sum(), classes, config.Momentum);
        alignCorners = config.AlignCorners;
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> OutputNames => ["aux", ""];

    /// <inheritdoc/>
    public IReadOnlyList<string> PublishedOrder => OutputNames;

    /// <inheritdoc/>
    public override IReadOnlyList<string> HeadPaths => OcrHead.Modules;

    /// <summary>
    /// The authors' initial values: the body's convolutions normal with deviation 0.001, the head's as PyTorch leaves them.
    /// </summary>
    public override void InitialiseAsPublished() => HRNetValues.Normal(Weights, HRNetValues.Deviation, OcrHead.Modules);

    /// <summary>
    /// Both logits, each [N, K, H/4, W/4]: the auxiliary ones, then the network's answer. The published loss weighs them 0.4 and 1.
    /// </summary>
    public Tensor[] Outputs(Tensor image)
    {
        var branches = image.Apply(body);
        var (height, width) = (branches[0].Size(2), branches[0].Size(3));
        var upsampled = branches.Select((branch, b) => b == 0 ? branch : branch.ResizeBilinear(height, width, alignCorners));
        return Tensor.Concat(upsampled, 1).Apply(head);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => Outputs(x)[1];
}
