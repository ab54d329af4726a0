// Oquab et al., "DINOv2: learning robust visual features without supervision", TMLR 2024; registers: Darcet et al., "Vision transformers
// need registers", ICLR 2024. Structure and key names follow the authors' code (dinov2/models/vision_transformer.py, blocks not chunked).
// Deviations:
// - an image whose sides are no multiples of the patch is centre-padded with zeros, as the authors' depth networks do; their backbone
//   refuses it
// - mask_token is there for the sake of the official files and takes no part: masking belongs to the pre-training, which is not here
// - the position embedding is interpolated in the network's own precision, not always in single
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>What distinguishes one DINOv2 vision transformer from another; the named sizes are the authors'.</summary>
public sealed record DinoConfig
{
    /// <summary>
    /// The settings of the section <c>transformer</c>; <c>depth</c> and <c>registers</c> change what depends on them unless it is given
    /// too.
    /// </summary>
    public static Settings<DinoConfig> Settings { get; } = new Settings<DinoConfig>()
        .Int("width", c => c.Width, (c, v) => c with { Width = v }, 1,
            "of families `dinov2` and `eomt`: width of a token; required with the family, as are `depth` and `heads`",
            needed: "the width of a token")
        .Int("depth", c => c.Depth, (c, v) => c with { Depth = v, Taps = v == c.Depth ? c.Taps : null }, 1,
            "transformer blocks", needed: "a number of blocks")
        .Int("heads", c => c.Heads, (c, v) => c with { Heads = v }, 1,
            "attention heads; they divide the width", needed: "a number of attention heads")
        .Int("patch", c => c.PatchPx, (c, v) => c with { PatchPx = v }, 1, "side of a patch in pixels; 14")
        .Int("image", c => c.ImagePx, (c, v) => c with { ImagePx = v }, 1,
            "side in pixels of the images that the position embedding is for; 518")
        .Int("mlp_ratio", c => c.MlpRatio, (c, v) => c with { MlpRatio = v }, 1,
            "width of the token-wise networks, in widths of a token; 4")
        .Flag("gated", c => c.Gated, (c, v) => c with { Gated = v },
            "whether the token-wise networks have a gate (SwiGLU), as in `dinov2-vitg14`; false")
        .Int("registers", c => c.Registers, (c, v) => c.WithRegisters(v), 0,
            "register tokens; above 0 they bring `interpolate_offset` 0 and `interpolate_antialias` true")
        .Number("interpolate_offset", c => c.InterpolateOffset, (c, v) => c with { InterpolateOffset = v }, 0,
            "added to the grid's sides in the scale of the position embedding's interpolation; 0.1", max: 1, belowMax: true)
        .Flag("interpolate_antialias", c => c.InterpolateAntialias, (c, v) => c with { InterpolateAntialias = v },
            "whether that interpolation is antialiased; false")
        .Ints("taps", c => c.Taps, (c, v) => c with { Taps = v }, 0,
            "the blocks, from 0, that heads over four look at; the ends of four equal parts", count: 4)
        .Require(c => c.Check());

    /// <summary>D, the width of a token.</summary>
    public required int Width { get; init; }

    /// <summary>Transformer blocks.</summary>
    public required int Depth { get; init; }

    /// <summary>Attention heads, each of Width / Heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Side of a patch in pixels.</summary>
    public int PatchPx { get; init; } = 14;

    /// <summary>Side of the square images that the position embedding is for, in pixels: 518 gives a grid of 37×37.</summary>
    public int ImagePx { get; init; } = 518;

    /// <summary>Width of the token-wise networks, in multiples of Width.</summary>
    public int MlpRatio { get; init; } = 4;

    /// <summary>Whether the token-wise networks have a gate, <see cref="SwiGlu"/>, as in the giant.</summary>
    public bool Gated { get; init; }

    /// <summary>Tokens without a place, between the class token and the patches; 4 in the models with registers, else 0.</summary>
    public int Registers { get; init; }

    /// <summary>First value of LayerScale's factors.</summary>
    public double InitialScale { get; init; } = 1;

