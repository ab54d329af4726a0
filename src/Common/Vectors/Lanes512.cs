using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Hwaso.Common;

/// <summary>16 numbers at a time.</summary>
readonly unsafe struct Lanes512 : ILanes<Vector512<float>>
{
    public static int Count => Vector512<float>.Count;

    public static int Group => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(float* from) => Vector512.Load(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> value, float* to) => Vector512.Store(value, to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadFirst(float* from, int count) => Avx512F.IsSupported
        ? Avx512F.MaskLoad(from, Mask(count), Vector512<float>.Zero)
        : Vector512.Create(Lanes256.LoadFirst(from, count), count > 8 ? Lanes256.LoadFirst(from + 8, count - 8) : Vector256<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> First(Vector512<float> value, int count) =>
        value & Vector512.GreaterThan(Vector512.Create(count), Vector512<int>.Indices).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFirst(Vector512<float> value, float* to, int count)
    {
        if (Avx512F.IsSupported)
            Avx512F.MaskStore(to, Mask(count), value);
        else
        {
            Lanes256.StoreFirst(value.GetLower(), to, count);
            if (count > 8)
                Lanes256.StoreFirst(value.GetUpper(), to + 8, count - 8);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> Mask(int count) => Vector512.GreaterThan(Vector512.Create(count), Vector512<int>.Indices).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> All(float value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) =>
        Vector512.MultiplyAddEstimate(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Add(Vector512<float> a, Vector512<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Subtract(Vector512<float> a, Vector512<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Multiply(Vector512<float> a, Vector512<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Divide(Vector512<float> a, Vector512<float> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Min(Vector512<float> a, Vector512<float> b) => Vector512.Min(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Max(Vector512<float> a, Vector512<float> b) => Vector512.Max(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> a)
    {
        // exp(x) = 2ⁿ · exp(r), |r| ≤ ln 2 / 2, as ExpSeries says; what is not a number stays so.
        var x = Vector512.MinNative(Vector512.Create(ExpSeries.Most), Vector512.MaxNative(Vector512.Create(ExpSeries.Least), a));
        var n = Vector512.Round(x * Vector512.Create(ExpSeries.PerLog));
        var r = Vector512.MultiplyAddEstimate(n, Vector512.Create(ExpSeries.LogHigh), x);
        r = Vector512.MultiplyAddEstimate(n, Vector512.Create(ExpSeries.LogLow), r);
        var p = Vector512.MultiplyAddEstimate(r, Vector512.Create(ExpSeries.C7), Vector512.Create(ExpSeries.C6));
        p = Vector512.MultiplyAddEstimate(r, p, Vector512.Create(ExpSeries.C5));
        p = Vector512.MultiplyAddEstimate(r, p, Vector512.Create(ExpSeries.C4));
        p = Vector512.MultiplyAddEstimate(r, p, Vector512.Create(ExpSeries.C3));
        p = Vector512.MultiplyAddEstimate(r, p, Vector512.Create(ExpSeries.C2));
        p = Vector512.MultiplyAddEstimate(r * r, p, r + Vector512<float>.One);
        var power = Vector512.ConvertToInt32Native(n);
        var half = power >> 1;
        var bias = Vector512.Create(ExpSeries.Bias);
        return p * ((half + bias) << ExpSeries.Fraction).AsSingle() * ((power - half + bias) << ExpSeries.Fraction).AsSingle();
    }

    public static Vector512<float> Log(Vector512<float> a) => Vector512.Log(a);

    public static Vector512<float> Sqrt(Vector512<float> a) => Vector512.Sqrt(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Abs(Vector512<float> a) => Vector512.Abs(a);

    public static Vector512<float> Floor(Vector512<float> a) => Vector512.Floor(a);

    public static Vector512<float> Ceiling(Vector512<float> a) => Vector512.Ceiling(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> WherePositive(Vector512<float> a, Vector512<float> positive, Vector512<float> other) =>
        Vector512.ConditionalSelect(Vector512.GreaterThan(a, Vector512<float>.Zero), positive, other);

    public static float Sum(Vector512<float> a) => Vector512.Sum(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Even(Vector512<float> a, Vector512<float> b) =>
        Avx512F.IsSupported
            ? Avx512F.PermuteVar16x32x2(a, Vector512.Create(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30), b)
            : Vector512.Create(Lanes256.Even(a.GetLower(), a.GetUpper()), Lanes256.Even(b.GetLower(), b.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Odd(Vector512<float> a, Vector512<float> b) =>
        Avx512F.IsSupported
            ? Avx512F.PermuteVar16x32x2(a, Vector512.Create(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31), b)
            : Vector512.Create(Lanes256.Odd(a.GetLower(), a.GetUpper()), Lanes256.Odd(b.GetLower(), b.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Interleave(Vector512<float> a, Vector512<float> b, out Vector512<float> first, out Vector512<float> second)
    {
        if (Avx512F.IsSupported)
        {
            first = Avx512F.PermuteVar16x32x2(a, Vector512.Create(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23), b);
            second = Avx512F.PermuteVar16x32x2(a, Vector512.Create(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31), b);
            return;
        }
        Lanes256.Interleave(a.GetLower(), b.GetLower(), out var low, out var high);
        first = Vector512.Create(low, high);
        Lanes256.Interleave(a.GetUpper(), b.GetUpper(), out low, out high);
        second = Vector512.Create(low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddSums(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d, float* to)
    {
        var (ab, cd) = (Low(a, b) + High(a, b), Low(c, d) + High(c, d));
        var sums = LowPairs(ab, cd) + HighPairs(ab, cd);
        var half = sums.GetLower() + sums.GetUpper();
        (Vector128.Load(to) + (half.GetLower() + half.GetUpper())).Store(to);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> AtLeast(Vector512<float> bound, Vector512<float> a) => Vector512.MaxNative(bound, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> AtMost(Vector512<float> bound, Vector512<float> a) => Vector512.MinNative(bound, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Pick(float* row, int position, int* begins, int* places) =>
        Vector512.Create(Lanes256.Pick(row, position, begins, places), Lanes256.Pick(row, position + 8, begins, places));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadTiles(
        float* row, int* groups, out Vector512<float> x0, out Vector512<float> x1, out Vector512<float> x2,
        out Vector512<float> x3, out Vector512<float> x4, out Vector512<float> x5)
    {
        if (Avx512F.IsSupported)
        {
            // Two columns of 8 tiles in one vector, then of all 16 tiles.
            var (first, second) = (Load(row + groups[0]), Load(row + groups[1]));
            var (third, fourth) = (Load(row + groups[2]), Load(row + groups[3]));
            var (near, far) = (Vector512.Create(0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29),
                Vector512.Create(2, 6, 10, 14, 18, 22, 26, 30, 3, 7, 11, 15, 19, 23, 27, 31));
            var (p, q) = (Avx512F.PermuteVar16x32x2(first, near, second), Avx512F.PermuteVar16x32x2(third, near, fourth));
            x0 = Avx512F.Shuffle4x128(p, q, 0b01_00_01_00);
            x1 = Avx512F.Shuffle4x128(p, q, 0b11_10_11_10);
            (p, q) = (Avx512F.PermuteVar16x32x2(first, far, second), Avx512F.PermuteVar16x32x2(third, far, fourth));
            x2 = Avx512F.Shuffle4x128(p, q, 0b01_00_01_00);
            x3 = Avx512F.Shuffle4x128(p, q, 0b11_10_11_10);
            // The next tile's first columns; those behind the groups' last tiles.
            var next = Blocks(row, groups, 16);
            x4 = Avx512F.PermuteVar16x32x2(x0, Vector512.Create(1, 2, 3, 16, 5, 6, 7, 20, 9, 10, 11, 24, 13, 14, 15, 28), next);
            x5 = Avx512F.PermuteVar16x32x2(x1, Vector512.Create(1, 2, 3, 17, 5, 6, 7, 21, 9, 10, 11, 25, 13, 14, 15, 29), next);
            return;
        }
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
    public static void ToRow(ref Vector512<float> x0, ref Vector512<float> x1, ref Vector512<float> x2, ref Vector512<float> x3)
    {
        if (Avx512F.IsSupported)
        {
            // Columns 0 and 1 of each tile in turn, and columns 2 and 3; then all four.
            var (lower, upper) = (Vector512.Create(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23),
                Vector512.Create(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
            var (p, q) = (Avx512F.PermuteVar16x32x2(x0, lower, x1).AsDouble(), Avx512F.PermuteVar16x32x2(x2, lower, x3).AsDouble());
            var (r, s) = (Avx512F.PermuteVar16x32x2(x0, upper, x1).AsDouble(), Avx512F.PermuteVar16x32x2(x2, upper, x3).AsDouble());
            var (low, high) = (Vector512.Create(0L, 8, 1, 9, 2, 10, 3, 11), Vector512.Create(4L, 12, 5, 13, 6, 14, 7, 15));
            x0 = Avx512F.PermuteVar8x64x2(p, low, q).AsSingle();
            x1 = Avx512F.PermuteVar8x64x2(p, high, q).AsSingle();
            x2 = Avx512F.PermuteVar8x64x2(r, low, s).AsSingle();
            x3 = Avx512F.PermuteVar8x64x2(r, high, s).AsSingle();
            return;
        }
        // Within the blocks first, then among the blocks.
        Turn(ref x0, ref x1, ref x2, ref x3);
        var (a, b) = (Vector512.Create(x0.GetLower(), x1.GetLower()), Vector512.Create(x2.GetLower(), x3.GetLower()));
        var (c, d) = (Vector512.Create(x0.GetUpper(), x1.GetUpper()), Vector512.Create(x2.GetUpper(), x3.GetUpper()));
        x0 = EvenBlocks(a, b);
        x1 = OddBlocks(a, b);
        x2 = EvenBlocks(c, d);
        x3 = OddBlocks(c, d);
    }

    // Transposes 4×4 blocks.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Turn(ref Vector512<float> x0, ref Vector512<float> x1, ref Vector512<float> x2, ref Vector512<float> x3)
    {
        var (a, b) = (Low(x0, x1), Low(x2, x3));
        var (c, d) = (High(x0, x1), High(x2, x3));
        (x0, x1, x2, x3) = (LowPairs(a, b), HighPairs(a, b), LowPairs(c, d), HighPairs(c, d));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> Blocks(float* row, int* groups, int column) =>
        Vector512.Create(Lanes256.Blocks(row, groups, column), Lanes256.Blocks(row, groups + 2, column));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> Low(Vector512<float> a, Vector512<float> b) =>
        Avx512F.IsSupported
            ? Avx512F.UnpackLow(a, b)
            : Vector512.Create(Lanes256.Low(a.GetLower(), b.GetLower()), Lanes256.Low(a.GetUpper(), b.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> High(Vector512<float> a, Vector512<float> b) =>
        Avx512F.IsSupported
            ? Avx512F.UnpackHigh(a, b)
            : Vector512.Create(Lanes256.High(a.GetLower(), b.GetLower()), Lanes256.High(a.GetUpper(), b.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> LowPairs(Vector512<float> a, Vector512<float> b) =>
        Avx512F.IsSupported
            ? Avx512F.Shuffle(a, b, 0b01_00_01_00)
            : Vector512.Create(Lanes256.LowPairs(a.GetLower(), b.GetLower()), Lanes256.LowPairs(a.GetUpper(), b.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> HighPairs(Vector512<float> a, Vector512<float> b) =>
        Avx512F.IsSupported
            ? Avx512F.Shuffle(a, b, 0b11_10_11_10)
            : Vector512.Create(Lanes256.HighPairs(a.GetLower(), b.GetLower()), Lanes256.HighPairs(a.GetUpper(), b.GetUpper()));

    // Blocks 0 and 2 of both vectors; below, blocks 1 and 3.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> EvenBlocks(Vector512<float> a, Vector512<float> b) =>
        Avx512F.IsSupported
            ? Avx512F.Shuffle4x128(a, b, 0b10_00_10_00)
            : Vector512.Create(
                Vector256.Create(a.GetLower().GetLower(), a.GetUpper().GetLower()),
                Vector256.Create(b.GetLower().GetLower(), b.GetUpper().GetLower()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> OddBlocks(Vector512<float> a, Vector512<float> b) =>
        Avx512F.IsSupported
            ? Avx512F.Shuffle4x128(a, b, 0b11_01_11_01)
            : Vector512.Create(
                Vector256.Create(a.GetLower().GetUpper(), a.GetUpper().GetUpper()),
                Vector256.Create(b.GetLower().GetUpper(), b.GetUpper().GetUpper()));
}
