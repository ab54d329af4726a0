using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Evaluation;

/// <summary>ONNX's Attention and RotaryEmbedding.</summary>
static class AttentionRules
{
    public static Rule? Read(NodeAttributes a)
    {
        switch (a.Node.Type)
        {
            case "Attention":
                a.Ignore("softmax_precision");
                var heads = ((int)a.Int("q_num_heads", 0), (int)a.Int("kv_num_heads", 0));
                var settings = new AttentionSettings(a.Flag("is_causal"), a.Float("scale", 0), a.Float("softcap", 0),
                    a.Int("qk_matmul_output_mode", 0));
                return c => Attend(c, heads.Item1, heads.Item2, settings);
            case "RotaryEmbedding":
                var (interleaved, count, size) = (a.Flag("interleaved"), (int)a.Int("num_heads", 0), (int)a.Int("rotary_embedding_dim", 0));
                return c => [Rotated(c, interleaved, count, size)];
            default:
                return null;
        }
    }

    // [N, T, heads · D] as [N, heads, T, D].
    static Value Apart(Call c, Value x, int heads) => x.Rank == 4 ? x
        : heads < 1 || x.Rank != 3 || x.Shape[2] % heads != 0 ? throw c.Refuse($"input {x} does not fit {heads} heads")
        : ShapeRules.Transpose(x.View([x.Shape[0], x.Shape[1], heads, x.Shape[2] / heads]), [0, 2, 1, 3]);

    static Value[] Attend(Call c, int queryHeads, int keyHeads, AttentionSettings settings)
    {
        var (q, k, v) = (Apart(c, c[0], queryHeads), Apart(c, c[1], keyHeads), Apart(c, c[2], keyHeads));
        if (c.Has(4))
            (k, v) = (ShapeRules.Concat(c, [c[4], k], 2), ShapeRules.Concat(c, [c[5], v], 2));
        var (n, heads, length, size) = (q.Shape[0], q.Shape[1], q.Shape[2], q.Shape[3]);
        var (total, sizeOut) = (k.Shape[2], v.Shape[3]);
        if (k.Shape[1] == 0 || heads % k.Shape[1] != 0 || k.Shape[3] != size || v.Shape[2] != total || v.Shape[1] != k.Shape[1])
            throw c.Refuse($"queries {q}, keys {k} and values {v} do not fit each other");
        var scale = settings.Scale != 0 ? settings.Scale : 1 / Math.Sqrt(size);
        var bias = Bias(c, [n, heads, length, total], settings.IsCausal);
        var (queries, keys, values) = (q.ToDoubles(), k.ToDoubles(), v.ToDoubles());
        var (scores, output) = (c.Doubles([n, heads, length, total]), c.Doubles([n, heads, length, sizeOut]));
        var shown = (double[])scores.Clone();
        for (var row = 0; row < n * heads * length; row++)
        {
            var (image, head) = (row / length / heads, row / length % heads);
            // Fewer heads of keys are repeated as a whole, as the definition in ONNX 1.19 does with Tile.
            var group = (image * k.Shape[1]) + (head % k.Shape[1]);
            var so = scores.AsSpan(row * total, total);
            for (var t = 0; t < total; t++)
            {
                double sum = 0;
                for (var d = 0; d < size; d++)
                    sum += queries[(row * size) + d] * keys[(((group * total) + t) * size) + d];
                so[t] = sum * scale;
            }
            Show(so, shown, row, settings.Shown == 0);
            for (var t = 0; t < total; t++)
                so[t] += bias[(row * total) + t];
            Show(so, shown, row, settings.Shown == 1);
            if (settings.Cap != 0)
                for (var t = 0; t < total; t++)
                    so[t] = settings.Cap * Math.Tanh(so[t] / settings.Cap);
            Show(so, shown, row, settings.Shown == 2);
            ReductionRules.Softmax(so);
            Show(so, shown, row, settings.Shown == 3);
            for (var t = 0; t < total; t++)
                for (var d = 0; d < sizeOut; d++)
                    output[(row * sizeOut) + d] += so[t] * values[(((group * total) + t) * sizeOut) + d];
        }
        var result = new Value(c[0].Type, [n, heads, length, sizeOut], output);
        if (c[0].Rank == 3)
            result = ShapeRules.Transpose(result, [0, 2, 1, 3]).View([n, length, heads * sizeOut]);
        return [result, k, v, new Value(c[0].Type, [n, heads, length, total], shown)];
    }

    static void Show(Span<double> row, double[] shown, int number, bool wanted)
    {
        if (wanted)
            row.CopyTo(shown.AsSpan(number * row.Length));
    }

    static double[] Bias(Call c, int[] shape, bool isCausal)
    {
        var bias = c.Doubles(shape);
        var (length, total) = (shape[2], shape[3]);
        if (c.Optional(3) is { } mask)
        {
            // A mask for fewer keys hides the others.
            var own = mask.Shape[^1];
            int[] part = [.. shape[..3], own == 1 ? total : own];
            var given = c.Spread(mask, part);
            Array.Fill(bias, double.NegativeInfinity);
            for (var k = 0; k < given.Length; k++)
                bias[(k / part[3] * total) + (k % part[3])] = mask.IsReal ? given[k] : given[k] != 0 ? 0 : double.NegativeInfinity;
        }
        var lengths = c.Has(6) ? c.Ints(6, "lengths") : null;
        for (var k = 0; k < bias.Length; k++)
        {
            var (at, row) = (k % total, k / total % length);
            var valid = lengths?[k / total / length / shape[1]] ?? total;
            // The triangle starts at the upper left corner, whatever came before.
            if (at >= valid || (isCausal && at > row))
                bias[k] = double.NegativeInfinity;
        }
        return bias;
    }

    static Value Rotated(Call c, bool interleaved, int heads, int wanted)
    {
        var x = Apart(c, c[0], heads);
        var (length, size) = (x.Shape[2], x.Shape[3]);
        var half = (wanted == 0 ? size : wanted) / 2;
        var (cos, sin, numbers) = (c[1], c[2], x.ToDoubles());
        var positions = c.Has(3) ? c.Ints(3, "positions") : null;
        for (var row = 0; row < x.Count / size; row++)
        {
            var at = (row / length / x.Shape[1] * length) + (row % length);
            var angle = (int)(positions?[at] ?? at) * cos.Shape[^1];
            for (var k = 0; k < half; k++)
            {
                var (first, second) = interleaved ? (2 * k, (2 * k) + 1) : (k, k + half);
                var (p, q) = (numbers[(row * size) + first], numbers[(row * size) + second]);
                var (r, i) = (cos[angle + k], sin[angle + k]);
                (numbers[(row * size) + first], numbers[(row * size) + second]) = ((r * p) - (i * q), (i * p) + (r * q));
            }
        }
        var result = new Value(x.Type, x.Shape, numbers);
        return c[0].Rank == 4 ? result : ShapeRules.Transpose(result, [0, 2, 1, 3]).View(c[0].Shape);
    }
}

/// <summary>How attention is computed.</summary>
/// <param name="IsCausal">Whether a query sees no later key.</param>
/// <param name="Scale">The factor of the products; 0 for the usual one.</param>
/// <param name="Cap">The bound of the scores; 0 for none.</param>
/// <param name="Shown">The step whose scores are the last output.</param>
sealed record AttentionSettings(bool IsCausal, double Scale, double Cap, long Shown);