    /// <summary>
    /// Added to the grid's sides in the scale of the position embedding's interpolation: 0.1, or 0 in the models with registers.
    /// </summary>
    public double InterpolateOffset { get; init; } = 0.1;

    /// <summary>Whether that interpolation is antialiased: only in the models with registers.</summary>
    public bool InterpolateAntialias { get; init; }

    /// <summary>The four blocks that dense heads look at; null for the ends of four equal parts.</summary>
    public ValueList<int>? Taps { get; init; }

    /// <summary>22 M parameters.</summary>
    public static DinoConfig ViTS14 => new() { Width = 384, Depth = 12, Heads = 6 };

    /// <summary>87 M parameters.</summary>
    public static DinoConfig ViTB14 => new() { Width = 768, Depth = 12, Heads = 12 };

    /// <summary>304 M parameters. Its taps are the authors', one short of the ends of four equal parts but for the last.</summary>
    public static DinoConfig ViTL14 => new() { Width = 1024, Depth = 24, Heads = 16, Taps = [4, 11, 17, 23] };

    /// <summary>1.1 G parameters, with gated token-wise networks.</summary>
    public static DinoConfig ViTG14 => new() { Width = 1536, Depth = 40, Heads = 24, Gated = true };

    /// <summary>The same with registers, as Darcet et al. trained them, and their interpolation; with none, the plain one.</summary>
    public DinoConfig WithRegisters(int count = 4) => count > 0
        ? this with { Registers = count, InterpolateOffset = 0, InterpolateAntialias = true }
        : this with { Registers = 0, InterpolateOffset = 0.1, InterpolateAntialias = false };

    /// <summary>Side of the position embedding's grid.</summary>
    public int Grid => ImagePx / PatchPx;

    /// <summary>The four taps, given or worked out.</summary>
    /// <exception cref="ArgumentException">There are fewer than four blocks.</exception>
    public IReadOnlyList<int> FourTaps => Taps ?? (Depth >= 4
        ? [.. Enumerable.Range(1, 4).Select(quarter => Depth * quarter / 4 - 1)]
        : throw new ArgumentException($"vision transformer: {Depth} blocks; a head over four wants at least 4"));

    /// <summary>Checks that the numbers fit each other.</summary>
    /// <exception cref="ArgumentException">A count out of range, heads that do not divide the width, or a tap that is no block; the message
    /// says which and what would fit.</exception>
    public void Check()
    {
        foreach (var (name, value, least) in new[] { ("width", Width, 1), ("depth", Depth, 1), ("heads", Heads, 1), ("patch", PatchPx, 1),
            ("mlp ratio", MlpRatio, 1), ("registers", Registers, 0) })
            if (value < least)
                throw new ArgumentException($"vision transformer: {name} {value}; at least {least} was wanted");
        if (Width % Heads != 0)
            throw new SettingException("heads",
                $"vision transformer: {Heads} heads do not divide "
                + $"a width of {Width}; {Divisor(Width, Heads)} would");
        if (ImagePx < PatchPx)
            throw new SettingException("image",
                "vision transformer: position embedding for images of "
                + $"{ImagePx} pixels; at least one patch of {PatchPx} was wanted");
        if (InterpolateOffset is not (>= 0 and < 1))
            throw new ArgumentException(
                $"vision transformer: interpolation offset {InterpolateOffset}; "
                + "0 up to below 1 was wanted (0.1 or 0 in the authors' models)");
        if (Taps is { } taps
            && (taps.Count != 4 || taps[0] < 0 || taps[3] >= Depth || taps.Zip(taps.Skip(1)).Any(p => p.First >= p.Second)))
            throw new SettingException("taps",
                $"vision transformer: taps {string.Join(", ", taps)}; "
                + $"four rising numbers from 0 to {Depth - 1} were wanted");
    }

    static int Divisor(int width, int heads) => Enumerable.Range(1, width).Where(h => width % h == 0).MinBy(h => Math.Abs(h - heads));
}

