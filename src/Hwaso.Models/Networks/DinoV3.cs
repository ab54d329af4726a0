// Siméoni et al., "DINOv3", 2025; rotary positions: Su et al., "RoFormer", 2021. Structure and key names follow the authors' code
// (dinov3/models/vision_transformer.py, dinov3/layers). Deviations:
// - an image whose sides are no multiples of the patch is centre-padded with zeros, as DINOv2's is here; the authors' code refuses it
// - positions are neither shifted nor scaled at random in training: that belongs to the pre-training, as mask_token does, which takes no
//   part
// - the form of 7 billion parameters, whose biases and norms differ, is missing
using Hwaso.Models.Backbones;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>What distinguishes one DINOv3 vision transformer from another; the named sizes are the authors'.</summary>
public sealed record DinoV3Config
{
    /// <summary>The settings of the section <c>dinov3</c>.</summary>
    public static Settings<DinoV3Config> Settings { get; } = new Settings<DinoV3Config>()
        .Int("width", c => c.Width, (c, v) => c with { Width = v }, 1, "width of a token of `dinov3`; 384")
        .Int("depth", c => c.Depth, (c, v) => c with { Depth = v }, 1, "transformer blocks; 12")
        .Int("heads", c => c.Heads, (c, v) => c with { Heads = v }, 1,
            "attention heads; each has a multiple of 4 of the width; 6")
        .Int("patch", c => c.PatchPx, (c, v) => c with { PatchPx = v }, 1, "side of a patch in pixels; 16")
        .Int("storage", c => c.StorageTokens, (c, v) => c with { StorageTokens = v }, 1, "tokens without a place; 4")
        .Int("mlp_ratio", c => c.MlpRatio, (c, v) => c with { MlpRatio = v }, 1,
            "width of the token-wise networks, in widths of a token; with a gate two thirds of it; 4, 6 with a gate")
        .Flag("gated", c => c.Gated, (c, v) => c with { Gated = v }, "whether the token-wise networks have a gate (SwiGLU); false")
        .Require(c => c.Check());

    /// <summary>Every named size, smallest first.</summary>
    public static IReadOnlyList<(string Name, DinoV3Config Config)> Sizes { get; } =
    [
        ("vits16", new()),
        ("vits16plus", new() { Gated = true, MlpRatio = 6 }),
        ("vitb16", new() { Width = 768, Heads = 12 }),
        ("vitl16", new() { Width = 1024, Depth = 24, Heads = 16 }),
        ("vith16plus", new() { Width = 1280, Depth = 32, Heads = 20, Gated = true, MlpRatio = 6 }),
    ];

    /// <summary>D, the width of a token.</summary>
    public int Width { get; init; } = 384;

    /// <summary>Transformer blocks.</summary>
    public int Depth { get; init; } = 12;

    /// <summary>Attention heads, each of Width / Heads.</summary>
    public int Heads { get; init; } = 6;

    /// <summary>Side of a patch in pixels.</summary>
    public int PatchPx { get; init; } = 16;

    /// <summary>Tokens without a place, between the class token and the patches.</summary>
    public int StorageTokens { get; init; } = 4;

    /// <summary>Width of the token-wise networks, in multiples of Width; with a gate two thirds of that.</summary>
    public int MlpRatio { get; init; } = 4;

    /// <summary>Whether the token-wise networks have a gate.</summary>
    public bool Gated { get; init; }

    /// <summary>The longest period of the rotary positions is this, where the image's sides have the length 2.</summary>
    public double RotaryBase { get; init; } = 100;

    /// <summary>First value of LayerScale's factors.</summary>
    public double InitialScale { get; init; } = 1e-5;

    /// <summary>Checks that the numbers fit each other.</summary>
    /// <exception cref="ArgumentException">A count below 1, or heads whose width is no multiple of 4.</exception>
    public void Check()
    {
        foreach (var (key, value) in new[] { ("width", Width), ("depth", Depth), ("heads", Heads), ("patch", PatchPx),
            ("storage", StorageTokens), ("mlp_ratio", MlpRatio) })
            if (value < 1)
                throw new SettingException(key, $"dinov3: {key} {value}; at least 1 was wanted");
        if (Width % (4 * Heads) != 0)
            throw new SettingException("heads",
                $"dinov3: {Heads} heads of a width of {Width}; each needs a multiple of 4, two sines and two cosines for each position");
    }
}

