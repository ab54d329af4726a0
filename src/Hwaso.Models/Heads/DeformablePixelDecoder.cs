// The pixel decoder of Cheng et al., "Masked-attention mask transformer for universal image segmentation", CVPR 2022, on deformable
// attention of Zhu et al., "Deformable DETR", ICLR 2021. Structure and key names follow Mask2Former
// (modeling/pixel_decoder/msdeformattn.py). Deviations: none known.
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>
/// Four maps at strides 4 to 32, finest first, to one map for masks at stride 4 and three for queries, coarsest first, all of D channels.
/// </summary>
sealed class DeformablePixelDecoder : Net<Tensor[], Tensor[]>
{
    const int Groups = 32, Levels = 3;

    readonly Conv2d[] projections;
    readonly GroupNorm[] norms;
    readonly Tensor level_embed;
    readonly DeformableLayer[] layers;
    readonly Conv2d mask_features, adapter_1, layer_1;
    readonly GroupNorm adapterNorm, layerNorm;

    public DeformablePixelDecoder(Weights w, IReadOnlyList<int> channels, Mask2FormerConfig config) : base(w)
    {
        var d = config.Width;
        int[] coarseFirst = [.. channels.Skip(1).Reverse()];
        (projections, norms) = (new Conv2d[Levels], new GroupNorm[Levels]);
        for (var k = 0; k < Levels; k++)
        {
            var place = w / "input_proj" / k;
            projections[k] = new(place / 0, coarseFirst[k], d, kernel: 1, bias: true);
            norms[k] = new(place / 1, Groups, d);
        }
        var transformer = w / "transformer";
        level_embed = transformer.Parameter("level_embed", [Levels, d], t => Init.Normal(t, 1));
        layers = [.. Enumerable.Range(0, config.EncoderLayers).Select(k => new DeformableLayer(
            transformer / "encoder" / "layers" / k, d, config.Heads, Levels, config.EncoderWidth))];
        mask_features = new(w / "mask_features", d, d, kernel: 1, bias: true);
        adapter_1 = new(w / "adapter_1", channels[0], d, kernel: 1);
        adapterNorm = new(w / "adapter_1" / "norm", Groups, d);
        layer_1 = new(w / "layer_1", d, d, kernel: 3);
        layerNorm = new(w / "layer_1" / "norm", Groups, d);
    }

    /// <summary>Gives the weights the initial values that the authors begin with, where they are not PyTorch's own.</summary>
    public void InitialiseAsPublished()
    {
        foreach (var (name, tensor) in Weights.Parameters)
            if (tensor.Dimensions == 4 && name.Contains(".input_proj.", StringComparison.Ordinal))
                Init.XavierUniform(tensor);
            else if (tensor.Dimensions == 4)
                Init.KaimingUniform(tensor, 1);
            else if (name.EndsWith("mask_features.bias", StringComparison.Ordinal)
                || name.Contains(".input_proj.", StringComparison.Ordinal) && name.EndsWith(".0.bias", StringComparison.Ordinal))
                Init.Constant(tensor, 0);
        foreach (var layer in layers)
            layer.InitialiseAsPublished();
    }

    protected override Tensor[] Forward(Tensor[] maps)
    {
        Tensor[] coarseFirst = [.. maps.Skip(1).Reverse()];
        LevelSize[] sizes = [.. coarseFirst.Select(map => new LevelSize(map.Size(2), map.Size(3)))];
        var tokens = Tensor.Concat(coarseFirst.Select((map, k) => Flat(map.Apply(projections[k]).Apply(norms[k]))), 1);
        var places = Tensor.Concat(sizes.Select((size, k) =>
            Flat(SinePositions.Of(tokens, size.Height, size.Width, tokens.Size(2))) + level_embed.Narrow(0, k, 1)), 1);
        var points = DeformableTokens.Centres(tokens, sizes);
        foreach (var layer in layers)
            tokens = layer.Of(tokens, places, points, sizes);                                   // [N, S, D]
        var levels = new List<Tensor>();
        var from = 0L;
        foreach (var size in sizes)
        {
            levels.Add(tokens.Narrow(1, from, size.Pixels).Transpose(1, 2).Reshape(tokens.Size(0), -1, size.Height, size.Width));
            from += size.Pixels;
        }
        var fine = maps[0].Apply(adapter_1).Apply(adapterNorm) + levels[^1].ResizeBilinear(maps[0].Size(2), maps[0].Size(3));
        return [fine.Apply(layer_1).Apply(layerNorm).Relu().Apply(mask_features), .. levels];
    }

