// The networks of segmentation_models.pytorch (Iakubovskii, 2019) over encoders of any kind; each decoder's file names its paper.
// Structure and key names follow segmentation_models.pytorch: encoder, decoder, segmentation_head; encoders of torchvision's names.
// Deviations: logits stay at the decoder's size, and the caller enlarges them with corners aligned, as is done inside there.
using Hwaso.Models.Attention;
using Hwaso.Models.Backbones;
using Hwaso.Models.Decoders;
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>Any encoder under any decoder: <c>fpn-resnet34</c>, <c>unetplusplus-resnet18</c>, …; by recipe <c>fpn</c>, …</summary>
public sealed record EncoderDecoderDefinition : SegmentationDefinition
{
    static readonly string[] encoders = ["resnet18", "resnet34", "resnet50", "resnet101"];

    static readonly (string Name, string Description, PyramidDecoder Decoder)[] decoders =
    [
        ("fpn", "feature pyramid network", new FpnDecoder()),
        ("linknet", "LinkNet", new LinkNetDecoder()),
        ("pan", "pyramid attention network", new PanDecoder()),
        ("manet", "MA-Net", new ManetDecoder()),
        ("unetplusplus", "UNet++", new UNetPlusPlusDecoder()),
        ("smp-pspnet", "PSPNet of segmentation_models.pytorch", new PspDecoder()),
        ("smp-deeplabv3", "DeepLabV3 of segmentation_models.pytorch", new DeepLabDecoder()),
        ("smp-deeplabv3plus", "DeepLabV3+ of segmentation_models.pytorch", new DeepLabPlusDecoder()),
        ("smp-upernet", "UPerNet of segmentation_models.pytorch", new UperDecoder()),
        ("smp-segformer", "SegFormer's decoder of segmentation_models.pytorch", new SegFormerDecoder()),
        ("unet", "U-Net over any encoder", new UNetPyramidDecoder()),
    ];

    // segmentation_models.pytorch's with one class.
    static readonly Dictionary<string, long> published = new()
    {
        ["fpn-resnet34"] = 23_155_393,
        ["linknet-resnet34"] = 21_771_937,
        ["pan-resnet34"] = 21_475_816,
        ["manet-resnet34"] = 31_783_633,
        ["unetplusplus-resnet34"] = 26_078_609,
        ["smp-pspnet-resnet34"] = 21_437_985,
        ["smp-deeplabv3-resnet34"] = 26_007_105,
        ["smp-deeplabv3plus-resnet34"] = 22_437_457,
        ["smp-upernet-resnet34"] = 29_599_681,
        ["smp-segformer-resnet34"] = 21_876_545,
        ["smp-segformer-mit-b0"] = 3_714_401,
        ["smp-segformer-mit-b2"] = 24_722_369,
    };

    static readonly Settings<EncoderDecoderDefinition> common = new Settings<EncoderDecoderDefinition>()
        .Choice("encoder", d => d.Encoder, (d, v) => d with { Encoder = v }, PyramidEncoder.Names,
            "the encoder under a decoder that takes any; `resnet34`, `resnet50` of `deeplabv3plus`, `pspnet` and `upernet`")
        .Add(AttentionModule.Setting<EncoderDecoderDefinition>(d => d.Attention, (d, v) => d with { Attention = v }))
        .Require(d => d.Check());

    /// <summary>Every one with a name, and each decoder with an encoder of the recipe's choice.</summary>
    public static NetworkFamily Family { get; } = new(
    [
        .. decoders.SkipLast(1).SelectMany(d => encoders.Select(e => Of($"{d.Name}-{e}", d.Description, e, d.Decoder))),
        .. MixTransformerConfig.Sizes.Select(s =>
            Of($"smp-segformer-mit-{s.Name}", "SegFormer of segmentation_models.pytorch", $"mit-{s.Name}", new SegFormerDecoder())),
    ],
    [.. decoders.Select(d => Of(d.Name, d.Description, "resnet34", d.Decoder))]);

