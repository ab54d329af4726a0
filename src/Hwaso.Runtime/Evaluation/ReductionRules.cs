using Hwaso.Runtime.Core;
using Hwaso.Runtime.Format;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Evaluation;

/// <summary>Reductions along axes, and the functions that normalise along an axis.</summary>
static class ReductionRules
{
    public static Rule? Read(NodeAttributes a)
    {
        var type = a.Node.Type;
        switch (type)
        {
            case "ReduceSum" or "ReduceMean" or "ReduceProd" or "ReduceMax" or "ReduceMin" or "ReduceL1" or "ReduceL2" or "ReduceLogSum"
                or "ReduceLogSumExp" or "ReduceSumSquare":
                var (axes, keep, none) = (a.Ints("axes"), a.Flag("keepdims", true), a.Flag("noop_with_empty_axes"));
                return c => [Reduce(c, type, axes ?? (c.Has(1) ? c.Ints(1, "axes") : null), keep, none)];
            case "GlobalAveragePool" or "GlobalMaxPool" or "GlobalLpPool":
                var p = type == "GlobalLpPool" ? a.Int("p", 2) : 0;
                return c => [Global(c, type, p)];
            case "Softmax" or "LogSoftmax" or "Hardmax":
                var flat = a.Opset < 13;
                var axis = a.Int("axis", flat ? 1 : -1);
                return c => [AlongAxis(c, axis, flat, type switch { "Softmax" => Softmax, "LogSoftmax" => LogSoftmax, _ => Hardmax })];
            case "LpNormalization":
                var (along, power) = (a.Int("axis", -1), a.Int("p", 2));
                return c => [AlongAxis(c, along, false, row => Norm(row, power))];
            case "MeanVarianceNormalization":
                var over = a.Ints("axes") ?? [0, 2, 3];
                return c => [MeanVariance(c, over)];
            default:
                return null;
        }
    }

    /// <summary>A softmax of a row, in place.</summary>
    public static void Softmax(Span<double> row)
    {
        double most = double.NegativeInfinity, sum = 0;
        foreach (var v in row)
            most = Math.Max(most, v);
        foreach (ref var v in row)
            sum += v = Math.Exp(v - most);
        foreach (ref var v in row)
            v /= sum;
    }

    /// <summary>The number of each element's group, when some axes of a shape are reduced, and the shape that remains.</summary>
    public static (int[] Groups, int[] Kept) Groups(int[] shape, IReadOnlySet<int> gone)
    {
        var kept = shape.Select((s, d) => gone.Contains(d) ? 1 : s).ToArray();
        var steps = Strides.Dense(kept);
        var groups = new int[Value.Product(shape)];
        var index = new int[shape.Length];
        for (int k = 0, at = 0; k < groups.Length; k++)
        {
            groups[k] = at;
            for (var d = shape.Length - 1; d >= 0; d--)
            {
                var step = gone.Contains(d) ? 0 : steps[d];
                at += step;
                if (++index[d] < shape[d])
                    break;
                at -= step * index[d];
                index[d] = 0;
            }
        }
        return (groups, kept);
    }

    static Value Reduce(Call c, string type, long[]? axes, bool keep, bool noneIsNothing)
    {
        var x = c[0];
        if (axes is not { Length: > 0 } && noneIsNothing)
            return type is "ReduceL1" or "ReduceL2" or "ReduceLogSum" or "ReduceSumSquare"
                ? new Value(x.Type, x.Shape, Array.ConvertAll(x.ToDoubles(), v => Alone(type, v)))
                : x;
        HashSet<int> gone = axes is { Length: > 0 } ? [.. axes.Select(a => c.Axis(a, x.Rank))] : [.. Enumerable.Range(0, x.Rank)];
        var (groups, kept) = Groups(x.Shape, gone);
        var shape = keep ? kept : x.Shape.Where((_, d) => !gone.Contains(d)).ToArray();
        return x.IsReal || type is "ReduceMean" or "ReduceL2" or "ReduceLogSum" or "ReduceLogSumExp"
            ? new Value(x.Type, shape, Real(c, type, x, groups, kept))
            : Value.OfInts(x.Type, shape, Whole(type, x, groups, Value.Product(kept)));
    }

    static double Alone(string type, double v) => type switch
    {
        "ReduceL1" or "ReduceL2" => Math.Abs(v),
        "ReduceLogSum" => Math.Log(v),
        _ => v * v,
    };

    static double[] Real(Call c, string type, Value x, int[] groups, int[] kept)
    {
        var to = c.Doubles(kept);
        var counts = new int[to.Length];
        var most = new double[type is "ReduceLogSumExp" ? to.Length : 0];
        Array.Fill(most, double.NegativeInfinity);
        if (most.Length > 0)
            for (var k = 0; k < groups.Length; k++)
                most[groups[k]] = Math.Max(most[groups[k]], x[k]);
        Array.Fill(to, type switch
        {
            "ReduceProd" => 1,
            "ReduceMax" => double.NegativeInfinity,
            "ReduceMin" => double.PositiveInfinity,
            _ => 0,
        });
        for (var k = 0; k < groups.Length; k++)
        {
            var (v, g) = (x[k], groups[k]);
            counts[g]++;
            to[g] = type switch
            {
                "ReduceProd" => to[g] * v,
                "ReduceMax" => Math.Max(to[g], v),
                "ReduceMin" => Math.Min(to[g], v),
                "ReduceL1" => to[g] + Math.Abs(v),
                "ReduceL2" or "ReduceSumSquare" => to[g] + (v * v),
                "ReduceLogSumExp" => to[g] + (double.IsInfinity(most[g]) ? Math.Exp(v) : Math.Exp(v - most[g])),
                _ => to[g] + v,
            };
        }
        for (var g = 0; g < to.Length; g++)
            to[g] = type switch
            {
                "ReduceMean" => to[g] / counts[g],
                "ReduceL2" => Math.Sqrt(to[g]),
                "ReduceLogSum" => Math.Log(to[g]),
                "ReduceLogSumExp" => Math.Log(to[g]) + (double.IsInfinity(most[g]) ? 0 : most[g]),
                _ => to[g],
            };
        return to;
    }

