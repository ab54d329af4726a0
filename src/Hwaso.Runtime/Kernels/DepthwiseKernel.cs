using Hwaso.Runtime.Planning;

namespace Hwaso.Runtime.Kernels;

/// <summary>A convolution in which every channel has a kernel of its own.</summary>
sealed unsafe class DepthwiseKernel<TLanes, TVector> : Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    readonly ConvShape shape;
    readonly ConvPlan plan;
    readonly Constant weights;
    readonly float* input, bias, addend, output;
    readonly Unary function;

    /// <summary>As <see cref="ConvKernel{TLanes, TVector}"/>, with weights as they are in the file.</summary>
    public DepthwiseKernel(in ConvShape shape, Constant weights, float* input, float* bias, float* addend, Unary function, float* output)
    {
        this.shape = shape;
        this.weights = weights;
        this.input = input;
        this.bias = bias;
        this.addend = addend;
        this.function = function;
        this.output = output;
        // Channels are pieces enough: one thread's plan.
        plan = new ConvPlan(shape, TLanes.Count, threads: 1);
        Items = shape.Batch * shape.Groups;
    }

    public override int Items { get; }

    public override long ScratchBytes => ((long)plan.Plane * sizeof(float)) + PinnedMemory.Alignment;

    public override void Run(int item, byte* scratch)
    {
        var channel = item % shape.Groups;
        var copy = (float*)scratch;
        var w = (float*)weights.Address + (channel * (long)shape.Taps);
        var shift = TLanes.All(bias == null ? 0 : bias[channel]);
        var start = item * (long)plan.PlanePixels;
        fixed (int* taps = plan.Taps)
            for (var firstRow = 0; firstRow < plan.OutHeight; firstRow += plan.Rows)
            {
                ConvInput.Copy(input + (item * (long)shape.Height * shape.Width), shape, plan, firstRow, copy);
                var rows = Math.Min(plan.Rows, plan.OutHeight - firstRow);
                for (var row = 0; row < rows; row++)
                    for (var column = 0; column < plan.OutWidth; column += TLanes.Count)
                    {
                        var from = copy + ((long)row * shape.StrideY * plan.RowPitch) + column;
                        var sum = TLanes.All(0);
                        for (var t = 0; t < shape.Taps; t++)
                            sum = TLanes.MultiplyAdd(TLanes.All(w[t]), TLanes.Load(from + taps[t]), sum);
                        var offset = ((firstRow + row) * plan.OutWidth) + column;
                        var at = start + offset;
                        var count = Math.Min(plan.OutWidth - column, plan.PlanePixels - offset);
                        if (count > 0)
                            Finish<TLanes, TVector>.Store(sum, shift, addend == null ? null : addend + at, function, output + at, count);
                    }
            }
    }
}
