using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>A depthwise convolution: every channel has its own kernel.</summary>
sealed unsafe class DepthwiseKernel<TLanes, TVector> : Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    const int MostNumbers = 4096;

    readonly ConvShape shape;
    readonly ConvCopy copy;
    readonly int rows;
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
        copy = new ConvCopy(shape, TLanes.Count, rows, segments);
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
                for (var row = 0; row < Math.Min(rows, shape.OutHeight - firstRow); row++)
                    for (var column = 0; column < shape.OutWidth; column += TLanes.Count)
                    {
                        var from = copied + ((long)row * shape.StrideY * copy.RowPitch) + column;
                        var sum = TLanes.All(0);
                        for (var t = 0; t < shape.Taps; t++)
                            sum = TLanes.MultiplyAdd(TLanes.All(w[t]), TLanes.Load(from + taps[t]), sum);
                        var at = start + ((firstRow + row) * (long)shape.OutWidth) + column;
                        Finish<TLanes, TVector>.Store(sum, shift, addend == null ? null : addend + at, function, output + at,
                            shape.OutWidth - column);
                    }
            }
    }
}
