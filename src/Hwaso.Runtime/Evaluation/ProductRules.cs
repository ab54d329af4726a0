using Hwaso.Runtime.Core;
using Hwaso.Runtime.Format;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Evaluation;

/// <summary>Products of matrices.</summary>
static class ProductRules
{
    public static Rule? Read(NodeAttributes a)
    {
        switch (a.Node.Type)
        {
            case "MatMul":
                return c => [MatMul(c, c[0], c[1])];
            case "MatMulInteger":
                return c => [Integers(c)];
            case "Gemm":
                var (alpha, beta) = (a.Float("alpha", 1), a.Float("beta", 1));
                var (left, right) = (a.Flag("transA"), a.Flag("transB"));
                return c => [Gemm(c, alpha, beta, left, right)];
            case "Einsum":
                var equation = a.Text("equation", "");
                return c => [Einsum.Compute(c, equation)];
            case "Det":
                return c => [Determinant(c)];
            default:
                return null;
        }
    }

    public static Value MatMul(Call c, Value a, Value b)
    {
        var (x, y, columnGone, rowGone) = (a.Shape, b.Shape, b.Rank == 1, a.Rank == 1);
        if (a.Rank == 0 || b.Rank == 0)
            throw c.Refuse("scalars cannot be multiplied as matrices");
        x = rowGone ? [1, x[0]] : x;
        y = columnGone ? [y[0], 1] : y;
        var (m, k, n) = (x[^2], x[^1], y[^1]);
        if (k != y[^2])
            throw c.Refuse($"{a} · {b}: {k} columns do not fit {y[^2]} rows");
        var batch = c.Broadcast(x[..^2], y[..^2]);
        var (first, second) = (Broadcasting.Indices(x[..^2], batch), Broadcasting.Indices(y[..^2], batch));
        int[] shape = [.. batch, .. rowGone ? Array.Empty<int>() : [m], .. columnGone ? Array.Empty<int>() : [n]];
        var to = c.Doubles(shape);
        var (p, q) = (a.ToDoubles(), b.ToDoubles());
        for (var at = 0; at < first.Length; at++)
            for (var i = 0; i < m; i++)
            {
                var row = to.AsSpan(((at * m) + i) * n, n);
                for (var j = 0; j < k; j++)
                {
                    var factor = p[(((first[at] * m) + i) * k) + j];
                    var from = q.AsSpan(((second[at] * k) + j) * n, n);
                    for (var l = 0; l < n; l++)
                        row[l] += factor * from[l];
                }
            }
        return new Value(a.Type, shape, to);
    }

    /// <summary>The differences of integers and their zero points, which are single numbers or one for each row or column.</summary>
    public static Value Shifted(Call c, Value x, Value? zero, int axis)
    {
        var numbers = x.ToDoubles();
        if (zero is not null)
        {
            var inner = zero.Count == 1 ? numbers.Length : Value.Product(x.Shape.AsSpan(axis + 1));
            for (var k = 0; k < numbers.Length; k++)
                numbers[k] -= zero.Count == 1 ? zero[0] : zero[k / inner % zero.Count];
        }
        // Integers of up to 17 bits and sums of them are exact in double precision.
        return new Value(OnnxType.Float64, x.Shape, numbers);
    }

    static Value Integers(Call c)
    {
        var (a, b) = (c[0], c[1]);
        var product = MatMul(c, Shifted(c, a, c.Optional(2), Math.Max(0, a.Rank - 2)),
            Shifted(c, b, c.Optional(3), Math.Max(0, b.Rank - 1)));
        return new Value(OnnxType.Int32, product.Shape, product.Doubles);
    }

    static Value Gemm(Call c, float alpha, float beta, bool left, bool right)
    {
        var (a, b) = (c[0], c[1]);
        if (a.Rank != 2 || b.Rank != 2)
            throw c.Refuse($"{a} and {b}: matrices were wanted");
        var product = MatMul(c, left ? ShapeRules.Transpose(a, [1, 0]) : a, right ? ShapeRules.Transpose(b, [1, 0]) : b);
        var numbers = product.ToDoubles();
        var shift = c.Has(2) ? c.Spread(c[2], product.Shape) : null;
        for (var k = 0; k < numbers.Length; k++)
            numbers[k] = (alpha * numbers[k]) + (shift is null ? 0 : beta * shift[k]);
        return new Value(a.Type, product.Shape, numbers);
    }

    static Value Determinant(Call c)
    {
        var x = c[0];
        var n = x.Shape[^1];
        if (x.Rank < 2 || x.Shape[^2] != n)
            throw c.Refuse($"input {x}: square matrices were wanted");
        var (numbers, to) = (x.ToDoubles(), c.Doubles(x.Shape[..^2]));
        for (var at = 0; at < to.Length; at++)
            to[at] = Determinant(numbers.AsSpan(at * n * n, n * n), n);
        return new Value(x.Type, x.Shape[..^2], to);
    }