    static long[] Whole(string type, Value x, int[] groups, int count)
    {
        var to = new long[count];
        var (least, largest) = Numbers.Range(x.Type);
        Array.Fill(to, type switch
        {
            "ReduceProd" => 1,
            "ReduceMax" => x.Type == OnnxType.Bool ? 0 : least,
            "ReduceMin" => largest,
            _ => 0,
        });
        for (var k = 0; k < groups.Length; k++)
        {
            var (v, g) = (x.Ints[k], groups[k]);
            to[g] = unchecked(type switch
            {
                "ReduceProd" => to[g] * v,
                "ReduceMax" => Math.Max(to[g], v),
                "ReduceMin" => Math.Min(to[g], v),
                "ReduceL1" => to[g] + Math.Abs(v),
                "ReduceSumSquare" => to[g] + (v * v),
                _ => to[g] + v,
            });
        }
        return to;
    }

    static Value Global(Call c, string type, long p)
    {
        var x = c[0];
        if (x.Rank < 2)
            throw c.Refuse($"input {x}: [N, C, …] was wanted");
        var (groups, kept) = Groups(x.Shape, Enumerable.Range(2, x.Rank - 2).ToHashSet());
        if (type != "GlobalLpPool")
            return new Value(x.Type, kept, Real(c, type == "GlobalMaxPool" ? "ReduceMax" : "ReduceMean", x, groups, kept));
        var sums = c.Doubles(kept);
        for (var k = 0; k < groups.Length; k++)
            sums[groups[k]] += Math.Pow(Math.Abs(x[k]), p);
        return new Value(x.Type, kept, Array.ConvertAll(sums, s => Math.Pow(s, 1.0 / p)));
    }

    delegate void RowFunction(Span<double> row);

    /// <summary>Applies a function to each row along an axis; before operator set 13, to all axes from it on.</summary>
    static Value AlongAxis(Call c, long axis, bool flat, RowFunction function)
    {
        var x = c[0];
        var at = flat && axis == x.Rank ? x.Rank : c.Axis(axis, x.Rank);
        var numbers = x.ToDoubles();
        var outer = Value.Product(x.Shape.AsSpan(0, at));
        var length = flat ? Value.Product(x.Shape.AsSpan(at)) : x.Shape[at];
        var inner = flat ? 1 : Value.Product(x.Shape.AsSpan(at + 1));
        var row = new double[length];
        for (var o = 0; o < outer; o++)
            for (var i = 0; i < inner; i++)
            {
                var start = (o * length * inner) + i;
                for (var k = 0; k < length; k++)
                    row[k] = numbers[start + (k * inner)];
                if (length > 0)
                    function(row);
                for (var k = 0; k < length; k++)
                    numbers[start + (k * inner)] = row[k];
            }
        return new Value(x.Type, x.Shape, numbers);
    }

    static void LogSoftmax(Span<double> row)
    {
        double most = double.NegativeInfinity, sum = 0;
        foreach (var v in row)
            most = Math.Max(most, v);
        foreach (var v in row)
            sum += Math.Exp(v - most);
        foreach (ref var v in row)
            v -= most + Math.Log(sum);
    }

    static void Hardmax(Span<double> row)
    {
        var best = 0;
        for (var k = 1; k < row.Length; k++)
            if (row[k] > row[best])
                best = k;
        row.Clear();
        row[best] = 1;
    }

    static void Norm(Span<double> row, long power)
    {
        double sum = 0;
        foreach (var v in row)
            sum += power == 1 ? Math.Abs(v) : v * v;
        var norm = power == 1 ? sum : Math.Sqrt(sum);
        foreach (ref var v in row)
            v = norm == 0 ? 0 : v / norm;
    }

    static Value MeanVariance(Call c, long[] axes)
    {
        var x = c[0];
        var (groups, kept) = Groups(x.Shape, axes.Select(a => c.Axis(a, x.Rank)).ToHashSet());
        var (sums, squares, numbers) = (c.Doubles(kept), c.Doubles(kept), x.ToDoubles());
        var each = (double)groups.Length / sums.Length;
        for (var k = 0; k < groups.Length; k++)
        {
            sums[groups[k]] += numbers[k];
            squares[groups[k]] += numbers[k] * numbers[k];
        }
        for (var k = 0; k < groups.Length; k++)
        {
            var mean = sums[groups[k]] / each;
            numbers[k] = (numbers[k] - mean) / (Math.Sqrt(Math.Max(0, (squares[groups[k]] / each) - (mean * mean))) + 1e-9);
        }
        return new Value(x.Type, x.Shape, numbers);
    }
}
