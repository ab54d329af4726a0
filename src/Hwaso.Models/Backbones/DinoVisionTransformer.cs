// Oquab et al., "DINOv2: learning robust visual features without supervision", TMLR 2024; registers: Darcet et al., "Vision transformers need
// registers", ICLR 2024. Structure and key names follow the authors' code (dinov2/models/vision_transformer.py, blocks not chunked).
// Deviations:
// - an image whose sides are no multiples of the patch is centre-padded with zeros, as the authors' depth networks do; their backbone refuses it
// - mask_token is there for the sake of the official files and takes no part: masking belongs to the pre-training, which is not here
// - the position embedding is interpolated in the network's own precision, not always in single
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>The vision transformer of DINOv2: an image [N, 3, H, W], RGB less (123.675, 116.28, 103.53) over (58.395, 57.12, 57.375), to its class token [N, D].</summary>
public sealed class DinoVisionTransformer : Net
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

    /// <summary>Class, register and patch tokens of images of any size.</summary>
    /// <exception cref="ArgumentException">Not images [N, 3, H, W] with pixels in them.</exception>
    public TokenFeatures Features(Tensor image)
    {
        using var scope = new Scope();
        var (tokens, _, _) = Embed(image);
        foreach (var block in blocks)
            tokens = tokens.Apply(block);
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
            throw new ArgumentException($"{Where}: blocks [{string.Join(", ", taps)}]; rising numbers from 0 to {config.Depth - 1} were wanted");
        using var scope = new Scope();
        var (tokens, height, width) = Embed(image);
        var layers = new List<PatchFeatures>();
        for (var b = 0; b <= taps[^1]; b++)
        {
            tokens = tokens.Apply(blocks[b]);
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