    /// <summary>The encoder.</summary>
    public required PyramidEncoder Encoder { get; init; }

    /// <summary>The decoder.</summary>
    public required PyramidDecoder Decoder { get; init; }

    /// <summary>The module in the encoder's residual blocks; null for none.</summary>
    public AttentionModule? Attention { get; init; }

    /// <inheritdoc/>
    public override int PublishedClasses { get; init; } = 1;

    /// <inheritdoc/>
    public override int InChannels { get; init; } = ColourChannels;

    /// <inheritdoc/>
    public override Settings<ModelDefinition> Settings => common
        .Section("decoder", d => d.Decoder, (d, v) => d with { Decoder = v }, Decoder.Settings)
        .Of<ModelDefinition>();

    /// <inheritdoc/>
    public override SegmentationDefinition Deployed => this;

    /// <inheritdoc/>
    public override SegmentationNet Build(Weights w, int classes) => new PyramidNet(w, BuildEncoder, Decoder, classes);

    static EncoderDecoderDefinition Of(string name, string description, string encoder, PyramidDecoder decoder) => new()
    {
        Name = name,
        Description = description,
        Encoder = PyramidEncoder.Find(encoder),
        Decoder = decoder,
        PublishedParameters = published.TryGetValue(name, out var count) ? count : null,
        PublishedSize = (512, 512),
    };

    Backbone BuildEncoder(Weights w) => Encoder.Build(w, new EncoderForm(
        Decoder.OutputStride, Decoder.Depth, InChannels, Attention, EncoderConvention.SegmentationModels));

    void Check()
    {
        if (Attention is not null && !Encoder.HasResidualBlocks)
            throw new SettingException("attention", $"{Encoder.Name} has no residual blocks for {Attention.Name}; remove it, or take an "
                + "encoder that has, such as resnet34");
    }
}

/// <summary>An encoder, a decoder on its maps, and a convolution to the classes: logits at the decoder's size.</summary>
public sealed class PyramidNet : SegmentationNet
{
    /// <summary>How often a pyramid halves the image at most.</summary>
    const int Halvings = 5;

    readonly Backbone encoder;
    readonly Net<Tensor[], Tensor> decoder;
    readonly UNetHead segmentation_head;
    readonly int[] used;

    /// <summary>Builds the network.</summary>
    /// <exception cref="ArgumentException">Numbers that do not fit each other, or an encoder that lacks what the decoder
    /// wants.</exception>
    public PyramidNet(Weights w, Func<Weights, Backbone> build, PyramidDecoder config, int classes) : base(w, classes, alignCorners: true)
    {
        encoder = build(w / "encoder");
        // A transformer's first map is at a quarter of the image's size: it has one halving fewer.
        var absent = Halvings - encoder.Ends.Count;
        used = [.. encoder.Ends.Take(config.Depth - absent)];
        decoder = config.Build(w / "decoder", [.. Enumerable.Repeat(0, absent), .. used.Select(map => encoder.Channels[map])]);
        segmentation_head = new(w / "segmentation_head", config.Features, classes, config.HeadKernel);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> HeadPaths => ["decoder", "segmentation_head"];

    /// <inheritdoc/>
    public override void InitialiseAsPublished()
    {
        const int TransposedKernel = 4;
        encoder.InitialiseAsPublished();
        foreach (var (name, tensor) in decoder.Weights.Parameters)
            if (tensor.Dimensions == 4 && tensor.Size(2) != TransposedKernel)
            {
                Init.KaimingUniform(tensor, 0);
                var bias = name.Replace(".weight", ".bias", StringComparison.Ordinal);
                foreach (var (_, own) in decoder.Weights.Parameters.Where(p => p.Key == bias))
                    Init.Constant(own, 0);
            }
        segmentation_head.InitialiseAsPublished();
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x)
    {
        var maps = x.Apply(encoder);
        Tensor[] imageAndMaps = [x, .. used.Select(map => maps[map])];
        return imageAndMaps.Apply(decoder).Apply(segmentation_head);
    }
}
