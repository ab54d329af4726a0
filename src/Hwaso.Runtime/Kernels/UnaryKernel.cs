using System.Runtime.CompilerServices;

namespace Hwaso.Runtime.Kernels;

/// <summary>Functions of one number, by ONNX's names.</summary>
enum UnaryKind
{
    Identity,
    Relu,
    Clip,
    LeakyRelu,
    Sigmoid,
    HardSigmoid,
    HardSwish,
    Tanh,
    Gelu,
    GeluTanh,
    Silu,
    Softplus,
    Mish,
    Elu,
    Erf,
    Exp,
    Log,
    Sqrt,
    Abs,
    Neg,
    Floor,
    Ceil,
    Reciprocal,

    /// <summary>A x + B.</summary>
    Scaled,

    /// <summary>A max(x, 0) + B.</summary>
    ScaledRelu,

    /// <summary>A HardSwish(x) + B.</summary>
    ScaledHardSwish,
}

/// <summary>A function of one number.</summary>
/// <param name="Kind">The function.</param>
/// <param name="A">Its first parameter: the lower bound, slope or alpha.</param>
/// <param name="B">Its second: the upper bound or beta.</param>
readonly record struct Unary(UnaryKind Kind, float A = 0, float B = 0)
{
    /// <summary>This function, then a factor and a summand; null if there is no such function.</summary>
    public Unary? Then(float factor, float summand) => Kind switch
    {
        UnaryKind.Identity => new(UnaryKind.Scaled, factor, summand),
        UnaryKind.Relu => new(UnaryKind.ScaledRelu, factor, summand),
        UnaryKind.HardSwish => new(UnaryKind.ScaledHardSwish, factor, summand),
        UnaryKind.Scaled or UnaryKind.ScaledRelu or UnaryKind.ScaledHardSwish => new(Kind, A * factor, (B * factor) + summand),
        _ => null,
    };
}

/// <summary>A function of every number of a tensor; the output may be the input.</summary>
sealed unsafe class UnaryKernel<TLanes, TVector>(Unary function, float* input, float* output, int count) : Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    const int Piece = 16384;

    public override int Items => (count + Piece - 1) / Piece;

    public override long ScratchBytes => 0;

    public override void Run(int item, byte* scratch)
    {
        var first = item * Piece;
        UnaryRow<TLanes, TVector>.Apply(function, input + first, output + first, Math.Min(Piece, count - first));
    }
}

/// <summary>A function of the numbers of a row; which function it is, is asked once.</summary>
static unsafe class UnaryRow<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>Applies the function; <paramref name="to"/> may be <paramref name="from"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Apply(Unary function, float* from, float* to, int count)
    {
        var (k, end) = (0, count - TLanes.Count);
        var (zero, one) = (TLanes.All(0), TLanes.All(1));
        var (a, b) = (TLanes.All(function.A), TLanes.All(function.B));
        switch (function.Kind)
        {
            case UnaryKind.Relu:
                for (; k <= end; k += TLanes.Count)
                    TLanes.Store(TLanes.AtLeast(zero, TLanes.Load(from + k)), to + k);
                break;
            case UnaryKind.HardSwish:
                for (; k <= end; k += TLanes.Count)
                    TLanes.Store(UnaryMath<TLanes, TVector>.HardSwish(TLanes.Load(from + k)), to + k);
                break;
            case UnaryKind.ScaledHardSwish:
                for (; k <= end; k += TLanes.Count)
                    TLanes.Store(TLanes.MultiplyAdd(UnaryMath<TLanes, TVector>.HardSwish(TLanes.Load(from + k)), a, b), to + k);
                break;
            case UnaryKind.Gelu:
                for (; k <= end; k += TLanes.Count)
                    TLanes.Store(UnaryMath<TLanes, TVector>.Gelu(TLanes.Load(from + k)), to + k);
                break;
            case UnaryKind.Silu:
                for (; k <= end; k += TLanes.Count)
                    TLanes.Store(UnaryMath<TLanes, TVector>.Silu(TLanes.Load(from + k)), to + k);
                break;
            case UnaryKind.Scaled:
                for (; k <= end; k += TLanes.Count)
                    TLanes.Store(TLanes.MultiplyAdd(TLanes.Load(from + k), a, b), to + k);
                break;
            case UnaryKind.Clip:
                for (; k <= end; k += TLanes.Count)
                    TLanes.Store(TLanes.AtMost(b, TLanes.AtLeast(a, TLanes.Load(from + k))), to + k);
                break;
            case UnaryKind.HardSigmoid:
                for (; k <= end; k += TLanes.Count)
                    TLanes.Store(TLanes.AtMost(one, TLanes.AtLeast(zero, TLanes.MultiplyAdd(TLanes.Load(from + k), a, b))), to + k);
                break;
            default:
                for (; k <= end; k += TLanes.Count)
                    TLanes.Store(UnaryMath<TLanes, TVector>.Apply(TLanes.Load(from + k), function), to + k);
                break;
        }
        for (; k < count; k++)
            to[k] = UnaryMath<Lanes1, float>.Apply(from[k], function);
    }
}