/// <summary>
/// The vision transformer of DINOv2: an image [N, 3, H, W], RGB less (123.675, 116.28, 103.53) over (58.395, 57.12, 57.375), to its class
/// token [N, D].
/// </summary>
public sealed class DinoVisionTransformer : Net, ITokenTransformer
{
    const double Epsilon = 1e-6, TokenDeviation = 1e-6, PositionDeviation = 0.02;

    readonly DinoConfig config;
    readonly Tensor cls_token, pos_embed;
    readonly Tensor? register_tokens;
    readonly PatchEmbed patch_embed;
    readonly TransformerBlock[] blocks;
    readonly LayerNorm norm;

    /// <summary>Builds it.</summary>
    /// <exception cref="ArgumentException">Numbers that do not fit each other.</exception>
    public DinoVisionTransformer(Weights w, DinoConfig config) : base(w)
    {
        config.Check();
        this.config = config;
        var d = config.Width;
        cls_token = w.Parameter("cls_token", [1, 1, d], t => Init.Normal(t, TokenDeviation));
        pos_embed = w.Parameter("pos_embed", [1, 1 + config.Grid * config.Grid, d], t => Init.TruncatedNormal(t, PositionDeviation));
        if (config.Registers > 0)
            register_tokens = w.Parameter("register_tokens", [1, config.Registers, d], t => Init.Normal(t, TokenDeviation));
        w.Parameter("mask_token", [1, d]);
        patch_embed = new(w / "patch_embed", config.PatchPx, d);
        blocks = [.. Enumerable.Range(0, config.Depth).Select(b => new TransformerBlock(w / "blocks" / b, config))];
        norm = new(w / "norm", [d], Epsilon);
    }

    /// <summary>What it was built from.</summary>
    public DinoConfig Config => config;

    /// <inheritdoc/>
    public TokenFeatures Features(Tensor image)
    {
        using var scope = new Scope();
        var (tokens, _, _) = Embed(image);
        foreach (var block in blocks)
            tokens = new[] { tokens }.Apply(block);
        var normed = tokens.Apply(norm);
        var patches = normed.Size(1) - 1 - config.Registers;
        var features = new TokenFeatures(
            Aten.Select(normed, 1, 0), normed.Narrow(1, 1, config.Registers), normed.Narrow(1, 1 + config.Registers, patches), tokens);
        scope.Keep([.. features.All]);
        return features;
    }

    /// <summary>Maps and class tokens of the last blocks.</summary>
    /// <param name="image">[N, 3, H, W].</param>
    /// <param name="last">How many blocks, 1 to the depth.</param>
    /// <param name="norm">Whether the final norm is applied to each.</param>
    /// <exception cref="ArgumentException">Not images, or there are not so many blocks.</exception>
    public PatchFeatureList IntermediateLayers(Tensor image, int last, bool norm = true) => last >= 1 && last <= config.Depth
        ? IntermediateLayers(image, [.. Enumerable.Range(config.Depth - last, last)], norm)
        : throw new ArgumentException($"{Where}: the last {last} blocks; 1 to {config.Depth} were wanted");

    /// <summary>Maps and class tokens after chosen blocks; blocks behind the last of them do not run.</summary>
    /// <param name="image">[N, 3, H, W].</param>
    /// <param name="taps">Blocks from 0, rising.</param>
    /// <param name="norm">Whether the final norm is applied to each.</param>
    /// <exception cref="ArgumentException">Not images, or taps that are not blocks in rising order.</exception>
    public PatchFeatureList IntermediateLayers(Tensor image, IReadOnlyList<int> taps, bool norm = true)
    {
        if (taps.Count == 0 || taps[0] < 0 || taps[^1] >= config.Depth || taps.Zip(taps.Skip(1)).Any(p => p.First >= p.Second))
            throw new ArgumentException(
                $"{Where}: blocks [{string.Join(", ", taps)}]; "
                + $"rising numbers from 0 to {config.Depth - 1} were wanted");
        using var scope = new Scope();
        var (tokens, height, width) = Embed(image);
        var layers = new List<PatchFeatures>();
        for (var b = 0; b <= taps[^1]; b++)
        {
            tokens = new[] { tokens }.Apply(blocks[b]);
            if (taps.Contains(b))
                layers.Add(AsMap(norm ? tokens.Apply(this.norm) : tokens, height, width));
        }
        var list = new PatchFeatureList(layers);
        scope.Keep([.. list.All]);
        return list;
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor image) => Features(image).ClassToken;

