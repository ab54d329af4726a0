using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>
/// A square convolution of stride 1 to one or two output channels, as the last one of many networks is: rows of pixels are summed channel
/// by channel, as in a depthwise convolution, since a tile of output channels would be nearly empty.
/// </summary>
sealed unsafe class ConvFewKernel<TLanes, TVector> : Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    // Output channels, at most; numbers of a channel's copy, which stays in the first-level cache beside the output's rows.
    const int MostChannels = 2, MostNumbers = 4096;

    readonly ConvShape shape;
    readonly ConvCopy copy;
    readonly Constant weights;
    readonly float* input, bias, addend, output;
    readonly Unary function;
    readonly int rows, blocks;

    /// <summary>Like <see cref="ConvKernel{TLanes, TVector}"/>, with weights that are packed by channels.</summary>
    public ConvFewKernel(in ConvShape shape, Constant weights, float* input, float* bias, float* addend, Unary function, float* output)
    {
        this.shape = shape;
        this.weights = weights;
        this.input = input;
        this.bias = bias;
        this.addend = addend;
        this.function = function;
        this.output = output;
        var segments = (shape.OutWidth + TLanes.Count - 1) / TLanes.Count;
        rows = RowsOf(shape, TLanes.Count);
        blocks = (shape.OutHeight + rows - 1) / rows;
        copy = new ConvCopy(shape, TLanes.Count, rows, segments);
        Items = shape.Batch * shape.Groups * blocks;
    }

    public override int Items { get; }

    public override long ScratchBytes => CopyBytes + ((long)MostChannels * rows * shape.OutWidth * sizeof(float));

    // Rows are read by pairs of vectors.
    long CopyBytes => PinnedMemory.Whole((copy.Numbers + TLanes.Count) * (long)sizeof(float));

    /// <summary>Whether a convolution is one.</summary>
    public static bool Fits(in ConvShape shape) =>
        shape is { GroupCout: <= MostChannels, DilationY: 1, DilationX: 1 } && DepthwiseRows<TLanes, TVector>.Fits(shape);

    public override void Run(int item, byte* scratch)
    {
        const int together = DepthwiseRows<TLanes, TVector>.Together;
        var (image, block) = (item / blocks, item % blocks);                            // n × groups + g
        var (group, firstRow, width) = (image % shape.Groups, block * rows, shape.OutWidth);
        var copied = (float*)scratch;
        var sums = (float*)(scratch + CopyBytes);
        var w = stackalloc float[shape.Taps];
        for (var c = 0; c < shape.GroupCin; c++)
        {
            // Rows below the image are zeros.
            copy.Run<TLanes, TVector>(input + (((image * (nint)shape.GroupCin) + c) * shape.Height * shape.Width), firstRow, 0, copied);
            for (var o = 0; o < shape.GroupCout; o++)
            {
                var packed = (float*)weights.Address + ((((nint)group * shape.WeightChannels) + c) * shape.Taps * ConvWeights.Tile) + o;
                for (var t = 0; t < shape.Taps; t++)
                    w[t] = packed[t * ConvWeights.Tile];
                var shift = c > 0 || bias == null ? 0 : bias[(group * shape.GroupCout) + o];
                for (var r = 0; r < rows; r += together)
                {
                    var to = sums + (((o * rows) + r) * (nint)width);
                    DepthwiseRows<TLanes, TVector>.Run(shape.KernelHeight, copied + (r * (nint)copy.RowPitch), copy.RowPitch, 1, w, shift,
                        c > 0 ? to : null, to, width, width);
                }
            }
        }
        var count = Math.Min(rows, shape.OutHeight - firstRow) * width;
        for (var o = 0; o < shape.GroupCout; o++)
        {
            var at = ((((image * (nint)shape.GroupCout) + o) * shape.OutHeight) + firstRow) * width;
            var from = sums + (o * rows * (nint)width);
            for (var x = 0; x < count; x += TLanes.Count)
                Finish<TLanes, TVector>.Store(TLanes.LoadFirst(from + x, count - x), TLanes.All(0), addend == null ? null : addend + at + x,
                    default, output + at + x, count - x);
            if (function.Kind != UnaryKind.Identity)
                UnaryRow<TLanes, TVector>.Apply(function, output + at, output + at, count);
        }
    }

    static int RowsOf(in ConvShape shape, int lanes)
    {
        const int together = DepthwiseRows<TLanes, TVector>.Together;
        var most = Math.Min(MostNumbers / Math.Max(1, shape.OutWidth + lanes), shape.OutHeight);
        return Math.Max(together, most / together * together);
    }
}
