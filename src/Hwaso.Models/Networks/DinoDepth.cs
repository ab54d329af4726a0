// Depth from one image by a frozen DINOv2 and a head on it: Oquab et al., "DINOv2: learning robust visual features without supervision",
// TMLR 2024. Structure and key names follow the authors' code (dinov2/hub/depthers.py, hub/depth/encoder_decoder.py): backbone.* and
// decode_head.*; their files keep the two apart, the backbone's without prefix.
// Deviations: a transformer with registers can be given too, for heads of one's own: the authors' heads were trained without. As there, the
// image is centre-padded to multiples of 14 and the depth of the padded image is resized, not cropped, to the image.
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>
/// A DINOv2 of any size, alone or with a depth head: <c>dinov2-vits14</c>, <c>dinov2-vits14-reg</c>, <c>dinov2-vits14-depth-dpt</c>, …
/// </summary>
public sealed record DinoDefinition : ModelDefinition
{
    static readonly Settings<ModelDefinition> settings = new Settings<DinoDefinition>()
        .Section("transformer", d => d.Config, (d, v) => d with { Config = v }, DinoConfig.Settings)
        .Add(new VariantSetting<DinoDefinition, DepthHead>(
            "depth_head", DepthHead.All, d => d.Head, (d, v) => d with { Head = v }, "the depth head on the transformer", byName: false))
        .Require(CheckHead)
        .Of<ModelDefinition>();

    static void CheckHead(DinoDefinition network)
    {
        try
        {
            network.Head?.CheckRange();
        }
        catch (SettingException error)
        {
            throw new SettingException($"depth_head.{error.Key}", error.Message);
        }
    }

    // Counts of the official implementation.
    static readonly (string Size, DinoConfig Config, long? Parameters)[] sizes =
    [
        ("vits14", DinoConfig.ViTS14, 22_056_576),
        ("vitb14", DinoConfig.ViTB14, 86_580_480),
        ("vitl14", DinoConfig.ViTL14, null),
        ("vitg14", DinoConfig.ViTG14, 1_136_480_768),
    ];

    /// <summary>Every one with a name: the transformers, those with registers, the depth networks; and <c>dinov2</c>.</summary>
    public static NetworkFamily Family { get; } = new(
    [
        .. sizes.Select(s => Transformer($"dinov2-{s.Size}", s.Config) with { PublishedParameters = s.Parameters }),
        .. sizes.Select(s => Registered($"dinov2-{s.Size}-reg", s.Config)),
        .. sizes.SelectMany(s => DepthHead.All.Select(h => Depth($"dinov2-{s.Size}-depth-{h.Name}", s.Config, h))),
    ],
    Transformer("dinov2", DinoConfig.ViTS14));

    /// <summary>The transformer.</summary>
    public required DinoConfig Config { get; init; }

    /// <summary>What makes it a depth network; null for the transformer alone.</summary>
    public DepthHead? Head { get; init; }

    /// <inheritdoc/>
    public override ModelTask Task => Head is null ? ModelTask.Features : ModelTask.Depth;

    /// <inheritdoc/>
    public override int PublishedClasses { get; init; }

    /// <inheritdoc/>
    public override Settings<ModelDefinition> Settings => settings;

    /// <inheritdoc/>
    public override Net Build(Weights w, int classes) =>
        Head is null ? new DinoVisionTransformer(w, Config) : new DinoDepth(w, Config, Head);

    static DinoDefinition Transformer(string name, DinoConfig config) =>
        new() { Name = name, Description = "DINOv2 vision transformer", Config = config };

    static DinoDefinition Registered(string name, DinoConfig config) =>
        new() { Name = name, Description = "DINOv2 vision transformer with four registers", Config = config.WithRegisters() };

    static DinoDefinition Depth(string name, DinoConfig config, DepthHead head) =>
        new() { Name = name, Description = $"DINOv2 with the {head.Name} depth head, to {head.MaxDepth} m", Config = config, Head = head };
}

/// <summary>An image [N, 3, H, W], normalised as DINOv2's, to depth in metres [N, 1, H, W].</summary>
public sealed class DinoDepth : Net
{
    readonly DinoVisionTransformer backbone;
    readonly Net<PatchFeatureList, Tensor> decode_head;
    readonly DepthHead head;
    readonly IReadOnlyList<int> taps;

    /// <summary>Builds both.</summary>
    /// <exception cref="ArgumentException">Numbers that do not fit each other.</exception>
    public DinoDepth(Weights w, DinoConfig config, DepthHead head) : base(w)
    {
        this.head = head;
        config.Check();
        taps = head.Taps(config);
        backbone = new(w / "backbone", config);
        decode_head = head.Build(w / "decode_head", config);
    }

    /// <summary>The head, with its range of depths.</summary>
    public DepthHead Head => head;

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor image)
    {
        var depth = backbone.IntermediateLayers(image, taps, norm: false).Apply(decode_head);
        return Aten.Clamp(depth, head.MinDepth, head.MaxDepth).ResizeBilinear(image.Size(2), image.Size(3));
    }
}
