using Hwaso.Runtime.Planning;

namespace Hwaso.Runtime.Kernels;

/// <summary>A convolution of any kernel, stride, dilation and grouping, computed directly.</summary>
sealed unsafe class ConvKernel<TLanes, TVector> : Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    const int TileChannels = ConvTile<TLanes, TVector>.Channels, TileSums = ConvTile<TLanes, TVector>.Sums;

    readonly ConvShape shape;
    readonly ConvPlan plan;
    readonly Constant weights;
    readonly float* input, bias, addend, output;
    readonly Unary function;
    readonly int channelTiles, segmentPairs;
    readonly long copyBytes, sumBytes;

    /// <param name="shape">Sizes and steps.</param>
    /// <param name="weights">Packed by <see cref="ConvWeights"/>.</param>
    /// <param name="input">[N, Cin, H, W].</param>
    /// <param name="bias">[Cout], or null.</param>
    /// <param name="addend">Of the output's shape, or null; may be the output.</param>
    /// <param name="function">Applied at the end.</param>
    /// <param name="output">[N, Cout, OH, OW].</param>
    /// <param name="threads">Threads that share the work.</param>
    public ConvKernel(in ConvShape shape, Constant weights, float* input, float* bias, float* addend, Unary function, float* output, int threads)
    {
        this.shape = shape;
        this.weights = weights;
        this.input = input;
        this.bias = bias;
        this.addend = addend;
        this.function = function;
        this.output = output;
        plan = new ConvPlan(shape, TLanes.Count, threads);
        channelTiles = (shape.GroupCout + TileChannels - 1) / TileChannels;
        segmentPairs = ((plan.Rows * plan.Segments) + 1) / 2;
        copyBytes = PinnedMemory.Whole(((long)plan.Channels * plan.Plane * sizeof(float)) + PinnedMemory.Alignment);
        sumBytes = plan.Channels < shape.GroupCin ? (long)channelTiles * segmentPairs * TileSums * sizeof(TVector) : 0;
        Items = shape.Batch * shape.Groups * plan.RowBlocks;
    }

    public override int Items { get; }

    public override long ScratchBytes => copyBytes + sumBytes;

    public override void Run(int item, byte* scratch)
    {
        var image = item / plan.RowBlocks;                                       // n × groups + g
        var firstRow = item % plan.RowBlocks * plan.Rows;
        var group = image % shape.Groups;
        var rows = Math.Min(plan.Rows, plan.OutHeight - firstRow);
        var copy = (float*)scratch;
        var kept = (TVector*)(scratch + copyBytes);
        var sums = stackalloc TVector[TileSums];
        var inPlane = (long)shape.Height * shape.Width;
        var source = input + (image * (long)shape.GroupCin * inPlane);
        var target = (image * (long)shape.GroupCout * plan.PlanePixels) + (firstRow * (long)plan.OutWidth);
        var tileWeights = (float*)weights.Address + ((long)group * channelTiles * shape.GroupCin * shape.Taps * TileChannels);
        var segments = rows * plan.Segments;
        fixed (int* taps = plan.Taps)
            for (var from = 0; from < shape.GroupCin; from += plan.Channels)
            {
                var channels = Math.Min(plan.Channels, shape.GroupCin - from);
                for (var c = 0; c < channels; c++)
                    ConvInput.Copy(source + ((from + c) * inPlane), shape, plan, firstRow, copy + ((long)c * plan.Plane));
                var last = from + channels == shape.GroupCin;
                for (var tile = 0; tile < channelTiles; tile++)
                {
                    var w = tileWeights + ((((long)tile * shape.GroupCin) + from) * shape.Taps * TileChannels);
                    for (int segment = 0, pair = 0; segment < segments; segment += 2, pair++)
                    {
                        var second = Math.Min(segment + 1, segments - 1);
                        var held = sumBytes == 0 ? sums : kept + ((((long)tile * segmentPairs) + pair) * TileSums);
                        ConvTile<TLanes, TVector>.Run(copy + Place(segment), copy + Place(second), w, channels, plan.Plane, taps, shape.Taps, held, from == 0);
                        if (!last)
                            continue;
                        Write(held, group, tile, target, segment, firstRow);
                        if (second != segment)
                            Write(held + 1, group, tile, target, second, firstRow);
                    }
                }
            }
    }

    /// <summary>Where a segment's pixels lie in the copy.</summary>
    nint Place(int segment) => ((nint)(segment / plan.Segments) * shape.StrideY * plan.RowPitch) + (segment % plan.Segments * TLanes.Count);

    void Write(TVector* sums, int group, int tile, long target, int segment, int firstRow)
    {
        var (row, column) = (segment / plan.Segments, segment % plan.Segments * TLanes.Count);
        var offset = (row * plan.OutWidth) + column;
        var count = Math.Min(plan.OutWidth - column, plan.PlanePixels - (firstRow * plan.OutWidth) - offset);
        if (count <= 0)
            return;
        var first = tile * TileChannels;
        var channels = Math.Min(TileChannels, shape.GroupCout - first);
        for (var c = 0; c < channels; c++)
        {
            var at = target + ((first + c) * (long)plan.PlanePixels) + offset;
            var shift = TLanes.All(bias == null ? 0 : bias[(group * shape.GroupCout) + first + c]);
            Finish<TLanes, TVector>.Store(sums[2 * c], shift, addend == null ? null : addend + at, function, output + at, count);
        }
    }
}