    // Gaussian elimination with the largest pivot of each column.
    static double Determinant(Span<double> m, int n)
    {
        double product = 1;
        for (var column = 0; column < n; column++)
        {
            var pivot = column;
            for (var row = column + 1; row < n; row++)
                if (Math.Abs(m[(row * n) + column]) > Math.Abs(m[(pivot * n) + column]))
                    pivot = row;
            if (m[(pivot * n) + column] == 0)
                return 0;
            if (pivot != column)
            {
                product = -product;
                for (var k = 0; k < n; k++)
                    (m[(pivot * n) + k], m[(column * n) + k]) = (m[(column * n) + k], m[(pivot * n) + k]);
            }
            product *= m[(column * n) + column];
            for (var row = column + 1; row < n; row++)
            {
                var factor = m[(row * n) + column] / m[(column * n) + column];
                for (var k = column; k < n; k++)
                    m[(row * n) + k] -= factor * m[(column * n) + k];
            }
        }
        return product;
    }
}

/// <summary>Einstein's sums, such as <c>bij,bjk->bik</c>.</summary>
static class Einsum
{
    public static Value Compute(Call c, string equation)
    {
        var sides = equation.Replace(" ", "", StringComparison.Ordinal).Split("->");
        var terms = sides[0].Split(',');
        if (terms.Length != c.Inputs || sides.Length > 2)
            throw c.Refuse($"equation '{equation}' does not fit {c.Inputs} inputs");
        // An ellipsis stands for as many dimensions as the terms leave; they get labels of their own, aligned at the right.
        var hidden = Enumerable.Range(0, terms.Length).Select(k => terms[k].Contains("...") ? c[k].Rank - (terms[k].Length - 3) : 0).Max();
        string Spelled(string term, int rank)
        {
            var count = Math.Max(0, Math.Min(hidden, rank - (term.Length - 3)));
            return term.Replace("...", new string([.. Enumerable.Range(hidden - count, count).Select(k => (char)('0' + k))]),
                StringComparison.Ordinal);
        }
        var labels = terms.Select((t, k) => Spelled(t, c[k].Rank)).ToArray();
        var result = sides.Length == 2
            ? Spelled(sides[1], int.MaxValue / 2)
            : new string([.. Enumerable.Range(0, hidden).Select(k => (char)('0' + k)),
                .. string.Concat(labels).Where(char.IsLetter).GroupBy(l => l).Where(g => g.Count() == 1).Select(g => g.Key).Order()]);
        var sizes = new Dictionary<char, int>();
        for (var k = 0; k < labels.Length; k++)
        {
            if (labels[k].Length != c[k].Rank)
                throw c.Refuse($"equation '{equation}' does not fit input {c[k]}");
            for (var d = 0; d < labels[k].Length; d++)
                if (!sizes.TryGetValue(labels[k][d], out var size) || size == 1)
                    sizes[labels[k][d]] = c[k].Shape[d];
                else if (c[k].Shape[d] != size && c[k].Shape[d] != 1)
                    throw c.Refuse($"equation '{equation}': '{labels[k][d]}' is {size} and {c[k].Shape[d]}");
        }
        char[] all = [.. result, .. sizes.Keys.Where(l => !result.Contains(l))];
        var shape = c.Sizes(result.Select(l => (long)sizes[l]));
        return Sum(c, labels, all, Array.ConvertAll(all, l => sizes[l]), shape);
    }

    static Value Sum(Call c, string[] labels, char[] all, int[] sizes, int[] shape)
    {
        var numbers = Enumerable.Range(0, c.Inputs).Select(k => c[k].ToDoubles()).ToArray();
        var steps = labels.Select((term, k) => all.Select(l =>
        {
            var dense = Strides.Dense(c[k].Shape);
            return term.Select((t, d) => t == l && c[k].Shape[d] > 1 ? dense[d] : 0).Sum();
        }).ToArray()).ToArray();
        var to = c.Doubles(shape);
        if (sizes.Contains(0))
            return new Value(c[0].Type, shape, to);
        var inner = sizes.Skip(shape.Length).Aggregate(1L, (p, s) => checked(p * s));
        if ((Int128)to.Length * inner > 1L << 34)
            throw c.Refuse($"sums of {inner} products each for {to.Length} numbers would take too long");
        var index = new int[sizes.Length];
        var at = new int[numbers.Length];
        for (var k = 0; k < to.Length; k++)
            for (var j = 0L; j < inner; j++)
            {
                double product = 1;
                for (var t = 0; t < numbers.Length; t++)
                    product *= numbers[t][at[t]];
                to[k] += product;
                for (var d = sizes.Length - 1; d >= 0; d--)
                {
                    index[d]++;
                    for (var t = 0; t < at.Length; t++)
                        at[t] += steps[t][d];
                    if (index[d] < sizes[d])
                        break;
                    for (var t = 0; t < at.Length; t++)
                        at[t] -= steps[t][d] * sizes[d];
                    index[d] = 0;
                }
            }
        return new Value(c[0].Type, shape, to);
    }
}