/// <summary>A DINOv3 of any size: <c>dinov3-vits16</c>, …; by recipe <c>dinov3</c>.</summary>
public sealed record DinoV3Definition : ModelDefinition
{
    static readonly Settings<ModelDefinition> settings = new Settings<DinoV3Definition>()
        .Section("dinov3", d => d.Config, (d, v) => d with { Config = v }, DinoV3Config.Settings)
        .Of<ModelDefinition>();

    /// <summary>Every one with a name, and <c>dinov3</c>.</summary>
    public static NetworkFamily Family { get; } = new(
        [.. DinoV3Config.Sizes.Select(size => Of($"dinov3-{size.Name}", size.Config))],
        Of("dinov3", DinoV3Config.Sizes[0].Config));

    /// <summary>The transformer.</summary>
    public required DinoV3Config Config { get; init; }

    /// <inheritdoc/>
    public override ModelTask Task => ModelTask.Features;

    /// <inheritdoc/>
    public override int PublishedClasses { get; init; }

    /// <inheritdoc/>
    public override Settings<ModelDefinition> Settings => settings;

    /// <inheritdoc/>
    public override Net Build(Weights w, int classes) => new DinoV3(w, Config);

    static DinoV3Definition Of(string name, DinoV3Config config) => new()
    {
        Name = name,
        Description = config.Gated ? "DINOv3 vision transformer with gates" : "DINOv3 vision transformer",
        Config = config,
        PublishedSize = (512, 512),
    };
}

/// <summary>
/// The vision transformer of DINOv3: an image [N, 3, H, W], RGB less (123.675, 116.28, 103.53) over (58.395, 57.12, 57.375), to its class
/// token [N, D].
/// </summary>
public sealed class DinoV3 : Net, ITokenTransformer
{
    /// <summary>Of all norms.</summary>
    internal const double Epsilon = 1e-5;

    /// <summary>Of most first weights.</summary>
    internal const double Deviation = 0.02;

    readonly DinoV3Config config;
    readonly Tensor cls_token, storage_tokens;
    readonly PatchEmbed patch_embed;
    readonly RotaryPositions rope_embed;
    readonly RotaryBlock[] blocks;
    readonly LayerNorm norm;

    /// <summary>Builds it.</summary>
    /// <exception cref="ArgumentException">Numbers that do not fit each other.</exception>
    public DinoV3(Weights w, DinoV3Config config) : base(w)
    {
        config.Check();
        this.config = config;
        var d = config.Width;
        cls_token = w.Parameter("cls_token", [1, 1, d], t => Init.Normal(t, Deviation));
        storage_tokens = w.Parameter("storage_tokens", [1, config.StorageTokens, d], t => Init.Normal(t, Deviation));
        w.Parameter("mask_token", [1, d]);
        patch_embed = new(w / "patch_embed", config.PatchPx, d);
        rope_embed = new(w / "rope_embed", d / config.Heads, config.RotaryBase);
        blocks = [.. Enumerable.Range(0, config.Depth).Select(b => new RotaryBlock(w / "blocks" / b, config))];
        norm = new(w / "norm", [d], Epsilon);
    }

    /// <inheritdoc/>
    public TokenFeatures Features(Tensor image)
    {
        using var scope = new Scope();
        var (tokens, layers) = Run(image, []);
        var normed = tokens.Apply(norm);
        var first = 1 + config.StorageTokens;
        var features = new TokenFeatures(Aten.Select(normed, 1, 0), normed.Narrow(1, 1, config.StorageTokens),
            normed.Narrow(1, first, normed.Size(1) - first), tokens);
        scope.Keep([.. features.All]);
        return features;
    }

    /// <inheritdoc/>
    public PatchFeatureList IntermediateLayers(Tensor image, int last, bool norm = true)
    {
        if (last < 1 || last > config.Depth)
            throw new ArgumentException($"{Where}: the last {last} blocks; 1 to {config.Depth} were wanted");
        using var scope = new Scope();
        var (_, layers) = Run(image, [.. Enumerable.Range(config.Depth - last, last)]);
        var list = new PatchFeatureList(
            [.. layers.Select(layer => AsMap(norm ? layer.Tokens.Apply(this.norm) : layer.Tokens, layer.Sides))]);
        scope.Keep([.. list.All]);
        return list;
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor image) => Features(image).ClassToken;

