using System.Runtime.CompilerServices;

namespace Hwaso.Runtime.Kernels;

/// <summary>The side of a square kernel, known when code is compiled.</summary>
interface IKernelSide
{
    static abstract int Side { get; }
}

readonly struct Side3 : IKernelSide
{
    public static int Side => 3;
}

readonly struct Side5 : IKernelSide
{
    public static int Side => 5;
}

readonly struct Side7 : IKernelSide
{
    public static int Side => 7;
}

/// <summary>Four rows of a depthwise convolution of stride 1 at a time: each input row is read once for all of them.</summary>
static unsafe class DepthwiseRows<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>Rows that are computed together.</summary>
    public const int Together = 4;

    /// <summary>Whether there is such a kernel.</summary>
    public static bool Fits(in ConvShape shape) =>
        shape is { StrideX: 1, StrideY: 1, KernelHeight: 3 or 5 or 7 } && shape.KernelWidth == shape.KernelHeight;

    /// <summary>Computes four rows.</summary>
    /// <param name="side">The kernel's side.</param>
    /// <param name="from">The first row that the first output row needs, with padding; two vectors may be read from each column on.</param>
    /// <param name="pitch">Numbers from a row to the one that the next row of the kernel meets.</param>
    /// <param name="dilation">Columns from one column of the kernel to the next.</param>
    /// <param name="weights">The kernel.</param>
    /// <param name="bias">The channel's bias.</param>
    /// <param name="addend">Added to the first row, or null.</param>
    /// <param name="to">The first output row.</param>
    /// <param name="toPitch">Numbers from one output row to the next.</param>
    /// <param name="width">Output columns.</param>
    public static void Run(int side, float* from, nint pitch, nint dilation, float* weights, float bias, float* addend, float* to,
        nint toPitch, int width)
    {
        if (side == 3)
            Run<Side3>(from, pitch, dilation, weights, bias, addend, to, toPitch, width);
        else if (side == 5)
            Run<Side5>(from, pitch, dilation, weights, bias, addend, to, toPitch, width);
        else
            Run<Side7>(from, pitch, dilation, weights, bias, addend, to, toPitch, width);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Run<TSide>(float* from, nint pitch, nint dilation, float* weights, float bias, float* addend, float* to, nint toPitch,
        int width)
        where TSide : struct, IKernelSide
    {
        var shift = TLanes.All(bias);
        for (var x = 0; x < width; x += 2 * TLanes.Count)
        {
            TVector a0 = shift, a1 = shift, b0 = shift, b1 = shift, c0 = shift, c1 = shift, d0 = shift, d1 = shift;
            var at = from + x;
            for (var column = 0; column < TSide.Side; column++, at += dilation)
            {
                var w = weights + column;
                var (w0, w1, w2) = (TLanes.All(w[0]), TLanes.All(w[TSide.Side]), TLanes.All(w[2 * TSide.Side]));
                var w3 = TSide.Side > 3 ? TLanes.All(w[3 * TSide.Side]) : w2;
                var w4 = TSide.Side > 3 ? TLanes.All(w[4 * TSide.Side]) : w2;
                var w5 = TSide.Side > 5 ? TLanes.All(w[5 * TSide.Side]) : w2;
                var w6 = TSide.Side > 5 ? TLanes.All(w[6 * TSide.Side]) : w2;
                var row = at;
                var (p, q) = (TLanes.Load(row), TLanes.Load(row + TLanes.Count));
                Add(w0, p, q, ref a0, ref a1);
                Next(ref row, pitch, out p, out q);
                Add(w1, p, q, ref a0, ref a1);
                Add(w0, p, q, ref b0, ref b1);
                Next(ref row, pitch, out p, out q);
                Add(w2, p, q, ref a0, ref a1);
                Add(w1, p, q, ref b0, ref b1);
                Add(w0, p, q, ref c0, ref c1);
                Next(ref row, pitch, out p, out q);
                if (TSide.Side > 3)
                {
                    Add(w3, p, q, ref a0, ref a1);
                    Add(w2, p, q, ref b0, ref b1);
                    Add(w1, p, q, ref c0, ref c1);
                    Add(w0, p, q, ref d0, ref d1);
                    Next(ref row, pitch, out p, out q);
                    Add(w4, p, q, ref a0, ref a1);
                    Add(w3, p, q, ref b0, ref b1);
                    Add(w2, p, q, ref c0, ref c1);
                    Add(w1, p, q, ref d0, ref d1);
                    Next(ref row, pitch, out p, out q);
                }
                if (TSide.Side > 5)
                {
                    Add(w5, p, q, ref a0, ref a1);
                    Add(w4, p, q, ref b0, ref b1);
                    Add(w3, p, q, ref c0, ref c1);
                    Add(w2, p, q, ref d0, ref d1);
                    Next(ref row, pitch, out p, out q);
                    Add(w6, p, q, ref a0, ref a1);
                    Add(w5, p, q, ref b0, ref b1);
                    Add(w4, p, q, ref c0, ref c1);
                    Add(w3, p, q, ref d0, ref d1);
                    Next(ref row, pitch, out p, out q);
                }
                // The last three rows meet the last rows of the kernel.
                var (last, middle, first) = TSide.Side == 3 ? (w2, w1, w0) : TSide.Side == 5 ? (w4, w3, w2) : (w6, w5, w4);
                Add(last, p, q, ref b0, ref b1);
                Add(middle, p, q, ref c0, ref c1);
                Add(first, p, q, ref d0, ref d1);
                Next(ref row, pitch, out p, out q);
                Add(last, p, q, ref c0, ref c1);
                Add(middle, p, q, ref d0, ref d1);
                Next(ref row, pitch, out p, out q);
                Add(last, p, q, ref d0, ref d1);
            }
            float* target = to + x, added = addend == null ? null : addend + x;
            Store(a0, a1, ref added, ref target, toPitch, width - x);
            Store(b0, b1, ref added, ref target, toPitch, width - x);
            Store(c0, c1, ref added, ref target, toPitch, width - x);
            Store(d0, d1, ref added, ref target, toPitch, width - x);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Next(ref float* row, nint pitch, out TVector p, out TVector q)
    {
        row += pitch;
        (p, q) = (TLanes.Load(row), TLanes.Load(row + TLanes.Count));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Add(TVector weight, TVector p, TVector q, ref TVector first, ref TVector second)
    {
        first = TLanes.MultiplyAdd(weight, p, first);
        second = TLanes.MultiplyAdd(weight, q, second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Store(TVector first, TVector second, ref float* addend, ref float* to, nint pitch, int count)
    {
        if (addend != null)
        {
            first = TLanes.Add(first, TLanes.LoadFirst(addend, count));
            second = TLanes.Add(second, TLanes.LoadFirst(addend + TLanes.Count, count - TLanes.Count));
            addend += pitch;
        }
        if (count >= 2 * TLanes.Count)
        {
            TLanes.Store(first, to);
            TLanes.Store(second, to + TLanes.Count);
        }
        else
        {
            TLanes.StoreFirst(first, to, count);
            TLanes.StoreFirst(second, to + TLanes.Count, count - TLanes.Count);
        }
        to += pitch;
    }
}