    static Tensor Flat(Tensor map) => map.Flatten(2).Transpose(1, 2);                           // [N, H·W, D]
}

/// <summary>Height and width of a map among several.</summary>
readonly record struct LevelSize(long Height, long Width)
{
    public long Pixels => Height * Width;
}

/// <summary>Positions as sines: Carion et al., "End-to-end object detection with transformers", ECCV 2020.</summary>
public static class SinePositions
{
    const double Temperature = 10000, Epsilon = 1e-6;

    /// <summary>The positions [1, D, H, W] of a map's pixels: first the row's sines and cosines in turn, then the column's.</summary>
    /// <param name="like">A tensor of the type and device that are wanted.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <param name="channels">D, a multiple of 4.</param>
    public static Tensor Of(Tensor like, long height, long width, long channels)
    {
        ArgumentNullException.ThrowIfNull(like);
        if (like.IsHollow)
            return Tensor.Hollow([1, channels, height, width], like.Type);
        var (half, plane) = (channels / 2, height * width);
        var values = new float[channels * plane];
        for (var c = 0L; c < channels; c++)
        {
            var (k, down) = (c % half, c < half);
            var rate = Math.Pow(Temperature, 2.0 * (k / 2) / half);
            for (var p = 0L; p < plane; p++)
            {
                var (at, count) = down ? (p / width, height) : (p % width, width);
                var angle = (at + 1) / (count + Epsilon) * 2 * Math.PI / rate;
                values[c * plane + p] = (float)(k % 2 == 0 ? Math.Sin(angle) : Math.Cos(angle));
            }
        }
        return Like(Tensor.From(values, 1, channels, height, width), like);
    }

    internal static Tensor Like(Tensor made, Tensor like)
    {
        made = made.Type == like.Type ? made : made.To(like.Type);
        return like.Device.Type == DeviceType.Cpu ? made : made.To(like.Device);
    }
}

/// <summary>A layer: deformable attention, then two layers, each added and normed. [N, S, D] to the same.</summary>
sealed class DeformableLayer : Module
{
    readonly DeformableTokens self_attn;
    readonly LayerNorm norm1, norm2;
    readonly Linear linear1, linear2;

    public DeformableLayer(Weights w, int width, int heads, int levels, int hidden) : base(w)
    {
        self_attn = new(w / "self_attn", width, heads, levels);
        norm1 = new(w / "norm1", [width]);
        linear1 = new(w / "linear1", width, hidden);
        linear2 = new(w / "linear2", hidden, width);
        norm2 = new(w / "norm2", [width]);
    }

    /// <summary>Gives the weights the initial values that the authors begin with.</summary>
    public void InitialiseAsPublished()
    {
        self_attn.InitialiseAsPublished();
        foreach (var (_, tensor) in linear1.Weights.Parameters.Concat(linear2.Weights.Parameters).Where(p => p.Value.Dimensions == 2))
            Init.XavierUniform(tensor);
    }

    public Tensor Of(Tensor tokens, Tensor places, Tensor points, IReadOnlyList<LevelSize> sizes)
    {
        tokens = (tokens + self_attn.Of(tokens + places, tokens, points, sizes)).Apply(norm1);
        return (tokens + tokens.Apply(linear1).Relu().Apply(linear2)).Apply(norm2);
    }
}

/// <summary>
/// Deformable attention over several maps: each token looks at a few points of every map, whose places and weights it chooses itself.
/// </summary>
sealed class DeformableTokens : Module
{
    const int Points = 4;

    readonly Linear sampling_offsets, attention_weights, value_proj, output_proj;
    readonly int width, heads, levels;

    public DeformableTokens(Weights w, int width, int heads, int levels) : base(w)
    {
        (this.width, this.heads, this.levels) = (width, heads, levels);
        sampling_offsets = new(w / "sampling_offsets", width, heads * levels * Points * 2);
        attention_weights = new(w / "attention_weights", width, heads * levels * Points);
        value_proj = new(w / "value_proj", width, width);
        output_proj = new(w / "output_proj", width, width);
    }

