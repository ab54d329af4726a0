using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>
/// Attention of queries [N, T, D] to keys and values [N, S, D] from anywhere, and where some must not be seen a bias [N or 1, 1, T, S], to
/// [N, T, D]. Names as in PyTorch (<c>in_proj_weight</c>, <c>out_proj</c>).
/// </summary>
public sealed class MultiheadAttention : Net<Tensor[], Tensor>
{
    readonly Tensor in_proj_weight, in_proj_bias;
    readonly Linear out_proj;
    readonly int width, heads;

    /// <summary>Attention with a width of D / heads in each head.</summary>
    /// <exception cref="ArgumentException">The heads do not divide the width.</exception>
    public MultiheadAttention(Weights w, int width, int heads) : base(w)
    {
        if (heads < 1 || width < 1 || width % heads != 0)
            throw new ArgumentException($"{w.Path}: {heads} heads do not divide a width of {width}");
        in_proj_weight = w.Parameter("in_proj_weight", [3 * width, width], Init.XavierUniform);
        in_proj_bias = w.Parameter("in_proj_bias", [3 * width]);
        out_proj = new(w / "out_proj", width, width);
        (this.width, this.heads) = (width, heads);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor[] queryKeyValueBias)
    {
        var (query, key, value) = (queryKeyValueBias[0], queryKeyValueBias[1], queryKeyValueBias[2]);
        var scale = 1 / Math.Sqrt((double)width / heads);
        var heard = AttentionProduct.Of(
            Heads(query, 0) * scale, Heads(key, 1).Transpose(2, 3), Heads(value, 2), queryKeyValueBias.ElementAtOrDefault(3));
        return heard.Transpose(1, 2).Reshape(query.Size(0), query.Size(1), width).Apply(out_proj);
    }

    /// <summary>One of the three projections, [N, T, D] to [N, heads, T, D/heads].</summary>
    Tensor Heads(Tensor x, int which) =>
        Products.Linear(x, in_proj_weight.Narrow(0, which * width, width), in_proj_bias.Narrow(0, which * width, width))
            .Reshape(x.Size(0), x.Size(1), heads, width / heads).Transpose(1, 2);
}