    string Where => Path.Length > 0 ? Path : "dinov3";

    /// <summary>All tokens behind the last block, and behind those of the blocks that are asked for.</summary>
    (Tensor Tokens, List<(Tensor Tokens, (long Height, long Width) Sides)> Layers) Run(Tensor image, IReadOnlyList<int> taps)
    {
        if (image.Dimensions != 4 || image.Size(1) != 3 || image.Size(2) < 1 || image.Size(3) < 1)
            throw new ArgumentException($"{Where}: {image} was given; colour images [N, 3, H, W] with pixels in them were wanted");
        var padded = CenterPadding.Pad(image, config.PatchPx);
        var (height, width) = (padded.Size(2) / config.PatchPx, padded.Size(3) / config.PatchPx);
        var patches = padded.Apply(patch_embed);                                // [N, T, D]
        var count = patches.Size(0);
        var tokens = Tensor.Concat(
            [Aten.Expand(cls_token, [count, -1, -1]), Aten.Expand(storage_tokens, [count, -1, -1]), patches], 1);
        var (sines, cosines) = rope_embed.At(height, width);
        var layers = new List<(Tensor, (long, long))>();
        for (var b = 0; b < blocks.Length; b++)
        {
            tokens = new[] { tokens, sines, cosines }.Apply(blocks[b]);
            if (taps.Contains(b))
                layers.Add((tokens, (height, width)));
        }
        return (tokens, layers);
    }

    PatchFeatures AsMap(Tensor tokens, (long Height, long Width) sides)
    {
        var patches = tokens.Narrow(1, 1 + config.StorageTokens, sides.Height * sides.Width).Transpose(1, 2);       // [N, D, T]
        return new PatchFeatures(
            patches.Reshape(tokens.Size(0), config.Width, sides.Height, sides.Width), Aten.Select(tokens, 1, 0));
    }
}

/// <summary>Angles of patches by their places: half of each head's numbers turn with the row, half with the column.</summary>
sealed class RotaryPositions : Module
{
    static readonly Operator sine = new("aten::sin"), cosine = new("aten::cos");

    readonly Tensor periods;

    public RotaryPositions(Weights w, int width, double longest) : base(w)
    {
        var values = Enumerable.Range(0, width / 4).Select(k => (float)Math.Pow(longest, 2.0 * k / (width / 2))).ToArray();
        periods = w.Buffer("periods", [values.Length]);
        // A sketch has shapes alone.
        if (!periods.IsHollow)
            using (new Scope())
                periods.CopyFrom(Tensor.From(values).ToHost());
    }

    /// <summary>Sines and cosines [T, d] of a grid of patches, row by row.</summary>
    public (Tensor Sines, Tensor Cosines) At(long height, long width)
    {
        var (rows, columns) = (Places(height).Reshape(height, 1, 1), Places(width).Reshape(1, width, 1));
        var turns = Tensor.Concat(
            [Aten.Expand(rows / periods, [height, width, -1]), Aten.Expand(columns / periods, [height, width, -1])], 2);
        var half = turns.Reshape(height * width, turns.Size(2)) * (2 * Math.PI);
        var angles = Tensor.Concat([half, half], 1);
        return (Aten.Call(sine, angles).AsTensor(), Aten.Call(cosine, angles).AsTensor());
    }

    /// <summary>The centres of patches where the side goes from −1 to 1.</summary>
    Tensor Places(long count) =>
        Aten.Linspace(1.0 / count - 1, 1 - 1.0 / count, count, dtype: periods.Type, device: periods.Device);
}

/// <summary>A block: attention with rotary positions, then the token-wise network. Tokens, sines and cosines to tokens.</summary>
sealed class RotaryBlock : Net<Tensor[], Tensor>
{
    const double Deviation = DinoV3.Deviation;

    readonly LayerNorm norm1, norm2;
    readonly RotaryAttention attn;
    readonly LayerScale ls1, ls2;
    readonly Net mlp;

