using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>
/// Copies numbers to another order, in which neighbours of the source and neighbours of the target lie along different dimensions: in
/// squares, so that both are read and written by whole vectors.
/// </summary>
sealed unsafe class TransposeKernel : Kernel
{
    const int Side = 8, NumbersOfItem = 32768;

    readonly Strides strides;
    readonly float* from, to;
    readonly int rows, length, fromStep, toStep, rowsOfItem, itemsOfSquare;

    /// <param name="strides">The sizes, and the steps in source (0) and target (1), as <see cref="Along"/> accepts them.</param>
    /// <param name="along">The dimension in which neighbours of the source lie.</param>
    /// <param name="from">The first number of the source.</param>
    /// <param name="to">The first number of the target.</param>
    public TransposeKernel(Strides strides, int along, float* from, float* to)
    {
        this.from = from;
        this.to = to;
        var others = Enumerable.Range(0, strides.Sizes.Length - 1).Where(d => d != along).ToArray();
        (length, fromStep, toStep) = (strides.Sizes[^1], strides.Steps[0][^1], strides.Steps[1][along]);
        rows = strides.Sizes[along];
        this.strides = new Strides([.. others.Select(d => strides.Sizes[d]), 1],
            [.. strides.Steps.Select(s => (int[])[.. others.Select(d => s[d]), 1])]);
        // Items of some whole rows of squares.
        rowsOfItem = Math.Max(1, NumbersOfItem / Math.Max(1, length) / Side) * Side;
        itemsOfSquare = (rows + rowsOfItem - 1) / rowsOfItem;
        Items = checked((int)(this.strides.Rows * itemsOfSquare));
    }

    public override int Items { get; }

    public override long ScratchBytes => 0;

    /// <summary>The dimension in which neighbours of the source lie, if those of the target lie in the last one; else -1.</summary>
    public static int Along(Strides strides) =>
        strides.Steps[1][^1] == 1 && strides.Steps[0][^1] > 1 ? Array.IndexOf(strides.Steps[0], 1) : -1;

    public override void Run(int item, byte* scratch)
    {
        var first = item % itemsOfSquare * rowsOfItem;
        var source = from + strides.Offset(0, item / itemsOfSquare) + first;
        var target = to + strides.Offset(1, item / itemsOfSquare) + ((long)first * toStep);
        Square(source, fromStep, target, toStep, Math.Min(rowsOfItem, rows - first), length);
    }

    /// <summary>Copies source[r + c · fromStep] to target[c + r · toStep], for r below count and c below length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Square(float* source, int fromStep, float* target, int toStep, int count, int length)
    {
        var (wholeRows, wholeColumns) = (count / Side * Side, length / Side * Side);
        for (var r = 0; r < wholeRows; r += Side)
            for (var c = 0; c < wholeColumns; c += Side)
                Turn(source + r + ((long)c * fromStep), fromStep, target + c + ((long)r * toStep), toStep);
        for (var r = 0; r < count; r++)
            for (var c = r < wholeRows ? wholeColumns : 0; c < length; c++)
                target[c + ((long)r * toStep)] = source[r + ((long)c * fromStep)];
    }

    /// <summary>Transposes 8×8 numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Turn(float* from, long pitch, float* to, long toPitch)
    {
        Half(from, pitch, out var a, out var b, out var c, out var d);
        Half(from + (4 * pitch), pitch, out var e, out var f, out var g, out var h);
        Vector256.Store(Vector256.Create(a.GetLower(), e.GetLower()), to);
        Vector256.Store(Vector256.Create(b.GetLower(), f.GetLower()), to + toPitch);
        Vector256.Store(Vector256.Create(c.GetLower(), g.GetLower()), to + (2 * toPitch));
        Vector256.Store(Vector256.Create(d.GetLower(), h.GetLower()), to + (3 * toPitch));
        Vector256.Store(Vector256.Create(a.GetUpper(), e.GetUpper()), to + (4 * toPitch));
        Vector256.Store(Vector256.Create(b.GetUpper(), f.GetUpper()), to + (5 * toPitch));
        Vector256.Store(Vector256.Create(c.GetUpper(), g.GetUpper()), to + (6 * toPitch));
        Vector256.Store(Vector256.Create(d.GetUpper(), h.GetUpper()), to + (7 * toPitch));
    }

    // Four rows of 8 numbers as 8 rows of 4: rows k and k + 4 in one vector.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Half(
        float* from, long pitch, out Vector256<float> a, out Vector256<float> b, out Vector256<float> c, out Vector256<float> d)
    {
        var (x0, x1) = (Vector256.Load(from), Vector256.Load(from + pitch));
        var (x2, x3) = (Vector256.Load(from + (2 * pitch)), Vector256.Load(from + (3 * pitch)));
        var (low, high) = (Lanes256.Low(x0, x1), Lanes256.Low(x2, x3));
        (a, b) = (Lanes256.LowPairs(low, high), Lanes256.HighPairs(low, high));
        (low, high) = (Lanes256.High(x0, x1), Lanes256.High(x2, x3));
        (c, d) = (Lanes256.LowPairs(low, high), Lanes256.HighPairs(low, high));
    }
}
