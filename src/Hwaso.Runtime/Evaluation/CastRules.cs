using Hwaso.Runtime.Format;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Evaluation;

/// <summary>Conversions between types, and constants.</summary>
static class CastRules
{
    public static Rule? Read(NodeAttributes a)
    {
        switch (a.Node.Type)
        {
            case "Cast" or "CastLike":
                var (saturate, rounding) = (a.Flag("saturate", true), a.Text("round_mode", "up"));
                if (a.Node.Type == "CastLike")
                    return c => [Cast(c[0], c[1].Type, saturate, rounding)];
                var to = (OnnxType)a.Int("to", 0);
                if (!Enum.IsDefined(to))
                    throw a.Refuse($"element type {(int)to} is not supported");
                return c => [Cast(c[0], to, saturate, rounding)];
            case "Constant":
                var constant = Constant(a);
                return _ => [constant];
            case "ConstantOfShape":
                var fill = a.Tensor("value") is { } tensor ? Value.Of(tensor) : new Value(OnnxType.Float32, [1]);
                return c =>
                {
                    var shape = c.Sizes(c.Ints(0, "sizes"));
                    return [fill.Pick(new int[Value.Product(shape)], shape)];
                };
            case "Identity":
                return c => [c[0]];
            default:
                return null;
        }
    }

    /// <summary>A tensor's numbers as another type.</summary>
    public static Value Cast(Value x, OnnxType to, bool saturate = true, string rounding = "up")
    {
        if (x.Type == to)
            return x;
        if (!Numbers.IsReal(to))
        {
            var whole = new long[x.Count];
            for (var k = 0; k < whole.Length; k++)
                whole[k] = !x.IsReal ? x.Ints[k] : Whole(x[k], to);
            if (to == OnnxType.Bool)
                for (var k = 0; k < whole.Length; k++)
                    whole[k] = (x.IsReal ? x[k] != 0 : x.Ints[k] != 0) ? 1 : 0;
            return Value.OfInts(to, x.Shape, whole);
        }
        var numbers = x.ToDoubles();
        if (Numbers.IsTiny(to))
            for (var k = 0; k < numbers.Length; k++)
                numbers[k] = to == OnnxType.Float8E8M0
                    ? Power(numbers[k], saturate, rounding)
                    : TinyFloat.Of(to).Round((float)numbers[k], saturate);
        return new Value(to, x.Shape, numbers);
    }

    static long Whole(double v, OnnxType to) => to == OnnxType.UInt64 && v >= 0 ? (long)(ulong)v : (long)v;

    // Powers of two: rounded up, down, or to the nearest.
    static double Power(double v, bool saturate, string rounding)
    {
        if (double.IsNaN(v) || v < 0 || (double.IsInfinity(v) && !saturate))
            return double.NaN;
        if (double.IsInfinity(v))
            return Math.ScaleB(1, 127);
        if (v == 0)
            return Math.ScaleB(1, -127);
        var down = (int)Math.Floor(Math.Log2(v));
        var below = Math.ScaleB(1, down);
        var exponent = rounding switch
        {
            "down" => down,
            "up" => v > below ? down + 1 : down,
            _ => v >= 1.5 * below ? down + 1 : down,
        };
        return exponent > 127 && !saturate ? double.NaN : Math.ScaleB(1, Math.Clamp(exponent, -127, 127));
    }

    static Value Constant(NodeAttributes a)
    {
        var given = a.Node.Attributes;
        if (a.Tensor("value") is { } tensor)
            return Value.Of(tensor);
        if (given.ContainsKey("value_float"))
            return new Value(OnnxType.Float32, [], [a.Float("value_float", 0)]);
        if (given.ContainsKey("value_int"))
            return Value.OfInts(OnnxType.Int64, [], [a.Int("value_int", 0)]);
        if (a.Floats("value_floats") is { } floats)
            return new Value(OnnxType.Float32, [floats.Length], Array.ConvertAll(floats, v => (double)v));
        if (a.Ints("value_ints") is { } ints)
            return Value.OfInts(OnnxType.Int64, [ints.Length], ints);
        throw a.Refuse("holds no value");
    }
}
