// Xie et al., "SegFormer: simple and efficient design for semantic segmentation with transformers", NeurIPS 2021: the encoder, MiT.
// Structure and key names follow the authors' code (mmseg/models/backbones/mix_transformer.py).
// Deviations: tokens keep their grid, [N, H, W, C], where the original flattens it and carries H and W along.
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>What distinguishes one Mix Transformer from another; the named sizes are the authors'.</summary>
public sealed record MixTransformerConfig
{
    const int StageCount = 4;

    /// <summary>The settings of the section <c>transformer</c>.</summary>
    public static Settings<MixTransformerConfig> Settings { get; } = new Settings<MixTransformerConfig>()
        .Ints("depths", c => c.Depths, (c, v) => c with { Depths = v }, 1,
            "of family `segformer`: blocks of each stage, as 3, 4, 6, 3 in b2; required with the family", count: StageCount,
            needed: "a list of 4 block counts")
        .Ints("widths", c => c.Widths, (c, v) => c with { Widths = v }, 1,
            "of family `segformer`: width of each stage's tokens; 64, 128, 320, 512", count: StageCount)
        .Ints("stage_heads", c => c.Heads, (c, v) => c with { Heads = v }, 1,
            "of family `segformer`: attention heads of each stage, which divide its width; 1, 2, 5, 8", count: StageCount)
        .Ints("reductions", c => c.Reductions, (c, v) => c with { Reductions = v }, 1,
            "of family `segformer`: side of the squares of tokens that become one key and one value; 8, 4, 2, 1", count: StageCount)
        .Number("drop_path", c => c.DropPath, (c, v) => c with { DropPath = v }, 0,
            "of family `segformer`: probability with which the last block is skipped for an image in training, rising from 0 at the first; "
            + "0.1", max: 1, belowMax: true)
        .Require(c => c.Check());

    /// <summary>Every named size, smallest first.</summary>
    public static IReadOnlyList<(string Name, MixTransformerConfig Config)> Sizes { get; } =
    [
        ("b0", new() { Depths = [2, 2, 2, 2], Widths = [32, 64, 160, 256] }), ("b1", new() { Depths = [2, 2, 2, 2] }),
        ("b2", new() { Depths = [3, 4, 6, 3] }), ("b3", new() { Depths = [3, 4, 18, 3] }),
        ("b4", new() { Depths = [3, 8, 27, 3] }), ("b5", new() { Depths = [3, 6, 40, 3] }),
    ];

    /// <summary>Blocks of each stage.</summary>
    public required ValueList<int> Depths { get; init; }

    /// <summary>Width of each stage's tokens.</summary>
    public ValueList<int> Widths { get; init; } = [64, 128, 320, 512];

    /// <summary>Attention heads of each stage.</summary>
    public ValueList<int> Heads { get; init; } = [1, 2, 5, 8];

    /// <summary>Side of the squares of tokens that become one key and one value, in each stage.</summary>
    public ValueList<int> Reductions { get; init; } = [8, 4, 2, 1];

    /// <summary>Probability with which the last block is skipped in training; it rises linearly from 0 at the first.</summary>
    public double DropPath { get; init; } = 0.1;

    /// <summary>How many of the four stages run, from 1; the others have weights and take no part.</summary>
    public int RunningStages { get; init; } = StageCount;

    /// <summary>Channels of the images, at least 1.</summary>
    public int InChannels { get; init; } = 3;

    /// <summary>The least height and width: that of one key in every stage.</summary>
    public int LeastPx => Reductions.Select((reduction, stage) => (4 << stage) * (reduction - 1) + 1).Max();

    /// <summary>Checks that the numbers fit each other.</summary>
    /// <exception cref="ArgumentException">Not four of each, a count below 1, or heads that do not divide their width.</exception>
    public void Check()
    {
        foreach (var (key, values) in new[] { ("depths", Depths), ("widths", Widths), ("stage_heads", Heads), ("reductions", Reductions) })
            if (values.Count != StageCount || values.Any(v => v < 1))
                throw new SettingException(
                    key, $"mix transformer: {key} {string.Join(", ", values)}; {StageCount} numbers from 1 on were wanted");
        foreach (var (width, heads) in Widths.Zip(Heads))
            if (width % heads != 0)
                throw new SettingException("stage_heads", $"mix transformer: {heads} heads do not divide a width of {width}");
        if (DropPath is not (>= 0 and < 1))
            throw new SettingException("drop_path", $"mix transformer: drop path {DropPath}; 0 to below 1 was wanted");
    }
}

