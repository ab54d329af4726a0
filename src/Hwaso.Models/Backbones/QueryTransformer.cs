// timm's vision transformer with DINOv2's weights (timm/models/vision_transformer.py), as EoMT has it: blocks as in DINOv2; the position
// embedding of models with registers is the patches' alone. Deviations: the position embedding follows the image's size.
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>The parts of a vision transformer whose blocks another network runs, with more tokens among its own.</summary>
sealed class QueryTransformer : Module
{
    const double Epsilon = 1e-6, TokenDeviation = 1e-6, PositionDeviation = 0.02;

    readonly DinoConfig config;
    readonly int rows, columns;
    readonly Tensor cls_token, pos_embed;
    readonly Tensor? reg_token;
    readonly PatchEmbed patch_embed;

    /// <param name="w">Its place.</param>
    /// <param name="config">Its sizes; the height of the images that the position embedding is for.</param>
    /// <param name="imageWidthPx">The width of those images; null for squares.</param>
    public QueryTransformer(Weights w, DinoConfig config, int? imageWidthPx) : base(w)
    {
        config.Check();
        this.config = config;
        (rows, columns) = (config.Grid, (imageWidthPx ?? config.ImagePx) / config.PatchPx);
        var d = config.Width;
        cls_token = w.Parameter("cls_token", [1, 1, d], t => Init.Normal(t, TokenDeviation));
        if (config.Registers > 0)
            reg_token = w.Parameter("reg_token", [1, config.Registers, d], t => Init.Normal(t, TokenDeviation));
        pos_embed = w.Parameter("pos_embed", [1, rows * columns + Placed, d], t => Init.TruncatedNormal(t, PositionDeviation));
        patch_embed = new(w / "patch_embed", config.PatchPx, d);
        Blocks = [.. Enumerable.Range(0, config.Depth).Select(b => new TransformerBlock(w / "blocks" / b, config, timm: true))];
        Norm = new(w / "norm", [d], Epsilon);
    }

    /// <summary>The blocks.</summary>
    public IReadOnlyList<TransformerBlock> Blocks { get; }

    /// <summary>The norm behind them.</summary>
    public LayerNorm Norm { get; }

    // A class token without registers has a place.
    int Placed => config.Registers > 0 ? 0 : 1;

    /// <summary>Class, register and patch tokens [N, 1 + R + T, D] of images whose sides are multiples of the patch's.</summary>
    /// <exception cref="ArgumentException">Not colour images of whole patches.</exception>
    public (Tensor Tokens, (long Height, long Width) Sides) Embed(Tensor image)
    {
        var patches = image.Apply(patch_embed);                                 // [N, T, D]
        var (count, height, width) = (patches.Size(0), image.Size(2) / config.PatchPx, image.Size(3) / config.PatchPx);
        var first = Aten.Expand(cls_token, [count, -1, -1]);
        var tokens = reg_token is null
            ? Tensor.Concat([first, patches], 1) + Positions(height, width)
            : Tensor.Concat([first, Aten.Expand(reg_token, [count, -1, -1]), patches + Positions(height, width)], 1);
        return (tokens, (height, width));
    }

    Tensor Positions(long height, long width)
    {
        if (height == rows && width == columns)
            return pos_embed;
        var map = pos_embed.Narrow(1, Placed, rows * columns).Reshape(1, rows, columns, config.Width).Permute(0, 3, 1, 2);
        var resized = Aten.UpsampleBicubic2dAa(map, [height, width], alignCorners: false).Flatten(2).Transpose(1, 2);
        return Placed == 0 ? resized : Tensor.Concat([pos_embed.Narrow(1, 0, 1), resized], 1);
    }
}
