using Hwaso.Runtime.Format;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Evaluation;

/// <summary>Functions of two or more tensors, element by element, with broadcasting: arithmetic, comparisons, logic, bits,
/// choices.</summary>
static class ArithmeticRules
{
    public static Rule? Read(NodeAttributes a)
    {
        switch (a.Node.Type)
        {
            case "Add": return c => [Two(c, (x, y) => x + y, (x, y) => x + y)];
            case "Sub": return c => [Two(c, (x, y) => x - y, (x, y) => x - y)];
            case "Mul": return c => [Two(c, (x, y) => x * y, (x, y) => x * y)];
            case "Div": return c => [Two(c, (x, y) => x / y, (x, y) => Divide(x, y, IsUnsigned(c), c))];
            case "PRelu": return c => [Two(c, (x, y) => x < 0 ? x * y : x, (x, y) => x < 0 ? x * y : x)];
            case "Mod":
                var isC = a.Flag("fmod");
                return c => [Two(c, (x, y) => isC ? x % y : x - (Math.Floor(x / y) * y), (x, y) => Modulo(x, y, isC, c))];
            case "Pow": return c => [Power(c)];
            case "Sum": return c => [Many(c, (x, y) => x + y, (x, y) => x + y)];
            case "Max": return c => [Many(c, Math.Max, (x, y) => Less(x, y, IsUnsigned(c)) ? y : x)];
            case "Min": return c => [Many(c, Math.Min, (x, y) => Less(x, y, IsUnsigned(c)) ? x : y)];
            case "Mean": return c => [Mean(c)];
            case "Equal": return c => [Compared(c, (x, y) => x == y, (x, y) => x == y)];
            case "Less": return c => [Compared(c, (x, y) => x < y, (x, y) => Less(x, y, IsUnsigned(c)))];
            case "Greater": return c => [Compared(c, (x, y) => x > y, (x, y) => Less(y, x, IsUnsigned(c)))];
            case "LessOrEqual": return c => [Compared(c, (x, y) => x <= y, (x, y) => !Less(y, x, IsUnsigned(c)))];
            case "GreaterOrEqual": return c => [Compared(c, (x, y) => x >= y, (x, y) => !Less(x, y, IsUnsigned(c)))];
            case "And" or "BitwiseAnd": return c => [Two(c, null, (x, y) => x & y)];
            case "Or" or "BitwiseOr": return c => [Two(c, null, (x, y) => x | y)];
            case "Xor" or "BitwiseXor": return c => [Two(c, null, (x, y) => x ^ y)];
            case "BitShift":
                var left = a.Text("direction", "") switch
                {
                    "LEFT" => true,
                    "RIGHT" => false,
                    var other => throw a.Refuse($"direction '{other}'; LEFT or RIGHT was wanted"),
                };
                return c => [Two(c, null, (x, y) => (ulong)y > 63 ? 0 : left ? x << (int)y : (long)((ulong)x >> (int)y))];
            case "Where": return c => [Where(c)];
            case "Clip":
                var (low, high) = (a.Float("min", float.NegativeInfinity), a.Float("max", float.PositiveInfinity));
                return c => [Clip(c, low, high)];
            default: return null;
        }
    }

    /// <summary>A function of two inputs.</summary>
    public static Value Two(Call c, Func<double, double, double>? real, Func<long, long, long>? whole) =>
        Two(c, c[0], c[1], c[0].Type, real, whole);

    public static Value Two(Call c, Value a, Value b, OnnxType type, Func<double, double, double>? real, Func<long, long, long>? whole)
    {
        var shape = c.Broadcast(a.Shape, b.Shape);
        if (a.IsReal != b.IsReal || (a.Type != b.Type && !Numbers.IsReal(type)))
            throw c.Refuse($"inputs {a} and {b} have different types");
        if (a.IsReal)
        {
            if (real is null)
                throw c.Refuse($"inputs {a} and {b} hold floating-point numbers; integers were wanted");
            var (x, y) = (c.Spread(a, shape), c.Spread(b, shape));
            for (var k = 0; k < x.Length; k++)
                x[k] = real(x[k], y[k]);
            return new Value(type, shape, x);
        }
        if (whole is null)
            throw c.Refuse($"inputs {a} and {b} hold integers; floating-point numbers were wanted");
        var (p, q) = (SpreadInts(c, a, shape), SpreadInts(c, b, shape));
        for (var k = 0; k < p.Length; k++)
            p[k] = unchecked(whole(p[k], q[k]));
        return Value.OfInts(type, shape, p);
    }

