using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>
/// Multi-head attention of tokens to each other, query, key and value from one layer: tokens [N, T, D], and where some must not see
/// others a bias [N or 1, 1, T, T], to [N, T, D]. Vaswani et al., NeurIPS 2017; names as in timm and DINOv2 (<c>qkv</c>, <c>proj</c>).
/// </summary>
public sealed class SelfAttention : Net<Tensor[], Tensor>
{
    readonly Linear qkv, proj;
    readonly int heads;
    readonly double scale;

    /// <summary>Attention with a width of D / heads in each head.</summary>
    /// <param name="w">Its place.</param>
    /// <param name="width">D.</param>
    /// <param name="heads">How many heads share it.</param>
    /// <param name="deviation">That of the weights' first values (normal, biases 0); null for PyTorch's own.</param>
    /// <exception cref="ArgumentException">The heads do not divide the width.</exception>
    public SelfAttention(Weights w, int width, int heads, double? deviation = null) : base(w)
    {
        if (heads < 1 || width < 1 || width % heads != 0)
            throw new ArgumentException($"{w.Path}: {heads} heads do not divide a width of {width}; {Fitting(width, heads)} would");
        qkv = new(w / "qkv", width, 3 * width, deviation: deviation);
        proj = new(w / "proj", width, width, deviation: deviation);
        (this.heads, scale) = (heads, 1 / Math.Sqrt((double)width / heads));
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor[] tokensAndBias)
    {
        var (x, bias) = (tokensAndBias[0], tokensAndBias.ElementAtOrDefault(1));
        var (batch, tokens, width) = (x.Size(0), x.Size(1), x.Size(2));
        var joint = x.Apply(qkv).Reshape(batch, tokens, 3, heads, width / heads).Permute(2, 0, 3, 1, 4);    // [3, N, heads, T, D/heads]
        var (query, key, value) = (Aten.Select(joint, 0, 0) * scale, Aten.Select(joint, 0, 1), Aten.Select(joint, 0, 2));
        return AttentionProduct.Of(query, key.Transpose(2, 3), value, bias)
            .Transpose(1, 2).Reshape(batch, tokens, width).Apply(proj);
    }

    static int Fitting(int width, int heads) =>
        Enumerable.Range(1, Math.Max(width, 1)).Where(h => width % h == 0).MinBy(h => Math.Abs(h - heads));
}
