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
    readonly int rows, segments;
    readonly (int From, int To, int Left)[] places;
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
        segments = (shape.OutWidth + TLanes.Count - 1) / TLanes.Count;
        rows = Math.Clamp(MostNumbers / (segments * TLanes.Count * shape.StrideX * shape.StrideY), 1, shape.OutHeight);
        copy = new ConvCopy(shape, TLanes.Count, rows, segments);
        places = new (int, int, int)[rows * segments];
        for (var k = 0; k < places.Length; k++)
        {
            var (row, column) = (k / segments, k % segments * TLanes.Count);
            places[k] = ((row * shape.StrideY * copy.RowPitch) + column, (row * shape.OutWidth) + column, shape.OutWidth - column);
        }
        Items = shape.Batch * shape.Groups;
    }

    public override int Items { get; }

    public override long ScratchBytes => copy.Numbers * (long)sizeof(float);

    public override void Run(int item, byte* scratch)
    {
        var channel = item % shape.Groups;
        var copied = (float*)scratch;
        var w = (float*)weights.Address + (channel * (long)shape.Taps);
        var shift = TLanes.All(bias == null ? 0 : bias[channel]);
        var start = item * (long)shape.OutHeight * shape.OutWidth;
        fixed (int* taps = copy.Taps)
            for (var firstRow = 0; firstRow < shape.OutHeight; firstRow += rows)
            {
                copy.Run<TLanes, TVector>(input + (item * (long)shape.Height * shape.Width), firstRow, 0, copied);
                var count = segments * Math.Min(rows, shape.OutHeight - firstRow);
                var at = start + (firstRow * (long)shape.OutWidth);
                var k = 0;
                for (; k + Together <= count; k += Together)
                {
                    float* a = copied + places[k].From, b = copied + places[k + 1].From;
                    float* c = copied + places[k + 2].From, d = copied + places[k + 3].From;
                    TVector p = TLanes.All(0), q = p, r = p, s = p;
                    for (var t = 0; t < shape.Taps; t++)
                    {
                        var factor = TLanes.All(w[t]);
                        p = TLanes.MultiplyAdd(factor, TLanes.Load(a + taps[t]), p);
                        q = TLanes.MultiplyAdd(factor, TLanes.Load(b + taps[t]), q);
                        r = TLanes.MultiplyAdd(factor, TLanes.Load(c + taps[t]), r);
                        s = TLanes.MultiplyAdd(factor, TLanes.Load(d + taps[t]), s);
                    }
                    Store(p, shift, at, places[k]);
                    Store(q, shift, at, places[k + 1]);
                    Store(r, shift, at, places[k + 2]);
                    Store(s, shift, at, places[k + 3]);
                }
                for (; k < count; k++)
                {
                    var sum = TLanes.All(0);
                    for (var t = 0; t < shape.Taps; t++)
                        sum = TLanes.MultiplyAdd(TLanes.All(w[t]), TLanes.Load(copied + places[k].From + taps[t]), sum);
                    Store(sum, shift, at, places[k]);
                }
            }
    }

    void Store(TVector sum, TVector shift, long start, (int From, int To, int Left) place)
    {
        var at = start + place.To;
        Finish<TLanes, TVector>.Store(sum, shift, addend == null ? null : addend + at, function, output + at, place.Left);
    }
}
