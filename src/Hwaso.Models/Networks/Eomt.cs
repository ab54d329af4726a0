// Kerssies et al., "Your ViT is secretly an image segmentation model", CVPR 2025. Structure and key names follow the authors' code
// (tue-mps/eomt, models/eomt.py) over timm's vision transformer. Deviations:
// - images come normalised, as everywhere here: pixel_mean and pixel_std stand for the sake of the official files and take no part
// - an image whose sides are no multiples of the patch is padded right and below with zeros; the authors' code refuses it, as it refuses
//   images of another size than the position embedding's, which is interpolated here
// - the answer never masks attention: the authors' does as long as attn_mask_probs are not 0, in the middle of training
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>What distinguishes one EoMT from another of the same transformer.</summary>
public sealed record EomtConfig
{
    /// <summary>The settings of the section <c>eomt</c>.</summary>
    public static Settings<EomtConfig> Settings { get; } = new Settings<EomtConfig>()
        .Int("queries", c => c.Queries, (c, v) => c with { Queries = v }, 1, "queries of an `eomt`, the most objects that it finds; 100")
        .Int("blocks", c => c.Blocks, (c, v) => c with { Blocks = v }, 1,
            "the last blocks of the transformer, which see queries too; 4, 3 in the small ones, 5 in the giant")
        .Flag("masked", c => c.Masked, (c, v) => c with { Masked = v },
            "whether queries see only their own masks in training, ever fewer of them; true")
        .Int("image_width", c => c.ImageWidthPx, (c, v) => c with { ImageWidthPx = v }, 1,
            "width of the images that the position embedding is for, where it is not `transformer.image`, their height");

    /// <summary>Q.</summary>
    public int Queries { get; init; } = 100;

    /// <summary>How many of the last blocks the queries pass.</summary>
    public int Blocks { get; init; } = 4;

    /// <summary>Whether attention of queries is masked in training, which also makes predictions before each of those blocks.</summary>
    public bool Masked { get; init; } = true;

    /// <summary>Width of the images that the position embedding is for; null where it is their height.</summary>
    public int? ImageWidthPx { get; init; }
}

/// <summary>An encoder-only mask transformer: <c>eomt-dinov2-s</c> to <c>eomt-dinov2-g</c>; by recipe <c>eomt</c>.</summary>
public sealed record EomtDefinition : SegmentationDefinition
{
    const int CropPx = 512, PatchPx = 16;

    static readonly Settings<ModelDefinition> settings = new Settings<EomtDefinition>()
        .Section("transformer", d => d.Config, (d, v) => d with { Config = v }, DinoConfig.Settings)
        .Section("eomt", d => d.Head, (d, v) => d with { Head = v }, EomtConfig.Settings)
        .Require(d => d.Check())
        .Of<ModelDefinition>();

    /// <summary>Every one with a name, and <c>eomt</c>.</summary>
    public static NetworkFamily Family { get; } = new(
    [
        Of("eomt-dinov2-s", DinoConfig.ViTS14, 3), Of("eomt-dinov2-b", DinoConfig.ViTB14, 3),
        Of("eomt-dinov2-l", DinoConfig.ViTL14, 4) with { PublishedParameters = 316_020_887 },
        Of("eomt-dinov2-g", DinoConfig.ViTG14, 5) with { Description = "EoMT on DINOv2 with gates" },
    ],
    Of("eomt", DinoConfig.ViTS14, 3));

    /// <summary>The transformer; its taps have no part.</summary>
    public required DinoConfig Config { get; init; }

    /// <summary>The queries.</summary>
    public EomtConfig Head { get; init; } = new();

    /// <inheritdoc/>
    public override int PublishedClasses { get; init; } = 150;

    /// <inheritdoc/>
    public override Settings<ModelDefinition> Settings => settings;

    /// <inheritdoc/>
    public override SegmentationDefinition Deployed => this;

    /// <inheritdoc/>
    public override SegmentationNet Build(Weights w, int classes) => new Eomt(w, Config, Head, classes);

    static EomtDefinition Of(string name, DinoConfig config, int blocks) => new()
    {
        Name = name,
        Description = "EoMT on DINOv2",
        Config = (config with { PatchPx = PatchPx, ImagePx = CropPx }).WithRegisters(),
        Head = new() { Blocks = blocks },
        PublishedSize = (CropPx, CropPx),
    };

    void Check()
    {
        if (Head.Blocks > Config.Depth)
            throw new SettingException("eomt.blocks", $"{Head.Blocks} blocks with queries of {Config.Depth} in all; at most as many fit");
        if (Head.ImageWidthPx < Config.PatchPx)
            throw new SettingException("eomt.image_width",
                $"images of a width of {Head.ImageWidthPx} pixels; at least one patch of {Config.PatchPx} was wanted");
    }
}

/// <summary>
/// A vision transformer whose last blocks see queries among its tokens: scores of classes [N, K, H, W], sums of probabilities from 0 on.
/// </summary>
public sealed class Eomt : SegmentationNet, IMaskQueries, ISeveralOutputs, IFollowsTraining
{
    readonly QueryMasks masks;
    readonly QueryTransformer backbone;
    readonly Tensor q;
    readonly Linear class_head;
    readonly MaskEmbedding mask_head;
    readonly Upscaling[] upscale;
    readonly EomtConfig head;
    readonly int patchPx;