    /// <summary>The integers of a tensor that is broadcast to a larger shape.</summary>
    public static long[] SpreadInts(Call c, Value value, int[] shape)
    {
        if (value.Shape.AsSpan().SequenceEqual(shape))
            return value.Ints.ToArray();
        var to = new long[Value.Product(c.Sizes(shape))];
        var from = value.Ints;
        var indices = Broadcasting.Indices(value.Shape, shape);
        for (var k = 0; k < to.Length; k++)
            to[k] = from[indices[k]];
        return to;
    }

    static bool IsUnsigned(Call c) => c[0].Type == OnnxType.UInt64;

    static bool Less(long x, long y, bool unsigned) => unsigned ? (ulong)x < (ulong)y : x < y;

    static long Divide(long x, long y, bool unsigned, Call c) => y == 0 ? throw c.Refuse("a division by 0")
        : unsigned ? (long)((ulong)x / (ulong)y)
        : y == -1 ? unchecked(-x) : x / y;

    static long Modulo(long x, long y, bool isC, Call c)
    {
        if (y == 0)
            throw c.Refuse("a division by 0");
        if (IsUnsigned(c))
            return (long)((ulong)x % (ulong)y);
        var rest = y == -1 ? 0 : x % y;
        // The sign of the divisor, as Python's; C's has that of the dividend.
        return isC || rest == 0 || (rest < 0) == (y < 0) ? rest : rest + y;
    }

    static Value Power(Call c)
    {
        var (a, b) = (c[0], c[1]);
        if (a.IsReal || b.IsReal)
        {
            var shape = c.Broadcast(a.Shape, b.Shape);
            var (x, y) = (c.Spread(a, shape), c.Spread(b, shape));
            for (var k = 0; k < x.Length; k++)
                x[k] = Math.Pow(x[k], y[k]);
            return new Value(a.Type, shape, x);
        }
        var (p, q) = (a, Value.OfInts(a.Type, b.Shape, b.Ints.ToArray()));
        return Two(c, p, q, a.Type, null, (x, y) => Power(x, y));
    }

    static long Power(long x, long y)
    {
        if (y < 0)
            return x == 1 ? 1 : x == -1 ? (y % 2 == 0 ? 1 : -1) : 0;
        long result = 1;
        for (; y > 0; y >>= 1, x = unchecked(x * x))
            if ((y & 1) != 0)
                result = unchecked(result * x);
        return result;
    }

    static Value Many(Call c, Func<double, double, double> real, Func<long, long, long> whole)
    {
        var so = c[0];
        for (var k = 1; k < c.Inputs; k++)
            so = Two(c, so, c[k], so.Type, real, whole);
        return so;
    }

    static Value Mean(Call c)
    {
        var sum = Many(c, (x, y) => x + y, (x, y) => x + y);
        return new Value(sum.Type, sum.Shape, Array.ConvertAll(sum.ToDoubles(), v => v / c.Inputs));
    }

    static Value Compared(Call c, Func<double, double, bool> real, Func<long, long, bool> whole)
    {
        var result = Two(c, c[0], c[1], c[0].Type, (x, y) => real(x, y) ? 1 : 0, (x, y) => whole(x, y) ? 1 : 0);
        return Value.OfInts(OnnxType.Bool, result.Shape, Array.ConvertAll(result.ToDoubles(), v => (long)v));
    }

    static Value Where(Call c)
    {
        var (test, a, b) = (c[0], c[1], c[2]);
        if (test.IsReal || a.Type != b.Type)
            throw c.Refuse($"{test}, {a} and {b}: truths and two tensors of one type were wanted");
        var shape = c.Broadcast(c.Broadcast(test.Shape, a.Shape), b.Shape);
        var chosen = SpreadInts(c, test, shape);
        var result = new Value(a.Type, shape);
        var (x, y) = (Broadcasting.Indices(a.Shape, shape), Broadcasting.Indices(b.Shape, shape));
        for (var k = 0; k < chosen.Length; k++)
            result.Set(k, chosen[k] != 0 ? a : b, chosen[k] != 0 ? x[k] : y[k]);
        return result;
    }

    static Value Clip(Call c, float low, float high)
    {
        var x = c[0];
        if (!x.IsReal)
        {
            long? least = c.Has(1) ? c.Ints(1, "bounds")[0] : null, most = c.Has(2) ? c.Ints(2, "bounds")[0] : null;
            return Value.OfInts(x.Type, x.Shape, Array.ConvertAll(x.Ints.ToArray(), v =>
            {
                v = least is { } bottom && Less(v, bottom, IsUnsigned(c)) ? bottom : v;
                return most is { } top && Less(top, v, IsUnsigned(c)) ? top : v;
            }));
        }
        var (from, to) = (c.Number(1, low), c.Number(2, high));
        return new Value(x.Type, x.Shape, Array.ConvertAll(x.ToDoubles(), v => Math.Min(Math.Max(v, from), to)));
    }
}
