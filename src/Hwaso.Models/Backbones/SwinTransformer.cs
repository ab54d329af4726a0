// Liu et al., "Swin transformer: hierarchical vision transformer using shifted windows", ICCV 2021. Structure and key names follow the
// authors' code for segmentation (Swin-Transformer-Semantic-Segmentation, mmseg/models/backbones/swin_transformer.py), which shifts every
// second block whatever the map's size; classifiers, torchvision and timm do not where a map is no larger than a window.
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>What distinguishes one Swin transformer from another; the named sizes are the paper's.</summary>
public sealed record SwinConfig
{
    const int StageCount = 4;

    /// <summary>Every named size, smallest first.</summary>
    public static IReadOnlyList<(string Name, SwinConfig Config)> Sizes { get; } =
    [
        ("t", new() { Depths = [2, 2, 6, 2] }), ("s", new()), ("b", new() { Width = 128, Heads = [4, 8, 16, 32] }),
    ];

    /// <summary>Blocks of each stage.</summary>
    public ValueList<int> Depths { get; init; } = [2, 2, 18, 2];

    /// <summary>Width of the first stage's tokens; each further stage's is twice as much.</summary>
    public int Width { get; init; } = 96;

    /// <summary>Attention heads of each stage.</summary>
    public ValueList<int> Heads { get; init; } = [3, 6, 12, 24];

    /// <summary>Side of the windows, in tokens.</summary>
    public int Window { get; init; } = 7;

    /// <summary>Probability with which the last block is skipped in training; it rises linearly from 0 at the first.</summary>
    public double DropPath { get; init; } = 0.3;

    /// <summary>How many of the four stages run, from 1; the others have weights and take no part.</summary>
    public int RunningStages { get; init; } = StageCount;

    /// <summary>Channels of the images, at least 1.</summary>
    public int InChannels { get; init; } = 3;

    /// <summary>Width of each stage's tokens.</summary>
    public IReadOnlyList<int> Widths => [.. Depths.Select((_, s) => Width << s)];

    /// <summary>Checks that the numbers fit each other.</summary>
    /// <exception cref="ArgumentException">Not four stages, a number below 1, or heads that do not divide their width.</exception>
    public void Check()
    {
        if (Depths.Count != StageCount || Heads.Count != StageCount || Depths.Any(d => d < 1) || Heads.Any(h => h < 1) || Window < 2)
            throw new ArgumentException(
                $"swin: {Depths.Count} depths and {Heads.Count} head counts, window {Window}; {StageCount} of each from 1 on and a window "
                + "of 2 or more were wanted");
        foreach (var (width, heads) in Widths.Zip(Heads))
            if (width % heads != 0)
                throw new ArgumentException($"swin: {heads} heads do not divide a width of {width}");
    }
}

/// <summary>Images to four maps at strides 4, 8, 16 and 32, rounded up.</summary>
public sealed class SwinTransformer : Backbone
{
    /// <summary>Of all first weights.</summary>
    internal const double Deviation = 0.02;

    readonly SwinConfig config;
    readonly SwinPatchEmbed patch_embed;
    readonly SwinBlock[][] stages;
    readonly PatchMerging[] merges;
    readonly LayerNorm[] norms;