/// <summary>Functions of one number, on vectors.</summary>
static class UnaryMath<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply(TVector x, Unary function) => function.Kind switch
    {
        UnaryKind.Identity => x,
        UnaryKind.Relu => TLanes.AtLeast(TLanes.All(0), x),
        _ => Other(x, function),
    };

    [MethodImpl(MethodImplOptions.NoInlining)]
    static TVector Other(TVector x, Unary function)
    {
        var zero = TLanes.All(0);
        var one = TLanes.All(1);
        switch (function.Kind)
        {
            case UnaryKind.Clip:
                return TLanes.AtMost(TLanes.All(function.B), TLanes.AtLeast(TLanes.All(function.A), x));
            case UnaryKind.LeakyRelu:
                return TLanes.WherePositive(x, x, TLanes.Multiply(x, TLanes.All(function.A)));
            case UnaryKind.Sigmoid:
                return Sigmoid(x);
            case UnaryKind.HardSigmoid:
                return TLanes.AtMost(one, TLanes.AtLeast(zero, TLanes.MultiplyAdd(x, TLanes.All(function.A), TLanes.All(function.B))));
            case UnaryKind.HardSwish:
                return HardSwish(x);
            case UnaryKind.Scaled:
                return TLanes.MultiplyAdd(x, TLanes.All(function.A), TLanes.All(function.B));
            case UnaryKind.ScaledRelu:
                return TLanes.MultiplyAdd(TLanes.AtLeast(zero, x), TLanes.All(function.A), TLanes.All(function.B));
            case UnaryKind.ScaledHardSwish:
                return TLanes.MultiplyAdd(HardSwish(x), TLanes.All(function.A), TLanes.All(function.B));
            case UnaryKind.Tanh:
                return Tanh(x);
            case UnaryKind.Gelu:
                return Gelu(x);
            case UnaryKind.GeluTanh:
                var inner = TLanes.Multiply(TLanes.All(0.79788456f),
                    TLanes.MultiplyAdd(TLanes.Multiply(TLanes.All(0.044715f), x), TLanes.Multiply(x, x), x));
                return TLanes.Multiply(TLanes.Multiply(x, TLanes.All(0.5f)), TLanes.Add(one, Tanh(inner)));
            case UnaryKind.Silu:
                return Silu(x);
            case UnaryKind.Softplus:
                // max(x, 0) + log(1 + exp(-|x|)) does not overflow.
                return TLanes.Add(TLanes.Max(x, zero), TLanes.Log(TLanes.Add(one, TLanes.Exp(TLanes.Subtract(zero, TLanes.Abs(x))))));
            case UnaryKind.Mish:
                // x · tanh(log(1 + e)) with e = exp(x) is x · (e² + 2e) / (e² + 2e + 2), without a difference of near numbers.
                var power = TLanes.Exp(TLanes.Min(x, TLanes.All(20)));
                var sum = TLanes.Multiply(power, TLanes.Add(power, TLanes.All(2)));
                return TLanes.Multiply(x, TLanes.Divide(sum, TLanes.Add(sum, TLanes.All(2))));
            case UnaryKind.Elu:
                return TLanes.WherePositive(x, x,
                    TLanes.Multiply(TLanes.All(function.A), TLanes.Subtract(TLanes.Exp(TLanes.Min(x, zero)), one)));
            case UnaryKind.Erf:
                return Erf(x);
            case UnaryKind.Exp:
                return TLanes.Exp(x);
            case UnaryKind.Log:
                return TLanes.Log(x);
            case UnaryKind.Sqrt:
                return TLanes.Sqrt(x);
            case UnaryKind.Abs:
                return TLanes.Abs(x);
            case UnaryKind.Neg:
                return TLanes.Subtract(zero, x);
            case UnaryKind.Floor:
                return TLanes.Floor(x);
            case UnaryKind.Ceil:
                return TLanes.Ceiling(x);
            case UnaryKind.Reciprocal:
                return TLanes.Divide(one, x);
            default:
                return UnaryMath<TLanes, TVector>.Apply(x, function);
        }
    }

    /// <summary>x · min(max(x / 6 + 1/2, 0), 1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector HardSwish(TVector x) => TLanes.Multiply(
        x, TLanes.AtMost(TLanes.All(1), TLanes.AtLeast(TLanes.All(0), TLanes.MultiplyAdd(x, TLanes.All(1f / 6), TLanes.All(0.5f)))));

    /// <summary>x · Φ(x), with the error function.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Gelu(TVector x) => TLanes.Multiply(TLanes.Multiply(x, TLanes.All(0.5f)),
        TLanes.Add(TLanes.All(1), Erf(TLanes.Multiply(x, TLanes.All(0.70710678f)))));

    /// <summary>x · σ(x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Silu(TVector x) => TLanes.Multiply(x, Sigmoid(x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector Sigmoid(TVector x) =>
        TLanes.Divide(TLanes.All(1), TLanes.Add(TLanes.All(1), TLanes.Exp(TLanes.Subtract(TLanes.All(0), x))));

    // 1 - 2 / (exp(2x) + 1): right at both ends, where exp is 0 or infinite.
    static TVector Tanh(TVector x)
    {
        var e = TLanes.Exp(TLanes.Add(x, x));
        return TLanes.Subtract(TLanes.All(1), TLanes.Divide(TLanes.All(2), TLanes.Add(e, TLanes.All(1))));
    }

    // Abramowitz & Stegun, Handbook of Mathematical Functions, 7.1.26: within 1.5e-7 of erf everywhere.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector Erf(TVector x)
    {
        var a = TLanes.Abs(x);
        var t = TLanes.Divide(TLanes.All(1), TLanes.MultiplyAdd(a, TLanes.All(0.3275911f), TLanes.All(1)));
        var p = TLanes.MultiplyAdd(t, TLanes.All(1.061405429f), TLanes.All(-1.453152027f));
        p = TLanes.MultiplyAdd(t, p, TLanes.All(1.421413741f));
        p = TLanes.MultiplyAdd(t, p, TLanes.All(-0.284496736f));
        p = TLanes.MultiplyAdd(t, p, TLanes.All(0.254829592f));
        var y = TLanes.Subtract(TLanes.All(1),
            TLanes.Multiply(TLanes.Multiply(p, t), TLanes.Exp(TLanes.Subtract(TLanes.All(0), TLanes.Multiply(a, a)))));
        return TLanes.WherePositive(x, y, TLanes.Subtract(TLanes.All(0), y));
    }
}