    public RotaryBlock(Weights w, DinoV3Config config) : base(w)
    {
        var (d, hidden) = (config.Width, config.MlpRatio * config.Width);
        norm1 = new(w / "norm1", [d], DinoV3.Epsilon);
        attn = new(w / "attn", d, config.Heads);
        ls1 = new(w / "ls1", d, config.InitialScale);
        norm2 = new(w / "norm2", [d], DinoV3.Epsilon);
        mlp = config.Gated ? new SplitSwiGlu(w / "mlp", d, SwiGlu.HiddenFor(hidden)) : new Mlp(w / "mlp", d, hidden, Deviation);
        ls2 = new(w / "ls2", d, config.InitialScale);
    }

    protected override Tensor Forward(Tensor[] tokensAndAngles)
    {
        var x = tokensAndAngles[0];
        Tensor[] input = [x.Apply(norm1), .. tokensAndAngles[1..]];
        x = x + input.Apply(attn).Apply(ls1);
        return x + x.Apply(norm2).Apply(mlp).Apply(ls2);
    }

    /// <summary>The gated network with a layer for each half.</summary>
    sealed class SplitSwiGlu(Weights w, int width, int hidden) : Net(w)
    {
        readonly Linear w1 = new(w / "w1", width, hidden, deviation: Deviation);
        readonly Linear w2 = new(w / "w2", width, hidden, deviation: Deviation);
        readonly Linear w3 = new(w / "w3", hidden, width, deviation: Deviation);

        protected override Tensor Forward(Tensor x) => (Aten.Silu(x.Apply(w1)) * x.Apply(w2)).Apply(w3);
    }
}

/// <summary>Attention whose queries and keys of patches are turned by their places; class and storage tokens have none.</summary>
sealed class RotaryAttention : Net<Tensor[], Tensor>
{
    const double Deviation = DinoV3.Deviation;

    readonly QkvLayer qkv;
    readonly Linear proj;
    readonly int heads;
    readonly double scale;

    public RotaryAttention(Weights w, int width, int heads) : base(w)
    {
        qkv = new(w / "qkv", width);
        proj = new(w / "proj", width, width, deviation: Deviation);
        (this.heads, scale) = (heads, 1 / Math.Sqrt((double)width / heads));
    }

    protected override Tensor Forward(Tensor[] tokensAndAngles)
    {
        var (x, sines, cosines) = (tokensAndAngles[0], tokensAndAngles[1], tokensAndAngles[2]);
        var (batch, tokens, width) = (x.Size(0), x.Size(1), x.Size(2));
        var joint = x.Apply(qkv).Reshape(batch, tokens, 3, heads, width / heads).Permute(2, 0, 3, 1, 4);    // [3, N, heads, T, D/heads]
        var (query, key) = (Turned(Aten.Select(joint, 0, 0)), Turned(Aten.Select(joint, 0, 1)));
        return AttentionProduct.Of(query * scale, key.Transpose(2, 3), Aten.Select(joint, 0, 2))
            .Transpose(1, 2).Reshape(batch, tokens, width).Apply(proj);

        Tensor Turned(Tensor all)
        {
            var (patches, half) = (sines.Size(0), width / heads / 2);
            var placed = all.Narrow(2, tokens - patches, patches);
            var exchanged = Tensor.Concat([-placed.Narrow(3, half, half), placed.Narrow(3, 0, half)], 3);
            return Tensor.Concat([all.Narrow(2, 0, tokens - patches), placed * cosines + exchanged * sines], 2);
        }
    }

    /// <summary>Query, key and value at once; a mask, which the files hold, takes the keys' biases away.</summary>
    sealed class QkvLayer : Net
    {
        readonly Tensor weight, bias, bias_mask;

        public QkvLayer(Weights w, int width) : base(w)
        {
            weight = w.Parameter("weight", [3 * width, width], t => Init.TruncatedNormal(t, Deviation));
            bias = w.Parameter("bias", [3 * width]);
            bias_mask = w.Buffer("bias_mask", [3 * width], 1);
            if (!bias_mask.IsHollow)
                using (new Scope())
                    bias_mask.CopyFrom(Tensor.From(
                        Enumerable.Range(0, 3 * width).Select(k => k / width == 1 ? 0f : 1f).ToArray()).ToHost());
        }

        protected override Tensor Forward(Tensor x) => Products.Linear(x, weight, bias * bias_mask);
    }
}
