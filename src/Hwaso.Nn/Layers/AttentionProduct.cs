using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>What every attention computes: softmax(query · key) · value. Vaswani et al., NeurIPS 2017.</summary>
public static class AttentionProduct
{
    const long Whole = 2048, Part = 512;

    /// <summary>
    /// The values' mean for each query, weighted by its likeness to the keys. Many queries go in parts, with the same answer: T·S weights
    /// of a large image would take gigabytes.
    /// </summary>
    /// <param name="query">[N, heads, T, d], scaled.</param>
    /// <param name="key">[N, heads, d, S].</param>
    /// <param name="value">[N, heads, S, d].</param>
    /// <returns>[N, heads, T, d].</returns>
    public static Tensor Of(Tensor query, Tensor key, Tensor value)
    {
        var (queries, keys) = (query.Size(2), key.Size(3));
        if (queries * keys <= Whole * Whole)
            return query.MatMul(key).Softmax(3).MatMul(value);
        var parts = new List<Tensor>();
        var step = Math.Max(Part, Whole * Part / keys);
        for (var from = 0L; from < queries; from += step)
        {
            using var scope = new Scope();
            var part = query.Narrow(2, from, Math.Min(step, queries - from));
            parts.Add(scope.Keep(part.MatMul(key).Softmax(3).MatMul(value)));
        }
        return Tensor.Concat(parts, 2);
    }
}
