using System.Numerics;
using Hwaso.Runtime.Format;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Evaluation;

/// <summary>Fourier transforms and their windows.</summary>
static class SignalRules
{
    public static Rule? Read(NodeAttributes a)
    {
        switch (a.Node.Type)
        {
            case "DFT":
                var (inverse, oneSided) = (a.Flag("inverse"), a.Flag("onesided"));
                long? axis = a.Opset < 20 ? a.Int("axis", 1) : null;
                return c => [Fourier(c, c.Axis(axis ?? (long)c.Number(2, -2), c[0].Rank), inverse, oneSided)];
            case "HannWindow":
                return Window(a, [0.5, 0.5]);
            case "HammingWindow":
                return Window(a, [25.0 / 46, 1 - (25.0 / 46)]);
            case "BlackmanWindow":
                return Window(a, [0.42, 0.5, 0.08]);
            default:
                return null;
        }
    }

    static Rule Window(NodeAttributes a, double[] parts)
    {
        var (type, periodic) = ((OnnxType)a.Int("output_datatype", 1), a.Flag("periodic", true));
        return c =>
        {
            var numbers = c.Doubles([c.Sizes(c.Ints(0, "size"))[0]]);
            var period = Math.Max(1, periodic ? numbers.Length : numbers.Length - 1);
            for (var k = 0; k < numbers.Length; k++)
                for (var p = 0; p < parts.Length; p++)
                    numbers[k] += (p % 2 == 0 ? 1 : -1) * parts[p] * Math.Cos(2 * Math.PI * p * k / period);
            return [new Value(type, [numbers.Length], numbers)];
        };
    }

    static Value Fourier(Call c, int axis, bool inverse, bool oneSided)
    {
        var x = c[0];
        var isComplex = x.Shape[^1] == 2;
        if (axis == x.Rank - 1 || (!isComplex && x.Shape[^1] != 1))
            throw c.Refuse($"input {x}: real or complex numbers in the last axis were wanted, and another axis to transform");
        var (from, given) = (x.ToDoubles(), x.Shape[axis]);
        var length = c.Has(1) ? c.Sizes([(long)c.Number(1, 0)])[0] : given;
        var kept = oneSided ? (length / 2) + 1 : length;
        int[] shape = [.. x.Shape[..axis], kept, .. x.Shape[(axis + 1)..^1], 2];
        var (to, inner, parts) = (c.Doubles(shape), Value.Product(x.Shape.AsSpan(axis + 1)) / x.Shape[^1], isComplex ? 2 : 1);
        if ((long)to.Length * Math.Min(length, given) > 1L << 32)
            throw c.Refuse($"a transform of {length} numbers would take too long");
        for (var k = 0; k < to.Length / 2; k++)
        {
            var (outer, frequency, place) = (k / inner / kept, k / inner % kept, k % inner);
            Complex sum = 0;
            for (var t = 0; t < Math.Min(length, given); t++)
            {
                var at = ((((outer * given) + t) * inner) + place) * parts;
                var angle = (inverse ? 2 : -2) * Math.PI * ((long)frequency * t % length) / length;
                sum += new Complex(from[at], isComplex ? from[at + 1] : 0) * Complex.FromPolarCoordinates(1, angle);
            }
            (to[2 * k], to[(2 * k) + 1]) = inverse ? (sum.Real / length, sum.Imaginary / length) : (sum.Real, sum.Imaginary);
        }
        return new Value(x.Type, shape, to);
    }
}
