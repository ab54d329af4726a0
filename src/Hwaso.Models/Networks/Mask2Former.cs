// Cheng et al., "Masked-attention mask transformer for universal image segmentation", CVPR 2022. Structure and key names of the head
// follow the authors' code (facebookresearch/Mask2Former): sem_seg_head.pixel_decoder, sem_seg_head.predictor. Deviations:
// - a ResNet's names are torchvision's; the authors' files have detectron2's, which import converts
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>Mask2Former over any encoder of four stages: <c>mask2former-resnet50</c>, …; by recipe <c>mask2former</c>.</summary>
public sealed record Mask2FormerDefinition : SegmentationDefinition
{
    const int CropPx = 512;

    static readonly Settings<ModelDefinition> settings = new Settings<Mask2FormerDefinition>()
        .Choice("encoder", d => d.Encoder, (d, v) => d with { Encoder = v }, PyramidEncoder.Names, "the encoder")
        .Section("mask2former", d => d.Head, (d, v) => d with { Head = v }, Mask2FormerConfig.Settings)
        .Of<ModelDefinition>();

    /// <summary>Every one with a name, and <c>mask2former</c>.</summary>
    public static NetworkFamily Family { get; } = new(
    [
        Of("mask2former-resnet50", "Mask2Former", "resnet50"), Of("mask2former-resnet101", "Mask2Former", "resnet101"),
        .. SwinConfig.Sizes.Select(size => Of($"mask2former-swin-{size.Name}", "Mask2Former on Swin transformer", $"swin-{size.Name}")),
    ],
    Of("mask2former", "Mask2Former", "resnet50"));

    /// <summary>The encoder.</summary>
    public required PyramidEncoder Encoder { get; init; }

    /// <summary>Pixel decoder and queries.</summary>
    public Mask2FormerConfig Head { get; init; } = new();

    /// <inheritdoc/>
    public override int PublishedClasses { get; init; } = 150;

    /// <inheritdoc/>
    public override int InChannels { get; init; } = ColourChannels;

    /// <inheritdoc/>
    public override Settings<ModelDefinition> Settings => settings;

    /// <inheritdoc/>
    public override SegmentationDefinition Deployed => this;

    /// <inheritdoc/>
    public override SegmentationNet Build(Weights w, int classes) => new Mask2Former(w, BuildEncoder, Head, classes);

    static Mask2FormerDefinition Of(string name, string description, string encoder) => new()
    {
        Name = name,
        Description = description,
        Encoder = PyramidEncoder.Find(encoder),
        PublishedSize = (CropPx, CropPx),
    };

    Backbone BuildEncoder(Weights w) => Encoder.Build(w, new EncoderForm(
        EncoderForm.Plain, Mask2Former.Halvings, InChannels, null, EncoderConvention.SegmentationModels));
}

/// <summary>
/// An encoder, a pixel decoder and queries with masked attention: scores of classes [N, K, H, W], sums of probabilities from 0 on.
/// </summary>
public sealed class Mask2Former : SegmentationNet, IMaskQueries, ISeveralOutputs
{
    /// <summary>How often its encoder halves the image.</summary>
    internal const int Halvings = 5;

    const int Levels = 4, Stride = 1 << Halvings;

    readonly Backbone backbone;
    readonly Mask2FormerHead sem_seg_head;
    readonly int[] used;
    readonly Mask2FormerConfig config;

    /// <summary>Builds the network.</summary>
    /// <exception cref="ArgumentException">Numbers that do not fit each other.</exception>
    public Mask2Former(Weights w, Func<Weights, Backbone> build, Mask2FormerConfig config, int classes)
        : base(w, classes, alignCorners: false)
    {
        this.config = config;
        backbone = build(w / "backbone");
        used = [.. backbone.Ends.TakeLast(Levels)];
        sem_seg_head = new(w / "sem_seg_head", [.. used.Select(map => backbone.Channels[map])], config, classes);
    }

    /// <inheritdoc/>
    public int Queries => config.Queries;

    /// <inheritdoc/>
    public int Multiple => Stride;

    /// <inheritdoc/>
    public override IReadOnlyList<string> HeadPaths => ["sem_seg_head"];

    /// <inheritdoc/>
    public IReadOnlyList<string> OutputNames =>
        [.. Enumerable.Range(0, config.DecoderLayers + 1).SelectMany(k => new[] { $"class_logits{k}", $"mask_logits{k}" }), ""];

    /// <inheritdoc/>
    public override void InitialiseAsPublished()
    {
        backbone.InitialiseAsPublished();
        sem_seg_head.InitialiseAsPublished();
    }

    /// <inheritdoc/>
    public IReadOnlyList<MaskPrediction> Predictions(Tensor image)
    {
        var maps = ImagePadding.To(image, Stride).Apply(backbone);
        return sem_seg_head.Predictions([.. used.Select(map => maps[map])]);
    }

    /// <inheritdoc/>
    public MaskPrediction Answer(Tensor image) => Predictions(image)[^1];

    /// <inheritdoc/>
    public Tensor[] Outputs(Tensor image)
    {
        var predictions = Predictions(image);
        return [.. predictions.SelectMany(p => p.All), predictions[^1].Semantic(image.Size(2), image.Size(3), Stride)];
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => Answer(x).Semantic(x.Size(2), x.Size(3), Stride);
}

/// <summary>Pixel decoder and queries: four maps, finest first, to predictions.</summary>
public sealed class Mask2FormerHead : Module
{
    readonly DeformablePixelDecoder pixel_decoder;
    readonly MaskDecoder predictor;

    /// <summary>Builds both.</summary>
    /// <param name="w">Their place.</param>
    /// <param name="channels">Channels of the four maps.</param>
    /// <param name="config">Their sizes.</param>
    /// <param name="classes">K.</param>
    /// <exception cref="ArgumentException">Numbers that do not fit each other.</exception>
    public Mask2FormerHead(Weights w, IReadOnlyList<int> channels, Mask2FormerConfig config, int classes) : base(w)
    {
        config.Check();
        pixel_decoder = new(w / "pixel_decoder", channels, config);
        predictor = new(w / "predictor", config, classes);
    }

    /// <summary>The pixel decoder's maps: one for masks, and three for queries, coarsest first.</summary>
    public Tensor[] Features(Tensor[] maps) => maps.Apply(pixel_decoder);

    /// <summary>What the queries say before the first layer and after each.</summary>
    /// <param name="features">As <see cref="Features"/> gives them.</param>
    public IReadOnlyList<MaskPrediction> PredictionsOf(Tensor[] features) => predictor.Of(features);

    /// <summary>The same from four maps.</summary>
    public IReadOnlyList<MaskPrediction> Predictions(Tensor[] maps) => PredictionsOf(Features(maps));

    /// <summary>Gives the weights the initial values that the authors begin with.</summary>
    public void InitialiseAsPublished()
    {
        pixel_decoder.InitialiseAsPublished();
        predictor.InitialiseAsPublished();
    }
}
