using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Hwaso.Common;

/// <summary>8 numbers at a time.</summary>
readonly unsafe struct Lanes256 : ILanes<Vector256<float>>
{
    public static int Count => Vector256<float>.Count;

    public static int Group => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* from) => Vector256.Load(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> value, float* to) => Vector256.Store(value, to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadFirst(float* from, int count) => count >= 8
        ? Vector256.Load(from)
        : Vector256.Create(Lanes128.LoadFirst(from, count), count > 4 ? Lanes128.LoadFirst(from + 4, count - 4) : Vector128<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> First(Vector256<float> value, int count) =>
        value & Vector256.GreaterThan(Vector256.Create(count), Vector256<int>.Indices).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFirst(Vector256<float> value, float* to, int count)
    {
        if (count >= 8)
        {
            Vector256.Store(value, to);
            return;
        }
        Lanes128.StoreFirst(value.GetLower(), to, count);
        if (count > 4)
            Lanes128.StoreFirst(value.GetUpper(), to + 4, count - 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> All(float value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) =>
        Vector256.MultiplyAddEstimate(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<float> a, Vector256<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Subtract(Vector256<float> a, Vector256<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(Vector256<float> a, Vector256<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Divide(Vector256<float> a, Vector256<float> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Min(Vector256<float> a, Vector256<float> b) => Vector256.Min(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Max(Vector256<float> a, Vector256<float> b) => Vector256.Max(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Exp(Vector256<float> a)
    {
        // exp(x) = 2ⁿ · exp(r), |r| ≤ ln 2 / 2, as ExpSeries says; what is not a number stays so.
        var x = Vector256.MinNative(Vector256.Create(ExpSeries.Most), Vector256.MaxNative(Vector256.Create(ExpSeries.Least), a));
        var n = Vector256.Round(x * Vector256.Create(ExpSeries.PerLog));
        var r = Vector256.MultiplyAddEstimate(n, Vector256.Create(ExpSeries.LogHigh), x);
        r = Vector256.MultiplyAddEstimate(n, Vector256.Create(ExpSeries.LogLow), r);
        var p = Vector256.MultiplyAddEstimate(r, Vector256.Create(ExpSeries.C7), Vector256.Create(ExpSeries.C6));
        p = Vector256.MultiplyAddEstimate(r, p, Vector256.Create(ExpSeries.C5));
        p = Vector256.MultiplyAddEstimate(r, p, Vector256.Create(ExpSeries.C4));
        p = Vector256.MultiplyAddEstimate(r, p, Vector256.Create(ExpSeries.C3));
        p = Vector256.MultiplyAddEstimate(r, p, Vector256.Create(ExpSeries.C2));
        p = Vector256.MultiplyAddEstimate(r * r, p, r + Vector256<float>.One);
        var power = Vector256.ConvertToInt32Native(n);
        var half = power >> 1;
        var bias = Vector256.Create(ExpSeries.Bias);
        return p * ((half + bias) << ExpSeries.Fraction).AsSingle() * ((power - half + bias) << ExpSeries.Fraction).AsSingle();
    }

    public static Vector256<float> Log(Vector256<float> a) => Vector256.Log(a);

    public static Vector256<float> Sqrt(Vector256<float> a) => Vector256.Sqrt(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Abs(Vector256<float> a) => Vector256.Abs(a);

    public static Vector256<float> Floor(Vector256<float> a) => Vector256.Floor(a);

    public static Vector256<float> Ceiling(Vector256<float> a) => Vector256.Ceiling(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> WherePositive(Vector256<float> a, Vector256<float> positive, Vector256<float> other) =>
        Vector256.ConditionalSelect(Vector256.GreaterThan(a, Vector256<float>.Zero), positive, other);

    public static float Sum(Vector256<float> a) => Vector256.Sum(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Even(Vector256<float> a, Vector256<float> b) =>
        Avx2.IsSupported
            ? Avx2.Permute4x64(Avx.Shuffle(a, b, 0b10_00_10_00).AsDouble(), 0b11_01_10_00).AsSingle()
            : Vector256.Create(Lanes128.Even(a.GetLower(), a.GetUpper()), Lanes128.Even(b.GetLower(), b.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Odd(Vector256<float> a, Vector256<float> b) =>
        Avx2.IsSupported
            ? Avx2.Permute4x64(Avx.Shuffle(a, b, 0b11_01_11_01).AsDouble(), 0b11_01_10_00).AsSingle()
            : Vector256.Create(Lanes128.Odd(a.GetLower(), a.GetUpper()), Lanes128.Odd(b.GetLower(), b.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Interleave(Vector256<float> a, Vector256<float> b, out Vector256<float> first, out Vector256<float> second)
    {
        var (low, high) = (Low(a, b), High(a, b));
        (first, second) = (Lower(low, high), Upper(low, high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddSums(Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d, float* to)
    {
        var (ab, cd) = (Low(a, b) + High(a, b), Low(c, d) + High(c, d));
        var sums = LowPairs(ab, cd) + HighPairs(ab, cd);
        (Vector128.Load(to) + (sums.GetLower() + sums.GetUpper())).Store(to);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> AtLeast(Vector256<float> bound, Vector256<float> a) => Vector256.MaxNative(bound, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> AtMost(Vector256<float> bound, Vector256<float> a) => Vector256.MinNative(bound, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Pick(float* row, int position, int* begins, int* places) => Avx2.IsSupported
        ? Avx2.PermuteVar8x32(Vector256.Load(row + begins[position / 8]), Vector256.Load(places + position))
        : Vector256.Create(Lanes128.Pick(row, position, begins, places), Lanes128.Pick(row, position + 4, begins, places));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadTiles(
        float* row, int* groups, out Vector256<float> x0, out Vector256<float> x1, out Vector256<float> x2,
        out Vector256<float> x3, out Vector256<float> x4, out Vector256<float> x5)
    {
        var (a, b, c) = (Blocks(row, groups, 0), Blocks(row, groups, 4), Blocks(row, groups, 8));
        var (d, e) = (Blocks(row, groups, 12), Blocks(row, groups, 16));
        var (low, high) = (Low(a, b), Low(c, d));
        (x0, x1) = (LowPairs(low, high), HighPairs(low, high));
        (low, high) = (High(a, b), High(c, d));
        (x2, x3) = (LowPairs(low, high), HighPairs(low, high));
        (low, high) = (Low(b, c), Low(d, e));
        (x4, x5) = (LowPairs(low, high), HighPairs(low, high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ToRow(ref Vector256<float> x0, ref Vector256<float> x1, ref Vector256<float> x2, ref Vector256<float> x3)
    {
        Turn(ref x0, ref x1, ref x2, ref x3);
        var (even, odd) = (x0, x2);
        (x0, x1, x2, x3) = (Lower(even, x1), Lower(odd, x3), Upper(even, x1), Upper(odd, x3));
    }

    // Transposes 4×4 blocks.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Turn(ref Vector256<float> x0, ref Vector256<float> x1, ref Vector256<float> x2, ref Vector256<float> x3)
    {
        var (a, b) = (Low(x0, x1), Low(x2, x3));
        var (c, d) = (High(x0, x1), High(x2, x3));
        (x0, x1, x2, x3) = (LowPairs(a, b), HighPairs(a, b), LowPairs(c, d), HighPairs(c, d));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Blocks(float* row, int* groups, int column) =>
        Vector256.Create(Vector128.Load(row + groups[0] + column), Vector128.Load(row + groups[1] + column));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Low(Vector256<float> a, Vector256<float> b) =>
        Avx.IsSupported
            ? Avx.UnpackLow(a, b)
            : Vector256.Create(Lanes128.Low(a.GetLower(), b.GetLower()), Lanes128.Low(a.GetUpper(), b.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> High(Vector256<float> a, Vector256<float> b) =>
        Avx.IsSupported
            ? Avx.UnpackHigh(a, b)
            : Vector256.Create(Lanes128.High(a.GetLower(), b.GetLower()), Lanes128.High(a.GetUpper(), b.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> LowPairs(Vector256<float> a, Vector256<float> b) =>
        Avx.IsSupported
            ? Avx.Shuffle(a, b, 0b01_00_01_00)
            : Vector256.Create(Lanes128.LowPairs(a.GetLower(), b.GetLower()), Lanes128.LowPairs(a.GetUpper(), b.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> HighPairs(Vector256<float> a, Vector256<float> b) =>
        Avx.IsSupported
            ? Avx.Shuffle(a, b, 0b11_10_11_10)
            : Vector256.Create(Lanes128.HighPairs(a.GetLower(), b.GetLower()), Lanes128.HighPairs(a.GetUpper(), b.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> Lower(Vector256<float> a, Vector256<float> b) =>
        Avx.IsSupported ? Avx.Permute2x128(a, b, 0x20) : Vector256.Create(a.GetLower(), b.GetLower());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> Upper(Vector256<float> a, Vector256<float> b) =>
        Avx.IsSupported ? Avx.Permute2x128(a, b, 0x31) : Vector256.Create(a.GetUpper(), b.GetUpper());
}
