// The transformer decoder of Cheng et al., "Masked-attention mask transformer for universal image segmentation", CVPR 2022. Structure and
// key names follow Mask2Former (modeling/transformer_decoder/mask2former_transformer_decoder.py). Deviations: none known.
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>What distinguishes one Mask2Former from another over the same encoder.</summary>
public sealed record Mask2FormerConfig
{
    /// <summary>The settings of the section <c>mask2former</c>.</summary>
    public static Settings<Mask2FormerConfig> Settings { get; } = new Settings<Mask2FormerConfig>()
        .Int("queries", c => c.Queries, (c, v) => c with { Queries = v }, 1, "queries, the most objects that it finds; 100")
        .Int("width", c => c.Width, (c, v) => c with { Width = v }, 1, "channels of pixel decoder and queries; 256")
        .Int("heads", c => c.Heads, (c, v) => c with { Heads = v }, 1, "attention heads; they divide the channels; 8")
        .Int("encoder_layers", c => c.EncoderLayers, (c, v) => c with { EncoderLayers = v }, 1, "layers of the pixel decoder; 6")
        .Int("encoder_width", c => c.EncoderWidth, (c, v) => c with { EncoderWidth = v }, 1,
            "width of the token-wise networks of the pixel decoder; 1024")
        .Int("decoder_layers", c => c.DecoderLayers, (c, v) => c with { DecoderLayers = v }, 1, "layers that the queries pass; 9")
        .Int("decoder_width", c => c.DecoderWidth, (c, v) => c with { DecoderWidth = v }, 1,
            "width of the token-wise networks of the queries; 2048")
        .Require(c => c.Check());

    /// <summary>Q.</summary>
    public int Queries { get; init; } = 100;

    /// <summary>D, channels of the pixel decoder and of queries.</summary>
    public int Width { get; init; } = 256;

    /// <summary>Attention heads of both.</summary>
    public int Heads { get; init; } = 8;

    /// <summary>Layers of the pixel decoder.</summary>
    public int EncoderLayers { get; init; } = 6;

    /// <summary>Width of the token-wise networks of the pixel decoder.</summary>
    public int EncoderWidth { get; init; } = 1024;

    /// <summary>Layers that the queries pass.</summary>
    public int DecoderLayers { get; init; } = 9;

    /// <summary>Width of the token-wise networks of the queries.</summary>
    public int DecoderWidth { get; init; } = 2048;

    /// <summary>Checks that the numbers fit each other.</summary>
    /// <exception cref="SettingException">The width is no multiple of 32 groups, or the heads do not divide it.</exception>
    public void Check()
    {
        const int Groups = 32;
        if (Width < 1 || Width % Groups != 0)
            throw new SettingException("width", $"mask2former: a width of {Width}; a multiple of {Groups} was wanted");
        if (Heads < 1 || Width % Heads != 0)
            throw new SettingException("heads", $"mask2former: {Heads} heads do not divide a width of {Width}; 8 would");
    }
}

/// <summary>Queries that look at three maps in turn, each at its own mask alone.</summary>
sealed class MaskDecoder : Module
{
    const int Levels = 3;

    // Below ½ a probability in float32 is at least 2⁻²⁵ less.
    const double Steep = 1e9;

    readonly Attending[] selfLayers, crossLayers;
    readonly FeedForward[] feedLayers;
    readonly LayerNorm decoder_norm;
    readonly Tensor query_feat, query_embed, level_embed;
    readonly Linear class_embed;
    readonly MaskEmbedding mask_embed;
    readonly Mask2FormerConfig config;

    public MaskDecoder(Weights w, Mask2FormerConfig config, int classes) : base(w)
    {
        this.config = config;
        var (d, count) = (config.Width, Enumerable.Range(0, config.DecoderLayers));
        selfLayers = [.. count.Select(k => new Attending(w / "transformer_self_attention_layers" / k, "self_attn", d, config.Heads))];
        crossLayers = [.. count.Select(k =>
            new Attending(w / "transformer_cross_attention_layers" / k, "multihead_attn", d, config.Heads))];
        feedLayers = [.. count.Select(k => new FeedForward(w / "transformer_ffn_layers" / k, d, config.DecoderWidth))];
        decoder_norm = new(w / "decoder_norm", [d]);
        query_feat = (w / "query_feat").Parameter("weight", [config.Queries, d], t => Init.Normal(t, 1));
        query_embed = (w / "query_embed").Parameter("weight", [config.Queries, d], t => Init.Normal(t, 1));
        level_embed = (w / "level_embed").Parameter("weight", [Levels, d], t => Init.Normal(t, 1));
        class_embed = new(w / "class_embed", d, classes + 1);
        mask_embed = new(w / "mask_embed" / "layers", d, 1, place => new ReLU(place));
    }