/// <summary>SegFormer's encoder: images to four maps at strides 4, 8, 16 and 32, rounded up.</summary>
public sealed class MixTransformer : Backbone
{
    readonly MixTransformerConfig config;
    readonly MixStage[] stages;

    /// <summary>Builds it.</summary>
    /// <exception cref="ArgumentException">Numbers that do not fit each other.</exception>
    public MixTransformer(Weights w, MixTransformerConfig config) : base(w)
    {
        config.Check();
        this.config = config;
        var embeddings = config.Widths.Select((width, s) => new MixPatchEmbed(
            w / $"patch_embed{s + 1}", s == 0 ? config.InChannels : config.Widths[s - 1], width, s == 0 ? 7 : 3, s == 0 ? 4 : 2)).ToArray();
        var total = config.Depths.Sum();
        stages = [.. embeddings.Select((embedding, s) => new MixStage(
            embedding,
            [.. Enumerable.Range(0, config.Depths[s]).Select(b =>
            {
                var before = config.Depths.Take(s).Sum() + b;
                var drop = total == 1 ? 0 : config.DropPath * before / (total - 1);
                return new MixBlock(w / $"block{s + 1}" / b, config.Widths[s], config.Heads[s], config.Reductions[s], drop);
            })],
            new LayerNorm(w / $"norm{s + 1}", [config.Widths[s]], MixBlock.Epsilon)))];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<int> Channels => config.Widths;

    /// <inheritdoc/>
    public override IReadOnlyList<int> Ends => [0, 1, 2, 3];

    /// <summary>Convolutions by their fan-out; linear layers have their values already.</summary>
    public override void InitialiseAsPublished()
    {
        foreach (var (name, tensor) in Weights.Parameters.Where(p => p.Value.Dimensions == 4))
        {
            var groups = name.Contains(".dwconv.", StringComparison.Ordinal) ? tensor.Size(0) : 1;
            Init.Normal(tensor, Math.Sqrt(2.0 / (tensor.Size(2) * tensor.Size(3) * tensor.Size(0) / groups)));
            Init.Constant(Weights.Parameters.First(p => p.Key == name.Replace(".weight", ".bias", StringComparison.Ordinal)).Value, 0);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="SmallImageException">The image has less than one key in some stage.</exception>
    protected override Tensor[] Forward(Tensor x)
    {
        if (x.Size(2) < config.LeastPx || x.Size(3) < config.LeastPx)
            throw new SmallImageException(Path, x.Size(2), x.Size(3), "the reduced attention", config.LeastPx);
        var maps = new Tensor[config.RunningStages];
        for (var s = 0; s < maps.Length; s++)
        {
            var tokens = x.Apply(stages[s].Embedding);                          // [N, H/4, W/4, C]
            foreach (var block in stages[s].Blocks)
                tokens = tokens.Apply(block);
            maps[s] = x = tokens.Apply(stages[s].Norm).Permute(0, 3, 1, 2);     // [N, C, H/4, W/4]
        }
        return maps;
    }

    sealed record MixStage(MixPatchEmbed Embedding, MixBlock[] Blocks, LayerNorm Norm);
}

/// <summary>Overlapping patches as tokens, [N, C, H, W] to [N, H/s, W/s, D].</summary>
sealed class MixPatchEmbed : Net
{
    readonly Conv2d proj;
    readonly LayerNorm norm;

    public MixPatchEmbed(Weights w, int channels, int width, int kernel, int stride) : base(w)
    {
        proj = new(w / "proj", channels, width, kernel, stride, bias: true);
        norm = new(w / "norm", [width]);
    }

    protected override Tensor Forward(Tensor x) => x.Apply(proj).Permute(0, 2, 3, 1).Apply(norm);
}

/// <summary>A block: attention to fewer keys, then the token-wise network with a depthwise convolution. [N, H, W, D] to the same.</summary>
sealed class MixBlock : Net
{
    /// <summary>Of the norms in and behind blocks; those of patches and keys have PyTorch's 1e-5.</summary>
    public const double Epsilon = 1e-6;

    const int Wider = 4;

    readonly LayerNorm norm1, norm2;
    readonly ReducedAttention attn;
    readonly StochasticDepth drop_path;
    readonly MixMlp mlp;

    public MixBlock(Weights w, int width, int heads, int reduction, double drop) : base(w)
    {
        norm1 = new(w / "norm1", [width], Epsilon);
        attn = new(w / "attn", width, heads, reduction);
        drop_path = new(w / "drop_path", drop);
        norm2 = new(w / "norm2", [width], Epsilon);
        mlp = new(w / "mlp", width, Wider * width);
    }

    protected override Tensor Forward(Tensor x)
    {
        x = x + x.Apply(norm1).Apply(attn).Apply(drop_path);
        return x + x.Apply(norm2).Apply(mlp).Apply(drop_path);
    }
}

/// <summary>Attention whose keys and values are of squares of tokens: [N, H, W, D] to the same.</summary>
sealed class ReducedAttention : Net
{
    const double Deviation = 0.02;

    readonly Linear q, kv, proj;
    readonly Conv2d? sr;
    readonly LayerNorm? norm;
    readonly int heads;
    readonly double scale;

    public ReducedAttention(Weights w, int width, int heads, int reduction) : base(w)
    {
        q = new(w / "q", width, width, deviation: Deviation);
        kv = new(w / "kv", width, 2 * width, deviation: Deviation);
        proj = new(w / "proj", width, width, deviation: Deviation);
        if (reduction > 1)
        {
            sr = new(w / "sr", width, width, reduction, reduction, padding: 0, bias: true);
            norm = new(w / "norm", [width]);
        }
        (this.heads, scale) = (heads, 1 / Math.Sqrt((double)width / heads));
    }

    protected override Tensor Forward(Tensor x)
    {
        var (batch, height, width, depth) = (x.Size(0), x.Size(1), x.Size(2), x.Size(3));
        var squares = sr is null ? x
            : x.Permute(0, 3, 1, 2).Apply(sr).Permute(0, 2, 3, 1).Apply(norm!);                             // [N, H/r, W/r, D]
        var joint = squares.Apply(kv).Reshape(batch, squares.Size(1) * squares.Size(2), 2, heads, depth / heads).Permute(2, 0, 3, 1, 4);
        var (key, value) = (Aten.Select(joint, 0, 0), Aten.Select(joint, 0, 1));                            // [N, heads, S, D/heads]
        var query = x.Apply(q).Reshape(batch, height * width, heads, depth / heads).Transpose(1, 2) * scale;
        return AttentionProduct.Of(query, key.Transpose(2, 3), value)
            .Transpose(1, 2).Reshape(batch, height, width, depth).Apply(proj);
    }
}

/// <summary>The token-wise network with a 3×3 depthwise convolution inside, which tells tokens their places.</summary>
sealed class MixMlp : Net
{
    const double Deviation = 0.02;

    readonly Linear fc1, fc2;
    readonly Conv2d dwconv;
    readonly GELU act;

    public MixMlp(Weights w, int width, int hidden) : base(w)
    {
        fc1 = new(w / "fc1", width, hidden, deviation: Deviation);
        dwconv = new(w / "dwconv" / "dwconv", hidden, hidden, kernel: 3, groups: hidden, bias: true);
        act = new(w / "act");
        fc2 = new(w / "fc2", hidden, width, deviation: Deviation);
    }

    protected override Tensor Forward(Tensor x) => x
        .Apply(fc1)
        .Permute(0, 3, 1, 2).Apply(dwconv).Permute(0, 2, 3, 1)
        .Apply(act).Apply(fc2);
}
