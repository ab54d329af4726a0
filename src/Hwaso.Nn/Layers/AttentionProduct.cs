using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>What every attention computes: softmax(query · key + bias) · value. Vaswani et al., NeurIPS 2017.</summary>
public static class AttentionProduct
{
    const long Whole = 2048, Part = 512;

    /// <summary>What is added to the likeness of a query to a key that it must not see: its weight becomes 0.</summary>
    public const double Unseen = -1e9;

    /// <summary>
    /// The values' mean for each query, weighted by its likeness to the keys. Many queries go in parts, with the same answer: T·S weights
    /// of a large image would take gigabytes.
    /// </summary>
    /// <param name="query">[N, heads, T, d], scaled.</param>
    /// <param name="key">[N, heads, d, S].</param>
    /// <param name="value">[N, heads, S, d].</param>
    /// <param name="bias">[N or 1, heads or 1, T, S], added before the softmax; null for none.</param>
    /// <returns>[N, heads, T, d].</returns>
    public static Tensor Of(Tensor query, Tensor key, Tensor value, Tensor? bias = null)
    {
        var (queries, keys) = (query.Size(2), key.Size(3));
        if (queries * keys <= Whole * Whole)
            return Weighted(query, key, value, bias);
        var parts = new List<Tensor>();
        var step = Math.Max(Part, Whole * Part / keys);
        for (var from = 0L; from < queries; from += step)
        {
            using var scope = new Scope();
            var count = Math.Min(step, queries - from);
            parts.Add(scope.Keep(Weighted(query.Narrow(2, from, count), key, value, bias?.Narrow(2, from, count))));
        }
        return Tensor.Concat(parts, 2);
    }

    static Tensor Weighted(Tensor query, Tensor key, Tensor value, Tensor? bias)
    {
        var likeness = query.Times(key);
        return (bias is null ? likeness : likeness + bias).Softmax(3).Times(value);
    }
}
