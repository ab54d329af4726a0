using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>A convolution of any kernel, stride, dilation and grouping, by direct summation.</summary>
sealed unsafe class ConvKernel<TLanes, TVector> : Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    // Products of a panel, at least, for it to be multiplied by all tiles of channels in turn.
    const int LeastDepth = 96;

    const int TileChannels = ConvTile<TLanes, TVector>.Channels, TileSums = ConvTile<TLanes, TVector>.Sums;

    readonly ConvShape shape;
    readonly ConvPlan plan;
    readonly ConvCopy? copy;
    readonly ConvSampling? sampling;
    readonly Constant weights;
    readonly bool byTaps;
    readonly float* input, bias, addend, output;
    readonly Unary function;
    readonly int channelTiles;
    readonly long panelBytes, sumBytes;

    /// <param name="shape">The sizes of the convolution.</param>
    /// <param name="weights">The weights as <see cref="ConvWeights"/> packs them.</param>
    /// <param name="byTaps">Whether they are packed by taps.</param>
    /// <param name="input">The images, [N, Cin, H, W].</param>
    /// <param name="bias">[Cout], or null.</param>
    /// <param name="addend">A tensor of the output's shape to add, or null; may be the output.</param>
    /// <param name="function">The function applied last.</param>
    /// <param name="output">The result, [N, Cout, OH, OW].</param>
    /// <param name="threads">The number of threads that share the work.</param>
    /// <param name="sampling">Where a deformable convolution reads its input; null for the taps' own positions.</param>
    public ConvKernel(
        in ConvShape shape, Constant weights, bool byTaps, float* input, float* bias, float* addend, Unary function, float* output,
        int threads, ConvSampling? sampling)
    {
        this.shape = shape;
        this.weights = weights;
        this.byTaps = byTaps;
        this.input = input;
        this.bias = bias;
        this.addend = addend;
        this.function = function;
        this.output = output;
        this.sampling = sampling;
        plan = new ConvPlan(shape, byTaps, TLanes.Count, threads);
        copy = shape.IsPointwise || sampling is not null ? null : new ConvCopy(shape, TLanes.Count, plan.Rows, plan.Segments);
        channelTiles = (shape.GroupCout + TileChannels - 1) / TileChannels;
        panelBytes = PinnedMemory.Whole((long)plan.Pairs * plan.PanelNumbers * sizeof(float));
        sumBytes = plan.Channels < shape.GroupCin
            ? (long)channelTiles * plan.Pairs * TileSums * sizeof(TVector)
            : TileSums * sizeof(TVector);
        Items = shape.Batch * shape.Groups * plan.Blocks;
    }

    public override int Items { get; }

    public override long ScratchBytes => panelBytes + PinnedMemory.Whole(sumBytes)
        + (sampling is null
            ? CopyBytes + (copy is null ? 0 : 2L * shape.Taps * sizeof(int))
            : ConvSampling.Bytes(shape, (long)plan.Rows * plan.Segments * TLanes.Count));

    long CopyBytes => PinnedMemory.Whole((copy?.Numbers ?? 0) * (long)sizeof(float));

    public override void Run(int item, byte* scratch)
    {
        var (image, block) = (item / plan.Blocks, item % plan.Blocks);                  // n × groups + g
        var (firstRow, firstColumn) = (block % plan.RowBlocks * plan.Rows, block / plan.RowBlocks * plan.Segments * TLanes.Count);
        var segments = Math.Min(plan.Segments, (plan.Width - firstColumn + TLanes.Count - 1) / TLanes.Count);
        var vectors = Math.Min(plan.Rows, plan.Height - firstRow) * segments;
        var panels = (float*)scratch;
        var kept = (TVector*)(scratch + panelBytes);
        var group = image % shape.Groups;
        var taps = (int*)(scratch + panelBytes + PinnedMemory.Whole(sumBytes) + CopyBytes);
        var needed = copy is null
            ? new ConvTaps(0, shape.KernelHeight, 0, shape.KernelWidth)
            : ConvTaps.Of(shape, firstRow, firstColumn, vectors / segments, segments * TLanes.Count);
        var tapCount = needed.Count;
        if (copy is not null)
            Number(needed, taps);
        var plane = (nint)plan.Height * plan.Width;
        var target = (image * shape.GroupCout * plane) + ((nint)firstRow * plan.Width) + firstColumn;
        var tileWeights = (float*)weights.Address
            + ((((long)group * channelTiles * shape.WeightChannels) + shape.FirstChannel) * shape.Taps * TileChannels);
        var tileNumbers = (long)shape.WeightChannels * shape.Taps * TileChannels;
        for (var from = 0; from < shape.GroupCin; from += plan.Channels)
        {
            var channels = Math.Min(plan.Channels, shape.GroupCin - from);
            var source = input + (((image * (long)shape.GroupCin) + from) * shape.Height * shape.Width);
            var copied = (float*)(scratch + panelBytes + PinnedMemory.Whole(sumBytes));
            if (sampling is null)
                Lay(source, channels, firstRow, firstColumn, segments, vectors, panels, copied, taps + shape.Taps, needed);
            else
                Sample(source, image, from, channels, firstRow, firstColumn, segments, vectors, panels, copied);
            var last = from + channels == shape.GroupCin;
            var w = tileWeights + ((long)from * (byTaps ? 1 : shape.Taps) * TileChannels);
            var pairs = (vectors + 1) / 2;
            // A panel of many products stays in the first-level cache for all tiles of channels. Of few products, writing is what takes
            // time: a tile's channels are written for all pairs, so that their rows are written in order.
            var panelFirst = channels * tapCount >= LeastDepth;
            for (int pair = 0, tile = 0; pair < pairs && tile < channelTiles;)
            {
                var sums = plan.Channels == shape.GroupCin ? kept : kept + ((((long)pair * channelTiles) + tile) * TileSums);
                var panel = panels + ((long)pair * plan.PanelNumbers);
                var own = w + (tile * tileNumbers);
                var next = w + ((tile + 1 < channelTiles ? tile + 1 : 0) * tileNumbers);
                if (byTaps)
                    AddByTaps(own, next, taps, tapCount, panel, channels, sums, from == 0);
                else if (tapCount == shape.Taps)
                    ConvTile<TLanes, TVector>.Add(own, panel, channels * shape.Taps, sums, from == 0, panelFirst ? next : own);
                else
                    ConvTile<TLanes, TVector>.AddTaps(own, taps, tapCount, shape.Taps, panel, channels, sums, from == 0);
                if (last)
                    Write(sums, group, tile, target, plane, 2 * pair, vectors, segments, plan.Width - firstColumn);
                if (panelFirst && ++tile == channelTiles)
                    (tile, pair) = (0, pair + 1);
                else if (!panelFirst && ++pair == pairs)
                    (pair, tile) = (0, tile + 1);
            }
        }
    }

    /// <summary>Adds the products of each tap in turn; its weights lie together.</summary>
    void AddByTaps(float* own, float* next, int* taps, int tapCount, float* panel, int channels, TVector* sums, bool first)
    {
        long each = shape.WeightChannels * TileChannels;
        if (tapCount == 0)
            ConvTile<TLanes, TVector>.Add(own, panel, 0, sums, first, own);
        for (var t = 0; t < tapCount; t++, panel += (nint)channels * 2 * TLanes.Count)
            ConvTile<TLanes, TVector>.Add(own + (taps[t] * each), panel, channels, sums, first && t == 0,
                t + 1 < tapCount ? own + (taps[t + 1] * each) : next + (taps[0] * each));
    }

    /// <summary>Writes the numbers of some taps, and, from number shape.Taps on, their places in the copy.</summary>
    void Number(in ConvTaps needed, int* taps)
    {
        var count = 0;
        for (var ky = needed.FirstRow; ky < needed.EndRow; ky++)
            for (var kx = needed.FirstColumn; kx < needed.EndColumn; kx++, count++)
            {
                taps[count] = (ky * shape.KernelWidth) + kx;
                taps[shape.Taps + count] = copy!.Taps[taps[count]];
            }
    }

    /// <summary>Lays out the pixels of a block for the taps that it needs.</summary>
    void Lay(float* source, int channels, int firstRow, int firstColumn, int segments, int vectors, float* panels, float* copied,
        int* places, in ConvTaps needed)
    {
        nint pitch = plan.PanelNumbers;
        // The products of a channel lie together, or, by taps, those of a tap.
        nint nextChannel = (byTaps ? 1 : needed.Count) * 2 * TLanes.Count, nextTap = (byTaps ? channels : 1) * 2 * TLanes.Count;
        for (var c = 0; c < channels; c++, source += (nint)shape.Height * shape.Width, panels += nextChannel)
            if (copy is null)
            {
                Prefetch.Row(source + firstColumn + ((nint)shape.Height * shape.Width), vectors * TLanes.Count);
                ConvPanel<TLanes, TVector>.Lay(source + firstColumn, vectors, panels, pitch);
            }
            else
            {
                copy.Run<TLanes, TVector>(source, firstRow, firstColumn, copied, needed);
                for (var first = 0; first < vectors; first += segments)
                    ConvPanel<TLanes, TVector>.Lay(copied + ((nint)(first / segments) * shape.StrideY * copy.RowPitch), places,
                        needed.Count, first, segments, panels, pitch, nextTap);
            }
    }

    /// <summary>Like <see cref="Lay"/>, with the input read at the sampled positions.</summary>
    void Sample(float* source, int image, int from, int channels, int firstRow, int firstColumn, int segments, int vectors, float* panels,
        float* located)
    {
        var (row, pixels) = (segments * TLanes.Count, vectors * TLanes.Count);
        var corners = (int*)(located + ((nint)plan.Rows * plan.Segments * TLanes.Count * shape.Taps * 4));
        var known = -1;
        for (var c = 0; c < channels; c++, source += (nint)shape.Height * shape.Width, panels += shape.Taps * 2 * TLanes.Count)
        {
            var group = sampling!.GroupOf(shape, (image % shape.Groups * shape.GroupCin) + from + c);
            if (group != known)
                sampling.Locate(shape, image / shape.Groups, known = group, firstRow, firstColumn, plan.Width, row, pixels, corners,
                    located);
            ConvSampling.Lay(source, shape.Taps, TLanes.Count, vectors, corners, located, panels, plan.PanelNumbers);
        }
    }

    void Write(TVector* sums, int group, int tile, nint target, nint plane, int vector, int vectors, int segments, int columns)
    {
        var first = tile * TileChannels;
        var channels = Math.Min(TileChannels, shape.GroupCout - first);
        var shift = bias == null ? null : bias + (group * shape.GroupCout) + first;
        target += first * plane;
        var (row, column) = (vector / segments, vector % segments * TLanes.Count);
        var (nextRow, nextColumn) = ((vector + 1) / segments, (vector + 1) % segments * TLanes.Count);
        var at = target + ((nint)row * plan.Width) + column;
        var next = target + ((nint)nextRow * plan.Width) + nextColumn;
        var isWhole = vector + 1 < vectors && columns - column >= TLanes.Count && columns - nextColumn >= TLanes.Count;
        if (isWhole && addend == null && function.Kind is not (UnaryKind.Identity or UnaryKind.Relu))
        {
            if (shift != null)
                for (var c = 0; c < channels; c++)
                {
                    var one = TLanes.All(shift[c]);
                    (sums[2 * c], sums[(2 * c) + 1]) = (TLanes.Add(sums[2 * c], one), TLanes.Add(sums[(2 * c) + 1], one));
                }
            UnaryRow<TLanes, TVector>.Apply(function, (float*)sums, (float*)sums, 2 * channels * TLanes.Count);
            ConvTile<TLanes, TVector>.Write(sums, channels, null, float.NegativeInfinity, null, output + at, next - at, plane);
            return;
        }
        if (isWhole && function.Kind is UnaryKind.Identity or UnaryKind.Relu)
        {
            var floor = function.Kind == UnaryKind.Relu ? 0 : float.NegativeInfinity;
            ConvTile<TLanes, TVector>.Write(sums, channels, shift, floor, addend == null ? null : addend + at, output + at, next - at,
                plane);
            return;
        }
        Part(sums, channels, shift, at, plane, columns - column);
        if (vector + 1 < vectors)
            Part(sums + 1, channels, shift, next, plane, columns - nextColumn);
    }

    void Part(TVector* sums, int channels, float* shift, nint at, nint plane, int count)
    {
        for (var c = 0; c < channels; c++, at += plane)
            Finish<TLanes, TVector>.Store(sums[2 * c], TLanes.All(shift == null ? 0 : shift[c]), addend == null ? null : addend + at,
                function, output + at, count);
    }
}
