using System.Runtime.CompilerServices;
using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>A depthwise convolution: every channel has its own kernel.</summary>
sealed unsafe class DepthwiseKernel<TLanes, TVector> : Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    // Vectors of pixels whose sums grow together: one sum alone waits for each of its multiplications.
    const int Together = 4;

    const int MostNumbers = 4096;

    readonly ConvShape shape;
    readonly ConvCopy copy;
    readonly int rows;
    readonly bool sharesRows;
    readonly Constant weights;
    readonly float* input, bias, addend, output;
    readonly Unary function;

    /// <summary>Like <see cref="ConvKernel{TLanes, TVector}"/>, with unpacked weights.</summary>
    public DepthwiseKernel(in ConvShape shape, Constant weights, float* input, float* bias, float* addend, Unary function, float* output)
    {
        this.shape = shape;
        this.weights = weights;
        this.input = input;
        this.bias = bias;
        this.addend = addend;
        this.function = function;
        this.output = output;
        // There are channels enough for all threads; rows are cut so that a copy fits the first-level cache.
        var segments = (shape.OutWidth + TLanes.Count - 1) / TLanes.Count;
        rows = Math.Clamp(MostNumbers / (segments * TLanes.Count * shape.StrideX * shape.StrideY), 1, shape.OutHeight);
        var together = DepthwiseRows<TLanes, TVector>.Together * shape.DilationY;
        if (rows > together && rows < shape.OutHeight)
            rows -= rows % together;
        copy = new ConvCopy(shape, TLanes.Count, rows, segments);
        sharesRows = DepthwiseRows<TLanes, TVector>.Fits(shape) && !copy.IsApart && rows >= together;
        Items = shape.Batch * shape.Groups;
    }

    public override int Items { get; }

    // Rows that are computed together are read by pairs of vectors.
    public override long ScratchBytes => (copy.Numbers + TLanes.Count) * (long)sizeof(float);

    public override void Run(int item, byte* scratch)
    {
        var channel = item % shape.Groups;
        var copied = (float*)scratch;
        var w = (float*)weights.Address + (channel * (long)shape.Taps);
        var shift = bias == null ? 0 : bias[channel];
        var (width, pitch) = (shape.OutWidth, shape.StrideY * copy.RowPitch);
        fixed (int* taps = copy.Taps)
            for (var firstRow = 0; firstRow < shape.OutHeight; firstRow += rows)
            {
                copy.Run<TLanes, TVector>(input + (item * (long)shape.Height * shape.Width), firstRow, 0, copied);
                var count = Math.Min(rows, shape.OutHeight - firstRow);
                var at = ((item * (long)shape.OutHeight) + firstRow) * width;
                var done = sharesRows ? Shared(copied, w, shift, at, count) : 0;
                for (var r = done; r < count; r++)
                    // A vector may reach into the next row, which is written later, unless numbers to add lie there.
                    Row(copied + (r * (long)pitch), w, taps, shape.Taps, shift, addend == null ? null : addend + at + (r * (long)width),
                        output + at + (r * (long)width), width, r + 1 < count && width >= TLanes.Count && addend == null);
                if (function.Kind != UnaryKind.Identity)
                    UnaryRow<TLanes, TVector>.Apply(function, output + at, output + at, count * width);
            }
    }

    /// <summary>Computes rows by fours; returns how many.</summary>
    int Shared(float* copied, float* w, float shift, long at, int count)
    {
        var together = DepthwiseRows<TLanes, TVector>.Together * shape.DilationY;
        var (all, width) = (count / together * together, shape.OutWidth);
        for (var first = 0; first < all; first += together)
            for (var r = first; r < first + shape.DilationY; r++)
            {
                var begin = at + (r * (long)width);
                DepthwiseRows<TLanes, TVector>.Run(shape.KernelHeight, copied + (r * (long)copy.RowPitch),
                    copy.RowPitch * (nint)shape.DilationY, shape.DilationX, w, shift, addend == null ? null : addend + begin,
                    output + begin, (nint)width * shape.DilationY, width);
            }
        return all;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Row(float* from, float* w, int* taps, int tapCount, float bias, float* addend, float* to, int width,
        bool mayReachOver)
    {
        var (shift, x) = (TLanes.All(bias), 0);
        var whole = mayReachOver ? (width + TLanes.Count - 1) / TLanes.Count * TLanes.Count : width;
        for (; x + (Together * TLanes.Count) <= whole; x += Together * TLanes.Count)
        {
            TVector p = shift, q = shift, r = shift, s = shift;
            if (addend != null)
            {
                (p, q) = (TLanes.Add(p, TLanes.Load(addend + x)), TLanes.Add(q, TLanes.Load(addend + x + TLanes.Count)));
                r = TLanes.Add(r, TLanes.Load(addend + x + (2 * TLanes.Count)));
                s = TLanes.Add(s, TLanes.Load(addend + x + (3 * TLanes.Count)));
            }
            for (var t = 0; t < tapCount; t++)
            {
                var factor = TLanes.All(w[t]);
                var at = from + x + taps[t];
                p = TLanes.MultiplyAdd(factor, TLanes.Load(at), p);
                q = TLanes.MultiplyAdd(factor, TLanes.Load(at + TLanes.Count), q);
                r = TLanes.MultiplyAdd(factor, TLanes.Load(at + (2 * TLanes.Count)), r);
                s = TLanes.MultiplyAdd(factor, TLanes.Load(at + (3 * TLanes.Count)), s);
            }
            TLanes.Store(p, to + x);
            TLanes.Store(q, to + x + TLanes.Count);
            TLanes.Store(r, to + x + (2 * TLanes.Count));
            TLanes.Store(s, to + x + (3 * TLanes.Count));
        }
        for (; x + (2 * TLanes.Count) <= whole; x += 2 * TLanes.Count)
        {
            TVector p = shift, q = shift;
            if (addend != null)
                (p, q) = (TLanes.Add(p, TLanes.Load(addend + x)), TLanes.Add(q, TLanes.Load(addend + x + TLanes.Count)));
            for (var t = 0; t < tapCount; t++)
            {
                var factor = TLanes.All(w[t]);
                var at = from + x + taps[t];
                p = TLanes.MultiplyAdd(factor, TLanes.Load(at), p);
                q = TLanes.MultiplyAdd(factor, TLanes.Load(at + TLanes.Count), q);
            }
            TLanes.Store(p, to + x);
            TLanes.Store(q, to + x + TLanes.Count);
        }
        for (; x < whole; x += TLanes.Count)
        {
            var p = addend == null ? shift : TLanes.Add(shift, TLanes.Load(addend + x));
            for (var t = 0; t < tapCount; t++)
                p = TLanes.MultiplyAdd(TLanes.All(w[t]), TLanes.Load(from + x + taps[t]), p);
            if (x + TLanes.Count <= whole)
                TLanes.Store(p, to + x);
            else
                Finish<TLanes, TVector>.Store(p, TLanes.All(0), null, default, to + x, whole - x);
        }
    }
}
