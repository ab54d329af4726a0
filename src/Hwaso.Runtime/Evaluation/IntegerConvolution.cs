using Hwaso.Runtime.Format;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Evaluation;

/// <summary>
/// A convolution of integers of 8 bits. Its sums are exact: images run on the kernel of single precision while no sum can exceed the
/// integers that single precision holds, in two passes of half the bits where one pass could; everything else in double precision.
/// </summary>
/// <param name="windows">How the kernel moves.</param>
/// <param name="groups">The number of groups of channels.</param>
/// <param name="kernel">The planner's operator; null if it does not take the attributes.</param>
sealed class IntegerConvolution(Windows windows, int groups, ConvOperator? kernel)
{
    // Single precision holds every integer up to this one.
    const double Exact = 1 << 24;

    // A number of 8 bits less a zero point is 16 · high + low, with high from -16 to 15 and low from 0 to 15.
    const int Half = 16;

    public static IntegerConvolution Read(NodeAttributes a)
    {
        var kernel = NodeReader.Planned(a.Node with { Type = "Conv" }, a.Opset, a.Place) as ConvOperator;
        return new(Windows.Read(a), (int)Math.Clamp(a.Int("group", 1), 0, int.MaxValue),
            kernel is null ? null : kernel with { IsExact = true });
    }

    /// <summary>The sums of products, in double precision.</summary>
    /// <param name="c">The node; its input 0 is the image.</param>
    /// <param name="weights">The number of the weights' input.</param>
    /// <param name="zero">That of the image's zero point, which may be omitted.</param>
    /// <param name="weightsZero">That of the weights' zero points, which may be omitted.</param>
    public Value Sums(Call c, int weights, int zero, int weightsZero)
    {
        var x = ProductRules.Shifted(c, c[0], c.Optional(zero), 1);
        var w = ProductRules.Shifted(c, c[weights], c.Optional(weightsZero), 0);
        return Planned(c, x, w) ?? WindowRules.Convolved(c, windows, groups, x, w, null);
    }

    Value? Planned(Call c, Value x, Value w)
    {
        if (kernel is null || x.Count == 0 || w.Count == 0 || w.Shape[0] == 0)
            return null;
        var (numbers, most, each) = (x.ToDoubles(), Largest(x), Largest(w) * (w.Count / w.Shape[0]));
        if (most * each < Exact)
            return Run(c, x, w) is { } sums ? new Value(OnnxType.Float64, sums.Shape, sums.ToDoubles()) : null;
        if (most > Half * Half || Half * each >= Exact)
            return null;
        var (high, low) = (new double[numbers.Length], new double[numbers.Length]);
        for (var k = 0; k < numbers.Length; k++)
        {
            high[k] = Math.Floor(numbers[k] / Half);
            low[k] = numbers[k] - (Half * high[k]);
        }
        if (Run(c, new Value(x.Type, x.Shape, high), w) is not { } upper || Run(c, new Value(x.Type, x.Shape, low), w) is not { } lower)
            return null;
        var to = upper.ToDoubles();
        for (var k = 0; k < to.Length; k++)
            to[k] = (Half * to[k]) + lower.Floats[k];
        return new Value(OnnxType.Float64, upper.Shape, to);
    }

    Value? Run(Call c, Value x, Value w)
    {
        var tools = c.Scope.Tools;
        var given = new Call(c.Place, [CastRules.Cast(x, OnnxType.Float32), CastRules.Cast(w, OnnxType.Float32)], 1, c.Scope,
            tools.MostBytes);
        return tools.Planned(kernel!, given, null);
    }

    static double Largest(Value value)
    {
        double most = 0;
        foreach (var v in value.Doubles)
            most = Math.Max(most, Math.Abs(v));
        return most;
    }
}