    string Where => Path.Length > 0 ? Path : "vision transformer";

    (Tensor Tokens, long Height, long Width) Embed(Tensor image)
    {
        if (image.Dimensions != 4 || image.Size(1) != 3)
            throw new ArgumentException($"{Where}: {image} was given; colour images [N, 3, H, W] were wanted");
        if (image.Size(2) < 1 || image.Size(3) < 1)
            throw new ArgumentException($"{Where}: an image of {image.Size(2)}×{image.Size(3)} pixels; sides of at least 1 were wanted");
        var padded = CenterPadding.Pad(image, config.PatchPx);
        var (height, width) = (padded.Size(2) / config.PatchPx, padded.Size(3) / config.PatchPx);
        var patches = padded.Apply(patch_embed);                                // [N, T, D]
        var first = Aten.Expand(cls_token, [patches.Size(0), -1, -1]);
        var tokens = Tensor.Concat([first, patches], 1) + Positions(height, width);
        if (register_tokens is null)
            return (tokens, height, width);
        // Registers have no place in the image, hence no position embedding.
        var registers = Aten.Expand(register_tokens, [patches.Size(0), -1, -1]);
        return (Tensor.Concat([tokens.Narrow(1, 0, 1), registers, tokens.Narrow(1, 1, height * width)], 1), height, width);
    }

    /// <summary>The learned position embedding at a grid of patches: [1, 1 + height · width, D].</summary>
    Tensor Positions(long height, long width)
    {
        var grid = config.Grid;
        if (height == grid && width == grid)
            return pos_embed;
        var map = pos_embed.Narrow(1, 1, grid * grid).Reshape(1, grid, grid, config.Width).Permute(0, 3, 1, 2);
        // The offset enters the scale alone: sampling points are spread by grid / (height + 0.1), not grid / height.
        double? Scale(long side) => config.InterpolateOffset > 0 ? (side + config.InterpolateOffset) / grid : null;
        var resized = config.InterpolateAntialias
            ? Aten.UpsampleBicubic2dAa(map, [height, width], alignCorners: false, Scale(height), Scale(width))
            : Aten.UpsampleBicubic2d(map, [height, width], alignCorners: false, Scale(height), Scale(width));
        return Tensor.Concat([pos_embed.Narrow(1, 0, 1), resized.Flatten(2).Transpose(1, 2)], 1);
    }

    PatchFeatures AsMap(Tensor tokens, long height, long width)
    {
        var patches = tokens.Narrow(1, 1 + config.Registers, height * width).Transpose(1, 2);                // [N, D, T]
        return new PatchFeatures(patches.Reshape(tokens.Size(0), config.Width, height, width), Aten.Select(tokens, 1, 0));
    }
}

/// <summary>
/// Zeros around an image so that its sides become multiples of a patch's: half on each side, the odd pixel right and below, as DINOv2's
/// heads were trained.
/// </summary>
public static class CenterPadding
{
    /// <summary>Pads normalised images [N, C, H, W]; the tensor itself where nothing is missing.</summary>
    public static Tensor Pad(Tensor image, int multiple)
    {
        var (top, bottom) = Sides(image.Size(2), multiple);
        var (left, right) = Sides(image.Size(3), multiple);
        return (top, bottom, left, right) == (0, 0, 0, 0) ? image : Aten.Pad(image, [left, right, top, bottom]);
    }

    static (long Before, long After) Sides(long size, int multiple)
    {
        var missing = (multiple - size % multiple) % multiple;
        return (missing / 2, missing - missing / 2);
    }
}
