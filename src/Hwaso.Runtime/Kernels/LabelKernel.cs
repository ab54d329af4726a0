using System.Numerics;
using System.Runtime.CompilerServices;
using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>
/// Resizes scores to an image and finds the best class of each pixel, without ever holding the resized scores of all classes in memory.
/// </summary>
/// <remarks>Every step rounds as plain arithmetic does, so that the labels are the same for all widths of vectors.</remarks>
/// <param name="classes">The number of classes, K; at most 256.</param>
/// <param name="height">Rows of the scores.</param>
/// <param name="width">Columns of the scores.</param>
/// <param name="rows">The positions of the image's rows in the scores.</param>
/// <param name="columns">The positions of the image's columns in the scores.</param>
/// <param name="scores">[K, height, width], followed by 7 numbers that may be anything.</param>
/// <param name="labels">Receives the label of each pixel.</param>
/// <param name="threads">The number of threads that share the work.</param>
sealed unsafe class LabelKernel<TLanes, TVector>(int classes, int height, int width, ResizeTable rows, ResizeTable columns, float* scores,
    byte* labels, int threads) : LabelKernel
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    readonly int outHeight = rows.First.Length, outWidth = columns.First.Length;

    public override int Classes => classes;

    int RowsOfItem => Math.Max(1, (outHeight + (4 * threads) - 1) / (4 * threads));

    public override int Items => (outHeight + RowsOfItem - 1) / RowsOfItem;

    // Two widened rows of each class, and a row of labels; vectors are stored whole.
    public override long ScratchBytes => ((2L * classes) + 1) * RowBytes;

    // Whole cache lines, so that no load crosses two of them.
    long RowBytes => PinnedMemory.Whole((outWidth + (long)TLanes.Count) * sizeof(float));

    public override void Run(int item, byte* scratch)
    {
        var stride = (int)(RowBytes / sizeof(float));
        var (upper, lower) = (new Rows((float*)scratch), new Rows((float*)scratch + ((long)classes * stride)));
        var best = (float*)scratch + (2L * classes * stride);
        for (var y = item * RowsOfItem; y < Math.Min(outHeight, (item + 1) * RowsOfItem); y++)
        {
            var (first, second) = (rows.First[y], rows.Second[y]);
            if (lower.Row == first)
                (upper, lower) = (lower, upper);
            upper = Widened(upper, first, stride);
            if (second != first)
                lower = Widened(lower, second, stride);
            Choose(upper.Numbers, (second == first ? upper : lower).Numbers, rows.Part[y], stride, best);
            ToBytes(best, labels + ((long)y * outWidth));
        }
    }

    public override void Scores(float* to)
    {
        for (var k = 0; k < classes; k++)
            for (var y = 0; y < outHeight; y++)
                for (var x = 0; x < outWidth; x++)
                {
                    var upper = Between(scores + ((((long)k * height) + rows.First[y]) * width), x);
                    var lower = Between(scores + ((((long)k * height) + rows.Second[y]) * width), x);
                    *to++ = upper + ((lower - upper) * rows.Part[y]);
                }
    }

    Rows Widened(Rows to, int row, int stride)
    {
        if (to.Row == row)
            return to;
        for (var k = 0; k < classes; k++)
        {
            var from = scores + ((((long)k * height) + row) * width);
            var target = to.Numbers + ((long)k * stride);
            if (columns.IsNarrow)
                fixed (int* begins = columns.Begins, places = columns.Places, next = columns.NextPlaces)
                fixed (float* parts = columns.Parts)
                    Widen(from, begins, places, next, parts, target, outWidth);
            else
                for (var x = 0; x < outWidth; x++)
                    target[x] = Between(from, x);
        }
        return new Rows(to.Numbers, row);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Widen(float* row, int* begins, int* places, int* next, float* parts, float* to, int count)
    {
        for (var x = 0; x < count; x += TLanes.Count)
        {
            var left = TLanes.Pick(row, x, begins, places);
            var step = TLanes.Multiply(TLanes.Subtract(TLanes.Pick(row, x, begins, next), left), TLanes.Load(parts + x));
            TLanes.Store(TLanes.Add(left, step), to + x);
        }
    }

    float Between(float* row, int x)
    {
        var left = row[columns.First[x]];
        return left + ((row[columns.Second[x]] - left) * columns.Part[x]);
    }

    /// <summary>The best class at each place between two rows, as a number; of equal scores the first class wins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Choose(float* upper, float* lower, float part, int stride, float* to)
    {
        var weight = TLanes.All(part);
        for (var x = 0; x < outWidth; x += TLanes.Count)
        {
            float* above = upper + x, below = lower + x;
            var best = Between(above, below, weight);
            var label = TLanes.All(0);
            for (var k = 1; k < classes; k++)
            {
                above += stride;
                below += stride;
                var value = Between(above, below, weight);
                // Different numbers have a difference, however small.
                var better = TLanes.Subtract(value, best);
                best = TLanes.WherePositive(better, value, best);
                label = TLanes.WherePositive(better, TLanes.All(k), label);
            }
            TLanes.Store(label, to + x);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector Between(float* upper, float* lower, TVector part)
    {
        var above = TLanes.Load(upper);
        return TLanes.Add(above, TLanes.Multiply(TLanes.Subtract(TLanes.Load(lower), above), part));
    }

    void ToBytes(float* from, byte* to)
    {
        var x = 0;
        for (; x + Vector<byte>.Count <= outWidth; x += Vector<byte>.Count)
            *(Vector<byte>*)(to + x) = Vector.Narrow(
                Vector.Narrow(Whole(from + x), Whole(from + x + Vector<uint>.Count)),
                Vector.Narrow(Whole(from + x + (2 * Vector<uint>.Count)), Whole(from + x + (3 * Vector<uint>.Count))));
        for (; x < outWidth; x++)
            to[x] = (byte)from[x];
    }

    static Vector<uint> Whole(float* from) => Vector.AsVectorUInt32(Vector.ConvertToInt32(*(Vector<float>*)from));

    /// <summary>A row of scores of every class, widened to the image, and the number of that row.</summary>
    readonly struct Rows(float* numbers, int row = -1)
    {
        public float* Numbers => numbers;

        public int Row => row;
    }
}

/// <summary>The kernel for any width of vectors.</summary>
abstract unsafe class LabelKernel : Kernel
{
    public abstract int Classes { get; }

    /// <summary>Resizes the scores themselves to the image's size, [K, height, width].</summary>
    public abstract void Scores(float* to);
}