    /// <summary>Gives the weights the initial values that the authors begin with.</summary>
    public void InitialiseAsPublished()
    {
        foreach (var (name, tensor) in Weights.Parameters)
            if (name.EndsWith("sampling_offsets.bias", StringComparison.Ordinal))
                using (new Scope())
                    tensor.CopyFrom(Tensor.From(Around(heads, levels)).ToHost());
            else if (name.EndsWith("_proj.weight", StringComparison.Ordinal))
                Init.XavierUniform(tensor);
            else
                Init.Constant(tensor, 0);
    }

    /// <summary>The centre of each pixel of each map, x then y from 0 to 1: [1, S, 1, 1, 1, 2].</summary>
    public static Tensor Centres(Tensor like, IReadOnlyList<LevelSize> sizes)
    {
        var count = sizes.Sum(size => size.Pixels);
        if (like.IsHollow)
            return Tensor.Hollow([1, count, 1, 1, 2], like.Type);
        var values = new float[2 * count];
        var at = 0;
        foreach (var (height, across) in sizes)
            for (var row = 0L; row < height; row++)
                for (var column = 0L; column < across; column++)
                {
                    values[at++] = (float)((column + 0.5) / across);
                    values[at++] = (float)((row + 0.5) / height);
                }
        return SinePositions.Like(Tensor.From(values, 1, count, 1, 1, 2), like);
    }

    /// <param name="query">[N, S, D], with positions.</param>
    /// <param name="input">[N, S, D], of all maps.</param>
    /// <param name="points">As <see cref="Centres"/> gives them.</param>
    /// <param name="sizes">Of each map.</param>
    public Tensor Of(Tensor query, Tensor input, Tensor points, IReadOnlyList<LevelSize> sizes)
    {
        var (batch, tokens, depth) = (query.Size(0), query.Size(1), width / heads);
        var value = input.Apply(value_proj).Reshape(batch, tokens, heads, depth).Permute(0, 2, 3, 1);               // [N, heads, d, S]
        var offsets = query.Apply(sampling_offsets).Reshape(batch, tokens, heads, levels, Points * 2);
        var weights = query.Apply(attention_weights).Reshape(batch, tokens, heads, levels * Points).Softmax(3)
            .Permute(0, 2, 1, 3).Reshape(batch * heads, 1, tokens, levels * Points);
        var sampled = new List<Tensor>();
        var from = 0L;
        for (var level = 0; level < levels; level++)
        {
            var (height, across) = sizes[level];
            var map = value.Narrow(3, from, height * across).Reshape(batch * heads, depth, height, across);
            from += height * across;
            // An offset of 1 is a pixel of that map.
            var moves = Aten.Select(offsets, 3, level).Reshape(batch, tokens, heads, Points, 2)
                * SinePositions.Like(PixelSize(input, height, across), input);
            // From 0 … 1 to −1 … 1 over the map's outer edges.
            var grid = ((points + moves) * 2 - 1).Permute(0, 2, 1, 3, 4).Reshape(batch * heads, tokens, Points, 2);
            sampled.Add(Aten.GridSampler(map, grid, interpolationMode: 0, paddingMode: 0, alignCorners: false));    // [N·heads, d, S, 4]
        }
        return (Tensor.Concat(sampled, 3) * weights).Sum([3]).Reshape(batch, width, tokens).Transpose(1, 2).Apply(output_proj);
    }

    static Tensor PixelSize(Tensor like, long height, long across) => like.IsHollow
        ? Tensor.Hollow([2], like.Type)
        : Tensor.From([(float)(1.0 / across), (float)(1.0 / height)], 2);

    /// <summary>Each head looks in a direction of its own at first, each point a pixel farther.</summary>
    static float[] Around(int heads, int levels)
    {
        var biases = new float[heads * levels * Points * 2];
        for (var k = 0; k < biases.Length; k++)
        {
            var (head, point) = (k / (levels * Points * 2), k / 2 % Points);
            var angle = 2 * Math.PI * head / heads;
            var longest = Math.Max(Math.Abs(Math.Cos(angle)), Math.Abs(Math.Sin(angle)));
            biases[k] = (float)((k % 2 == 0 ? Math.Cos(angle) : Math.Sin(angle)) / longest * (point + 1));
        }
        return biases;
    }
}