    /// <summary>Builds it.</summary>
    /// <exception cref="ArgumentException">Numbers that do not fit each other.</exception>
    public SwinTransformer(Weights w, SwinConfig config) : base(w)
    {
        config.Check();
        this.config = config;
        Channels = config.Widths;
        patch_embed = new(w / "patch_embed", config.InChannels, config.Width);
        (stages, merges) = (new SwinBlock[Channels.Count][], new PatchMerging[Channels.Count - 1]);
        for (var s = 0; s < stages.Length; s++)
        {
            var place = w / "layers" / s;
            stages[s] = [.. Enumerable.Range(0, config.Depths[s]).Select(b => new SwinBlock(
                place / "blocks" / b, Channels[s], config.Heads[s], config.Window, b % 2 == 0 ? 0 : config.Window / 2,
                DropPathSchedule.Of(config.DropPath, config.Depths, s, b)))];
            if (s < merges.Length)
                merges[s] = new(place / "downsample", Channels[s]);
        }
        norms = [.. Channels.Select((width, s) => new LayerNorm(w / $"norm{s}", [width]))];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<int> Channels { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<int> Ends => [0, 1, 2, 3];

    /// <summary>Linear layers and tables of position biases have their published values already; so has the patches' convolution.</summary>
    public override void InitialiseAsPublished()
    {
        foreach (var (name, tensor) in Weights.Parameters)
            if (tensor.Dimensions == 2)
                Init.TruncatedNormal(tensor, Deviation);
            else if (name.EndsWith(".bias", StringComparison.Ordinal) && !name.EndsWith("patch_embed.proj.bias", StringComparison.Ordinal))
                Init.Constant(tensor, 0);
    }

    /// <inheritdoc/>
    protected override Tensor[] Forward(Tensor x)
    {
        var maps = new Tensor[config.RunningStages];
        x = x.Apply(patch_embed);                                               // [N, H/4, W/4, C]
        for (var s = 0; s < maps.Length; s++)
        {
            if (s > 0)
                x = x.Apply(merges[s - 1]);
            foreach (var block in stages[s])
                x = x.Apply(block);
            maps[s] = x.Apply(norms[s]).Permute(0, 3, 1, 2);                    // [N, C, H/4, W/4]
        }
        return maps;
    }
}

/// <summary>Patches of 4×4 pixels as tokens, [N, C, H, W] to [N, H/4, W/4, D]; the image is padded with zeros right and below.</summary>
sealed class SwinPatchEmbed(Weights w, int channels, int width) : Net(w)
{
    const int Side = 4;

    readonly Conv2d proj = new(w / "proj", channels, width, Side, Side, padding: 0, bias: true);
    readonly LayerNorm norm = new(w / "norm", [width]);

    protected override Tensor Forward(Tensor x)
    {
        var (right, below) = (Windows.Missing(x.Size(3), Side), Windows.Missing(x.Size(2), Side));
        if (right + below > 0)
            x = Aten.Pad(x, [0, right, 0, below], value: 0);
        return x.Apply(proj).Permute(0, 2, 3, 1).Apply(norm);
    }
}

/// <summary>Every 2×2 tokens become one of twice the width, [N, H, W, D] to [N, H/2, W/2, 2D]; odd sides are padded with zeros.</summary>
sealed class PatchMerging(Weights w, int width) : Net(w)
{
    const int Square = 4;

    readonly Linear reduction = new(w / "reduction", Square * width, 2 * width, bias: false);
    readonly LayerNorm norm = new(w / "norm", [Square * width]);

    protected override Tensor Forward(Tensor x)
    {
        var (right, below) = (Windows.Missing(x.Size(2), 2), Windows.Missing(x.Size(1), 2));
        if (right + below > 0)
            x = Aten.Pad(x, [0, 0, 0, right, 0, below], value: 0);
        var (count, height, across, depth) = (x.Size(0), x.Size(1) / 2, x.Size(2) / 2, x.Size(3));
        // Upper left, lower left, upper right, lower right.
        return x.Reshape(count, height, 2, across, 2, depth).Permute(0, 1, 3, 4, 2, 5).Reshape(count, height, across, Square * depth)
            .Apply(norm).Apply(reduction);
    }
}

/// <summary>Attention within windows, shifted in every second block, then the token-wise network. [N, H, W, D] to the same.</summary>
sealed class SwinBlock : Net
{
    const int Wider = 4;

    readonly LayerNorm norm1, norm2;
    readonly WindowAttention attn;
    readonly StochasticDepth drop_path;
    readonly Mlp mlp;
    readonly int window, shift;

    public SwinBlock(Weights w, int width, int heads, int window, int shift, double drop) : base(w)
    {
        norm1 = new(w / "norm1", [width]);
        attn = new(w / "attn", width, heads, window);
        drop_path = new(w / "drop_path", drop);
        norm2 = new(w / "norm2", [width]);
        mlp = new(w / "mlp", width, Wider * width);
        (this.window, this.shift) = (window, shift);
    }

    protected override Tensor Forward(Tensor x)
    {
        var (height, width) = (x.Size(1), x.Size(2));
        var y = x.Apply(norm1);
        // Padded behind the norm: the zeros are keys as well, of the biases alone.
        var (right, below) = (Windows.Missing(width, window), Windows.Missing(height, window));
        if (right + below > 0)
            y = Aten.Pad(y, [0, 0, 0, right, 0, below], value: 0);
        var (tall, wide) = (y.Size(1), y.Size(2));
        if (shift > 0)
            y = Windows.Roll(y, shift);
        Tensor[] input = shift > 0 ? [Windows.Cut(y, window), Windows.Mask(y, window, shift)] : [Windows.Cut(y, window)];
        y = Windows.Join(input.Apply(attn), tall, wide, window);
        if (shift > 0)
            y = Windows.Roll(y, -shift);
        if (right + below > 0)
            y = y.Narrow(1, 0, height).Narrow(2, 0, width);
        x = x + y.Apply(drop_path);
        return x + x.Apply(norm2).Apply(mlp).Apply(drop_path);
    }
}

/// <summary>
/// Attention within each window, with a bias for each distance: windows [B, T, D], and a mask [windows, T, T], to [B, T, D].
/// </summary>
sealed class WindowAttention : Net<Tensor[], Tensor>
{
    readonly Tensor relative_position_bias_table, relative_position_index;
    readonly Linear qkv, proj;
    readonly int heads;
    readonly double scale;

    public WindowAttention(Weights w, int width, int heads, int window) : base(w)
    {
        var (span, tokens) = (2 * window - 1, window * window);
        relative_position_bias_table = w.Parameter(
            "relative_position_bias_table", [span * span, heads], t => Init.TruncatedNormal(t, SwinTransformer.Deviation));
        relative_position_index = w.Buffer("relative_position_index", [tokens, tokens], 0, ScalarType.Int64);
        // A sketch has shapes alone.
        if (!relative_position_index.IsHollow)
            using (new Scope())
                relative_position_index.CopyFrom(Tensor.From(Indices(window), tokens, tokens).ToHost());
        qkv = new(w / "qkv", width, 3 * width);
        proj = new(w / "proj", width, width);
        (this.heads, scale) = (heads, 1 / Math.Sqrt((double)width / heads));
    }

    protected override Tensor Forward(Tensor[] windowsAndMask)
    {
        var x = windowsAndMask[0];
        var (count, tokens, depth) = (x.Size(0), x.Size(1), x.Size(2));
        var joint = x.Apply(qkv).Reshape(count, tokens, 3, heads, depth / heads).Permute(2, 0, 3, 1, 4);
        var query = Aten.Select(joint, 0, 0) * scale;                           // [B, heads, T, D/heads]
        var (key, value) = (Aten.Select(joint, 0, 1), Aten.Select(joint, 0, 2));
        var bias = Aten.IndexSelect(relative_position_bias_table, 0, relative_position_index.Reshape(-1))
            .Reshape(tokens, tokens, heads).Permute(2, 0, 1);                   // [heads, T, T]
        var weights = query.Times(key.Transpose(2, 3)) + bias.Unsqueeze(0);
        if (windowsAndMask.Length > 1)
        {
            var mask = windowsAndMask[1];
            var windows = mask.Size(0);
            weights = (weights.Reshape(count / windows, windows, heads, tokens, tokens) + mask.Unsqueeze(1).Unsqueeze(0))
                .Reshape(count, heads, tokens, tokens);
        }
        return weights.Softmax(3).Times(value).Transpose(1, 2).Reshape(count, tokens, depth).Apply(proj);
    }

    /// <summary>For each pair of a window's tokens the row of the table: their distance down and across.</summary>
    static long[] Indices(int window)
    {
        var (span, tokens) = (2 * window - 1, window * window);
        var indices = new long[tokens * tokens];
        for (var a = 0; a < tokens; a++)
            for (var b = 0; b < tokens; b++)
                indices[a * tokens + b] = (a / window - b / window + window - 1) * span + a % window - b % window + window - 1;
        return indices;
    }
}
