using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Hwaso.Common;

/// <summary>4 numbers at a time.</summary>
readonly unsafe struct Lanes128 : ILanes<Vector128<float>>
{
    public static int Count => Vector128<float>.Count;

    public static int Group => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load(float* from) => Vector128.Load(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<float> value, float* to) => Vector128.Store(value, to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadFirst(float* from, int count) => count switch
    {
        >= 4 => Vector128.Load(from),
        3 => Vector128.Create(from[0], from[1], from[2], 0),
        2 => Vector128.Create(from[0], from[1], 0, 0),
        1 => Vector128.CreateScalar(from[0]),
        _ => Vector128<float>.Zero,
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> First(Vector128<float> value, int count) =>
        value & Vector128.GreaterThan(Vector128.Create(count), Vector128<int>.Indices).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFirst(Vector128<float> value, float* to, int count)
    {
        if (count >= 4)
        {
            Vector128.Store(value, to);
            return;
        }
        if (count >= 2)
            Vector64.Store(value.GetLower(), to);
        if (count == 1)
            *to = value[0];
        else if (count == 3)
            to[2] = value[2];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> All(float value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) =>
        Vector128.MultiplyAddEstimate(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Add(Vector128<float> a, Vector128<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Subtract(Vector128<float> a, Vector128<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply(Vector128<float> a, Vector128<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Divide(Vector128<float> a, Vector128<float> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Min(Vector128<float> a, Vector128<float> b) => Vector128.Min(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Max(Vector128<float> a, Vector128<float> b) => Vector128.Max(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Exp(Vector128<float> a)
    {
        // exp(x) = 2ⁿ · exp(r), |r| ≤ ln 2 / 2, as ExpSeries says; what is not a number stays so.
        var x = Vector128.MinNative(Vector128.Create(ExpSeries.Most), Vector128.MaxNative(Vector128.Create(ExpSeries.Least), a));
        var n = Vector128.Round(x * Vector128.Create(ExpSeries.PerLog));
        var r = Vector128.MultiplyAddEstimate(n, Vector128.Create(ExpSeries.LogHigh), x);
        r = Vector128.MultiplyAddEstimate(n, Vector128.Create(ExpSeries.LogLow), r);
        var p = Vector128.MultiplyAddEstimate(r, Vector128.Create(ExpSeries.C7), Vector128.Create(ExpSeries.C6));
        p = Vector128.MultiplyAddEstimate(r, p, Vector128.Create(ExpSeries.C5));
        p = Vector128.MultiplyAddEstimate(r, p, Vector128.Create(ExpSeries.C4));
        p = Vector128.MultiplyAddEstimate(r, p, Vector128.Create(ExpSeries.C3));
        p = Vector128.MultiplyAddEstimate(r, p, Vector128.Create(ExpSeries.C2));
        p = Vector128.MultiplyAddEstimate(r * r, p, r + Vector128<float>.One);
        var power = Vector128.ConvertToInt32Native(n);
        var half = power >> 1;
        var bias = Vector128.Create(ExpSeries.Bias);
        return p * ((half + bias) << ExpSeries.Fraction).AsSingle() * ((power - half + bias) << ExpSeries.Fraction).AsSingle();
    }

    public static Vector128<float> Log(Vector128<float> a) => Vector128.Log(a);

    public static Vector128<float> Sqrt(Vector128<float> a) => Vector128.Sqrt(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Abs(Vector128<float> a) => Vector128.Abs(a);

    public static Vector128<float> Floor(Vector128<float> a) => Vector128.Floor(a);

    public static Vector128<float> Ceiling(Vector128<float> a) => Vector128.Ceiling(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> WherePositive(Vector128<float> a, Vector128<float> positive, Vector128<float> other) =>
        Vector128.ConditionalSelect(Vector128.GreaterThan(a, Vector128<float>.Zero), positive, other);

    public static float Sum(Vector128<float> a) => Vector128.Sum(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Even(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported
            ? Sse.Shuffle(a, b, 0b10_00_10_00)
            : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.UnzipEven(a, b) : Vector128.Create(a[0], a[2], b[0], b[2]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Odd(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported
            ? Sse.Shuffle(a, b, 0b11_01_11_01)
            : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.UnzipOdd(a, b) : Vector128.Create(a[1], a[3], b[1], b[3]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Interleave(Vector128<float> a, Vector128<float> b, out Vector128<float> first, out Vector128<float> second) =>
        (first, second) = (Low(a, b), High(a, b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddSums(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d, float* to)
    {
        var (ab, cd) = (Low(a, b) + High(a, b), Low(c, d) + High(c, d));
        (Vector128.Load(to) + LowPairs(ab, cd) + HighPairs(ab, cd)).Store(to);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> AtLeast(Vector128<float> bound, Vector128<float> a) => Vector128.MaxNative(bound, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> AtMost(Vector128<float> bound, Vector128<float> a) => Vector128.MinNative(bound, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Pick(float* row, int position, int* begins, int* places)
    {
        row += begins[position / 8];
        places += position;
        return Vector128.Create(row[places[0]], row[places[1]], row[places[2]], row[places[3]]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadTiles(
        float* row, int* groups, out Vector128<float> x0, out Vector128<float> x1, out Vector128<float> x2,
        out Vector128<float> x3, out Vector128<float> x4, out Vector128<float> x5)
    {
        row += *groups;
        var (a, b, c) = (Vector128.Load(row + 0), Vector128.Load(row + 4), Vector128.Load(row + 8));
        var (d, e) = (Vector128.Load(row + 12), Vector128.Load(row + 16));
        var (low, high) = (Low(a, b), Low(c, d));
        (x0, x1) = (LowPairs(low, high), HighPairs(low, high));
        (low, high) = (High(a, b), High(c, d));
        (x2, x3) = (LowPairs(low, high), HighPairs(low, high));
        (low, high) = (Low(b, c), Low(d, e));
        (x4, x5) = (LowPairs(low, high), HighPairs(low, high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ToRow(ref Vector128<float> x0, ref Vector128<float> x1, ref Vector128<float> x2, ref Vector128<float> x3)
    {
        Turn(ref x0, ref x1, ref x2, ref x3);
    }

    // Transposes 4×4 blocks.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Turn(ref Vector128<float> x0, ref Vector128<float> x1, ref Vector128<float> x2, ref Vector128<float> x3)
    {
        var (a, b) = (Low(x0, x1), Low(x2, x3));
        var (c, d) = (High(x0, x1), High(x2, x3));
        (x0, x1, x2, x3) = (LowPairs(a, b), HighPairs(a, b), LowPairs(c, d), HighPairs(c, d));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> Low(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported
            ? Sse.UnpackLow(a, b)
            : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(a, b) : Vector128.Create(a[0], b[0], a[1], b[1]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> High(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported
            ? Sse.UnpackHigh(a, b)
            : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(a, b) : Vector128.Create(a[2], b[2], a[3], b[3]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> LowPairs(Vector128<float> a, Vector128<float> b) => Vector128.Create(a.GetLower(), b.GetLower());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> HighPairs(Vector128<float> a, Vector128<float> b) => Vector128.Create(a.GetUpper(), b.GetUpper());
}
