using Hwaso.Runtime.Format;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Evaluation;

/// <summary>Functions of one number.</summary>
static class FunctionRules
{
    public static Rule? Read(NodeAttributes a)
    {
        if (Truth(a) is { } truth)
            return c => [Value.OfInts(OnnxType.Bool, c[0].Shape, [.. c[0].ToDoubles().Select(v => truth(v) ? 1L : 0)])];
        var (real, whole) = (Real(a), Whole(a.Node.Type));
        if (a.Node.Type == "Shrink")
            whole = v => (long)real!(v);
        return real is null && whole is null ? null : c => [Map(c, real, whole)];
    }

    static Value Map(Call c, Func<double, double>? real, Func<long, long>? whole)
    {
        var x = c[0];
        if (!x.IsReal)
            return whole is null
                ? throw c.Refuse($"input {x} holds integers; floating-point numbers were wanted")
                : Value.OfInts(x.Type, x.Shape, Array.ConvertAll(x.Ints.ToArray(), v => whole(v)));
        if (real is null)
            throw c.Refuse($"input {x} holds floating-point numbers; integers were wanted");
        var numbers = x.ToDoubles();
        for (var k = 0; k < numbers.Length; k++)
            numbers[k] = real(numbers[k]);
        return new Value(x.Type, x.Shape, numbers);
    }

    static Func<double, bool>? Truth(NodeAttributes a)
    {
        switch (a.Node.Type)
        {
            case "IsNaN":
                return double.IsNaN;
            case "IsInf":
                var (negative, positive) = (a.Flag("detect_negative", true), a.Flag("detect_positive", true));
                return v => (positive && double.IsPositiveInfinity(v)) || (negative && double.IsNegativeInfinity(v));
            default:
                return null;
        }
    }

    static Func<long, long>? Whole(string type) => type switch
    {
        "Abs" => v => v < 0 ? unchecked(-v) : v,
        "Neg" => v => unchecked(-v),
        "Sign" => v => Math.Sign(v),
        "Relu" => v => Math.Max(v, 0),
        "Not" => v => v == 0 ? 1 : 0,
        "BitwiseNot" => v => ~v,
        _ => null,
    };

    static Func<double, double>? Real(NodeAttributes a)
    {
        double alpha, beta;
        switch (a.Node.Type)
        {
            case "Abs": return Math.Abs;
            case "Neg": return v => -v;
            case "Sign": return v => double.IsNaN(v) ? v : Math.Sign(v);
            case "Relu": return v => Math.Max(v, 0);
            case "Ceil": return Math.Ceiling;
            case "Floor": return Math.Floor;
            case "Round": return v => Math.Round(v, MidpointRounding.ToEven);
            case "Exp": return Math.Exp;
            case "Log": return Math.Log;
            case "Sqrt": return Math.Sqrt;
            case "Reciprocal": return v => 1 / v;
            case "Sin": return Math.Sin;
            case "Cos": return Math.Cos;
            case "Tan": return Math.Tan;
            case "Asin": return Math.Asin;
            case "Acos": return Math.Acos;
            case "Atan": return Math.Atan;
            case "Sinh": return Math.Sinh;
            case "Cosh": return Math.Cosh;
            case "Tanh": return Math.Tanh;
            case "Asinh": return Math.Asinh;
            case "Acosh": return Math.Acosh;
            case "Atanh": return Math.Atanh;
            case "Erf": return ErrorFunction;
            case "Sigmoid": return Sigmoid;
            case "Softsign": return v => v / (1 + Math.Abs(v));
            case "Softplus": return Softplus;
            case "Mish": return v => v * Math.Tanh(Softplus(v));
            case "HardSwish": return v => v * Math.Clamp((v / 6) + 0.5, 0, 1);
            case "LeakyRelu":
                alpha = a.Float("alpha", 0.01f);
                return v => v < 0 ? alpha * v : v;
            case "Elu":
                alpha = a.Float("alpha", 1);
                return v => v < 0 ? alpha * (Math.Exp(v) - 1) : v;
            case "Celu":
                alpha = a.Float("alpha", 1);
                return v => Math.Max(v, 0) + Math.Min(0, alpha * (Math.Exp(v / alpha) - 1));
            case "Selu":
                (alpha, beta) = (a.Float("alpha", 1.67326319217681884765625f), a.Float("gamma", 1.05070102214813232421875f));
                return v => beta * (v > 0 ? v : alpha * (Math.Exp(v) - 1));
            case "ThresholdedRelu":
                alpha = a.Float("alpha", 1);
                return v => v > alpha ? v : 0;
            case "HardSigmoid":
                (alpha, beta) = (a.Float("alpha", 0.2f), a.Float("beta", 0.5f));
                return v => Math.Clamp((alpha * v) + beta, 0, 1);
            case "Swish":
                alpha = a.Float("alpha", 1);
                return v => v * Sigmoid(alpha * v);
            case "Shrink":
                (alpha, beta) = (a.Float("lambd", 0.5f), a.Float("bias", 0));
                return v => v < -alpha ? v + beta : v > alpha ? v - beta : 0;
            case "Gelu":
                return a.Text("approximate", "none") == "tanh"
                    ? v => 0.5 * v * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (v + (0.044715 * v * v * v))))
                    : v => 0.5 * v * (1 + ErrorFunction(v / Math.Sqrt(2)));
            default:
                return null;
        }
    }

    public static double Sigmoid(double v) => 1 / (1 + Math.Exp(-v));

    static double Softplus(double v) => Math.Max(v, 0) + Math.Log(1 + Math.Exp(-Math.Abs(v)));

    /// <summary>erf: its power series near 0, the continued fraction of its complement far from it; Abramowitz and Stegun 7.1.6,
    /// 7.1.14.</summary>
    static double ErrorFunction(double x)
    {
        var z = Math.Abs(x);
        if (double.IsNaN(x))
            return x;
        if (z > 6)
            return Math.Sign(x);
        if (z < 3)
        {
            double sum = 1, term = 1;
            for (var n = 1; term > 1e-17 * sum; n++)
                sum += term *= 2 * z * z / ((2 * n) + 1);
            return Math.CopySign(2 / Math.Sqrt(Math.PI) * z * Math.Exp(-z * z) * sum, x);
        }
        var fraction = z;
        for (var n = 60; n > 0; n--)
            fraction = z + (n / 2.0 / fraction);
        return Math.CopySign(1 - (Math.Exp(-z * z) / Math.Sqrt(Math.PI) / fraction), x);
    }
}