    /// <summary>Builds the network.</summary>
    /// <exception cref="ArgumentException">Numbers that do not fit each other.</exception>
    public Eomt(Weights w, DinoConfig config, EomtConfig head, int classes) : base(w, classes, alignCorners: false)
    {
        (this.head, patchPx) = (head, config.PatchPx);
        masks = new(w, head.Blocks) { Between = 1 + config.Registers };
        var encoder = w / "encoder";
        PerChannel(encoder, "pixel_mean", [0.485f, 0.456f, 0.406f]);
        PerChannel(encoder, "pixel_std", [0.229f, 0.224f, 0.225f]);
        backbone = new(encoder / "backbone", config, head.ImageWidthPx);
        var d = config.Width;
        q = (w / "q").Parameter("weight", [head.Queries, d], t => Init.Normal(t, 1));
        class_head = new(w / "class_head", d, classes + 1);
        mask_head = new(w / "mask_head", d, 2, place => new GELU(place));
        // Down to 4 pixels of the image to one of a mask.
        upscale = [.. Enumerable.Range(0, Math.Max(int.Log2(patchPx) - 2, 1)).Select(k => new Upscaling(w / "upscale" / k, d))];
    }

    /// <inheritdoc/>
    public int Queries => head.Queries;

    /// <inheritdoc/>
    public int Multiple => patchPx;

    /// <inheritdoc/>
    public override IReadOnlyList<string> HeadPaths => ["q", "class_head", "mask_head", "upscale"];

    /// <inheritdoc/>
    public IReadOnlyList<string> OutputNames =>
        [.. Enumerable.Range(0, head.Masked ? head.Blocks + 1 : 1).SelectMany(k => new[] { $"class_logits{k}", $"mask_logits{k}" }), ""];

    /// <summary>Nothing to do: transformer, queries and heads have their published values already.</summary>
    public override void InitialiseAsPublished()
    {
    }

    /// <inheritdoc/>
    public void FollowTraining(double progress) => masks.Anneal(progress);

    /// <inheritdoc/>
    public Tensor[] Outputs(Tensor image) => [.. Predictions(image).SelectMany(p => p.All), Call(image)];

    /// <inheritdoc/>
    public IReadOnlyList<MaskPrediction> Predictions(Tensor image) => Run(image, head.Masked);

    /// <inheritdoc/>
    public MaskPrediction Answer(Tensor image) => Run(image, masked: false)[^1];

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => Answer(x).Semantic(x.Size(2), x.Size(3), patchPx);

    List<MaskPrediction> Run(Tensor image, bool masked)
    {
        using var scope = new Scope();
        var (tokens, sides) = backbone.Embed(ImagePadding.To(image, patchPx));
        var (blocks, first) = (backbone.Blocks, backbone.Blocks.Count - head.Blocks);
        var predictions = new List<MaskPrediction>();
        for (var b = 0; b < blocks.Count; b++)
        {
            if (b == first)
                tokens = Tensor.Concat([Aten.Expand(q.Unsqueeze(0), [tokens.Size(0), -1, -1]), tokens], 1);
            Tensor[] input = [tokens];
            if (masked && b >= first)
            {
                predictions.Add(Predict(tokens, sides));
                var seen = predictions[^1].MaskLogits.Detach().ResizeBilinear(sides.Height, sides.Width).Flatten(2);
                input = [tokens, new[] { seen, masks.Probability(b - first) }.Apply(masks)];
            }
            tokens = input.Apply(blocks[b]);
        }
        predictions.Add(Predict(tokens, sides));
        scope.Keep([.. predictions.SelectMany(p => p.All)]);
        return predictions;
    }

    MaskPrediction Predict(Tensor tokens, (long Height, long Width) sides)
    {
        var normed = tokens.Apply(backbone.Norm);
        var queries = normed.Narrow(1, 0, head.Queries);                        // [N, Q, D]
        var patches = sides.Height * sides.Width;
        var map = normed.Narrow(1, normed.Size(1) - patches, patches).Transpose(1, 2)
            .Reshape(normed.Size(0), normed.Size(2), sides.Height, sides.Width);
        foreach (var step in upscale)
            map = map.Apply(step);                                              // [N, D, H/4, W/4]
        var logits = queries.Apply(mask_head).Times(map.Flatten(2));
        return new(queries.Apply(class_head), logits.Reshape(map.Size(0), head.Queries, map.Size(2), map.Size(3)));
    }

    static void PerChannel(Weights w, string name, float[] values)
    {
        var buffer = w.Buffer(name, [1, values.Length, 1, 1]);
        // A sketch has shapes alone.
        if (!buffer.IsHollow)
            using (new Scope())
                buffer.CopyFrom(Tensor.From(values, 1, values.Length, 1, 1).ToHost());
    }

    /// <summary>Twice the size: a transposed convolution, GELU, a depthwise convolution and a norm over channels.</summary>
    sealed class Upscaling : Net
    {
        const double Epsilon = 1e-6;

        readonly ConvTranspose2d conv1;
        readonly GELU act;
        readonly Conv2d conv2;
        readonly ChannelNorm norm;

        public Upscaling(Weights w, int width) : base(w)
        {
            conv1 = new(w / "conv1", width, width, kernel: 2, stride: 2);
            act = new(w / "act");
            conv2 = new(w / "conv2", width, width, kernel: 3, groups: width);
            norm = new(w / "norm", width, Epsilon);
        }

        protected override Tensor Forward(Tensor x) => x.Apply(conv1).Apply(act).Apply(conv2).Apply(norm);
    }
}