    /// <summary>Gives the weights the initial values that the authors begin with, where they are not PyTorch's own.</summary>
    public void InitialiseAsPublished()
    {
        foreach (var (name, tensor) in Weights.Parameters.Where(p => p.Key.Contains(".transformer_", StringComparison.Ordinal)))
            if (tensor.Dimensions > 1)
                Init.XavierUniform(tensor);
            else if (name.EndsWith("_proj_bias", StringComparison.Ordinal) || name.EndsWith("_proj.bias", StringComparison.Ordinal))
                Init.Constant(tensor, 0);
    }

    /// <summary>What the queries say before the first layer and after each.</summary>
    /// <param name="features">The map for masks, and three for queries, coarsest first.</param>
    public List<MaskPrediction> Of(Tensor[] features)
    {
        var (forMasks, levels) = (features[0], features[1..]);
        var batch = forMasks.Size(0);
        var places = levels.Select(map =>
            SinePositions.Of(map, map.Size(2), map.Size(3), map.Size(1)).Flatten(2).Transpose(1, 2)).ToArray();
        var sources = levels.Select((map, k) => map.Flatten(2).Transpose(1, 2) + level_embed.Narrow(0, k, 1)).ToArray();    // [N, S, D]
        var own = query_embed.Unsqueeze(0);                                                                                 // [1, Q, D]
        var queries = Aten.Expand(query_feat.Unsqueeze(0), [batch, -1, -1]);
        List<MaskPrediction> predictions = [Predict(queries, forMasks)];
        for (var k = 0; k < config.DecoderLayers; k++)
        {
            var level = k % Levels;
            var hidden = Hidden(predictions[^1].MaskLogits, levels[level]);
            queries = crossLayers[k].Of(queries, queries + own, sources[level] + places[level], sources[level], hidden);
            queries = selfLayers[k].Of(queries, queries + own, queries + own, queries);
            queries = feedLayers[k].Of(queries);
            predictions.Add(Predict(queries, forMasks));
        }
        return predictions;
    }

    MaskPrediction Predict(Tensor queries, Tensor forMasks)
    {
        var normed = queries.Apply(decoder_norm);
        var masks = normed.Apply(mask_embed).Times(forMasks.Flatten(2));
        return new(normed.Apply(class_embed), masks.Reshape(masks.Size(0), masks.Size(1), forMasks.Size(2), forMasks.Size(3)));
    }

    /// <summary>
    /// What keeps queries from pixels outside their masks, [N, 1, Q, S]; a query whose mask is empty sees everything. Written without
    /// comparisons, which not every runtime of ONNX computes fast.
    /// </summary>
    static Tensor Hidden(Tensor masks, Tensor level)
    {
        var probabilities = masks.Detach().ResizeBilinear(level.Size(2), level.Size(3)).Sigmoid().Flatten(2);               // [N, Q, S]
        var outside = Aten.Clamp((-probabilities + 0.5) * Steep, min: 0.0, max: 1.0);
        var any = Aten.Amax(-outside + 1, [2], keepdim: true);
        return (outside * any * AttentionProduct.Unseen).Unsqueeze(1);
    }

    /// <summary>Attention, added and normed.</summary>
    sealed class Attending(Weights w, string name, int width, int heads) : Module(w)
    {
        readonly MultiheadAttention attention = new(w / name, width, heads);
        readonly LayerNorm norm = new(w / "norm", [width]);

        public Tensor Of(Tensor queries, Tensor query, Tensor key, Tensor value, Tensor? bias = null)
        {
            Tensor[] input = bias is null ? [query, key, value] : [query, key, value, bias];
            return (queries + input.Apply(attention)).Apply(norm);
        }
    }

    /// <summary>Two layers, added and normed.</summary>
    sealed class FeedForward(Weights w, int width, int hidden) : Module(w)
    {
        readonly Linear linear1 = new(w / "linear1", width, hidden);
        readonly Linear linear2 = new(w / "linear2", hidden, width);
        readonly LayerNorm norm = new(w / "norm", [width]);

        public Tensor Of(Tensor x) => (x + x.Apply(linear1).Relu().Apply(linear2)).Apply(norm);
    }
}
