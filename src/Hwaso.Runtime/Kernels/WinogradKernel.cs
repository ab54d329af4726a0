using System.Runtime.CompilerServices;
using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>A 3×3 convolution with fewer multiplications: a quarter at stride 1, nine sixteenths at stride 2.</summary>
sealed unsafe class WinogradKernel<TLanes, TVector> : Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    const int Tile = WinogradPlan.Tile, TileChannels = ConvWeights.Tile, MostShift = 8;

    readonly ConvShape shape;
    readonly WinogradPlan plan;
    readonly Constant weights;
    readonly bool keeps;
    readonly float* input, bias, addend, output;
    readonly Unary function;
    readonly int groups, columnStep;
    readonly long rowsBytes, inputsBytes, weightsBytes, sumsBytes, outputsBytes, zerosBytes, lineBytes;

    /// <summary>
    /// Like <see cref="ConvKernel{TLanes, TVector}"/>, with weights that <see cref="WinogradWeights"/> transformed if the plan keeps them.
    /// </summary>
    public WinogradKernel(in ConvShape shape, Constant weights, float* input, float* bias, float* addend, Unary function, float* output,
        int threads)
    {
        this.shape = shape;
        this.weights = weights;
        this.input = input;
        this.bias = bias;
        this.addend = addend;
        this.function = function;
        this.output = output;
        keeps = WinogradPlan.KeepsWeights(shape);
        columnStep = shape.DilationX * shape.StrideX;
        plan = new WinogradPlan(shape, TLanes.Count, TLanes.Group, threads);
        groups = plan.Pairs * plan.GroupsInPair;
        rowsBytes = PinnedMemory.Whole(plan.Stride * plan.Window * (long)plan.WindowPitch * sizeof(float));
        inputsBytes = PinnedMemory.Whole(plan.Pairs * plan.PairNumbers * sizeof(float));
        weightsBytes = keeps
            ? 0
            : PinnedMemory.Whole((long)WinogradPlan.Weights * plan.Channels * TileChannels * sizeof(float)) + PinnedMemory.Alignment;
        var kept = plan.Channels < shape.GroupCin ? (long)plan.TilesInSplit * plan.Pairs : plan.TilesTogether;
        sumsBytes = PinnedMemory.Whole(kept * SumsNumbers * sizeof(float));
        outputsBytes = PinnedMemory.Whole(plan.Window * Tile * sizeof(TVector));
        zerosBytes = PinnedMemory.Whole((((plan.GroupsInRow + 1L) * plan.GroupColumns) + TLanes.Count) * sizeof(float));
        lineBytes = columnStep > 1 ? plan.Stride * plan.Window * zerosBytes : 0;
        Items = shape.Batch * shape.Groups * plan.Blocks * plan.Splits;
    }

    int SumsNumbers => plan.Products * TileChannels * 2 * TLanes.Count;

    public override int Items { get; }

    public override long ScratchBytes =>
        rowsBytes + inputsBytes + weightsBytes + sumsBytes + outputsBytes + zerosBytes + lineBytes
        + PinnedMemory.Whole((groups + plan.GroupsInPair) * (long)sizeof(int));

    public override void Run(int item, byte* scratch)
    {
        var (split, block) = (item % plan.Splits, item / plan.Splits % plan.Blocks);
        var image = item / plan.Splits / plan.Blocks;                                   // n × groups + g
        var inputs = (float*)(scratch + rowsBytes);
        var made = (float*)((byte*)inputs + inputsBytes);
        var sums = (float*)((byte*)made + weightsBytes);
        var rows = (float*)((byte*)sums + sumsBytes);
        var first = block * groups;
        var end = Math.Min(first + groups, plan.Groups);
        var pairs = (end - first + plan.GroupsInPair - 1) / plan.GroupsInPair;
        var (firstTile, endTile) = (split * plan.TilesInSplit, Math.Min(plan.ChannelTiles, (split + 1) * plan.TilesInSplit));
        var tilesBefore = image % shape.Groups * plan.ChannelTiles;
        for (var from = 0; from < shape.GroupCin; from += plan.Channels)
        {
            var channels = Math.Min(plan.Channels, shape.GroupCin - from);
            Transform(image, from, channels, first, end - first, pairs, scratch);
            for (var tile = firstTile; tile < endTile; tile += plan.TilesTogether)
            {
                var tiles = Math.Min(plan.TilesTogether, endTile - tile);
                var w = (float*)weights.Address
                    + ((tilesBefore + tile) * (long)shape.GroupCin * (keeps ? WinogradPlan.Weights : shape.Taps) * TileChannels);
                if (keeps)
                    w += from * TileChannels;
                else
                {
                    WinogradWeights.Transform(w + ((long)from * shape.Taps * TileChannels), channels, plan.Stride, made);
                    w = made;
                }
                for (var pair = 0; pair < pairs; pair++)
                {
                    var own = plan.Channels == shape.GroupCin
                        ? sums
                        : sums + ((((tile - firstTile) * (long)plan.Pairs) + pair) * SumsNumbers);
                    nint nextTile = plan.Channels == shape.GroupCin ? SumsNumbers : plan.Pairs * SumsNumbers;
                    Multiply(w, inputs + (pair * plan.PairNumbers), channels, own, nextTile, tiles, from == 0);
                    if (from + channels == shape.GroupCin)
                        for (var k = 0; k < 2 * tiles; k++)
                            Write(own + (k / 2 * nextTile) + (k % 2 * TLanes.Count), rows, image, tile + (k / 2),
                                first + (((2 * pair) + (k % 2)) * plan.GroupsInPair / 2), end);
                }
            }
        }
    }

    /// <summary>Multiplies a pair of vectors by some tiles of weights: a few products of all tiles, then the next ones.</summary>
    void Multiply(float* w, float* inputs, int channels, float* sums, nint nextTile, int tiles, bool first)
    {
        var weightStep = (keeps ? shape.GroupCin : channels) * TileChannels;
        nint tileNumbers = (nint)WinogradPlan.Weights * weightStep;
        var gap = plan.ProductNumbers - (channels * 2 * TLanes.Count);
        for (var f = 0; f < plan.Products; f += plan.ProductsTogether)
            for (var tile = 0; tile < tiles; tile++)
                WinogradTile<TLanes, TVector>.Multiply(plan.Window, f, Math.Min(f + plan.ProductsTogether, plan.Products),
                    w + (tile * tileNumbers), weightStep, inputs, gap, channels, sums + (tile * nextTile), first);
    }

    /// <summary>Transforms the inputs of a block's tiles, for some channels.</summary>
    void Transform(int image, int firstChannel, int channels, int first, int count, int pairs, byte* scratch)
    {
        var rows = (float*)scratch;
        var inputs = (float*)(scratch + rowsBytes);
        var zeros = (float*)(scratch + rowsBytes + inputsBytes + weightsBytes + sumsBytes + outputsBytes);
        var lines = (float*)((byte*)zeros + zerosBytes);
        var places = (int*)((byte*)lines + lineBytes);
        new Span<byte>(zeros, (int)zerosBytes).Clear();
        // Padding is zero before and after the transform.
        new Span<byte>(rows, (int)rowsBytes).Clear();
        var pointers = stackalloc float*[plan.Window];
        var plane = (long)shape.Height * shape.Width;
        var source = input + (((image * (long)shape.GroupCin) + firstChannel) * plane);
        Place(first, count, places);
        for (var c = 0; c < channels; c++, source += plane)
        {
            for (int k = 0; k < count;)
            {
                var (row, column) = ((first + k) / plan.GroupsInRow, (first + k) % plan.GroupsInRow);
                var (phase, tileRow) = (row / plan.RowsInPhase, row % plan.RowsInPhase);
                var (phaseY, phaseX) = (phase / shape.DilationX, phase % shape.DilationX);
                var length = Math.Min(count - k, plan.GroupsInRow - column);
                var (top, left) = ((tileRow * Tile * shape.StrideY * shape.DilationY) + phaseY - shape.Top, column * plan.GroupColumns);
                var splitFrom = plan.Stride == 1 ? 0 : Split(source, top, left, length, lines);
                for (var parity = 0; parity < plan.Stride; parity++)
                    Window(source, top, phaseX + parity - shape.Left, left, length, splitFrom, pointers, zeros, lines,
                        rows + (parity * (long)plan.Window * plan.WindowPitch) + places[k]);
                k += length;
            }
            for (var pair = 0; pair < pairs; pair++)
            {
                var to = inputs + (pair * plan.PairNumbers) + (c * 2 * TLanes.Count);
                if (plan.Stride == 1)
                    WinogradTile<TLanes, TVector>.Across(rows, plan.WindowPitch, places + (pair * plan.GroupsInPair), to,
                        plan.ProductNumbers);
                else
                    WinogradTile<TLanes, TVector>.AcrossOfStride(rows, plan.Window * plan.WindowPitch, plan.WindowPitch,
                        places + (pair * plan.GroupsInPair), to, plan.ProductNumbers);
            }
        }
    }

    /// <summary>Transforms the rows of some adjacent tiles along columns. Their column x is column x × step + shift of the image.</summary>
    void Window(float* source, int top, int shift, int left, int length, int splitFrom, float** pointers, float* zeros, float* lines,
        float* to)
    {
        var begin = Math.Max(left, shift < 0 ? (-shift + columnStep - 1) / columnStep : 0);
        var end = Math.Min(left + (length * plan.GroupColumns) + 2,
            shape.Width <= shift ? begin : (shape.Width - shift + columnStep - 1) / columnStep);
        for (var y = 0; y < plan.Window; y++)
        {
            var from = (y * shape.DilationY) + top;
            if (from < 0 || from >= shape.Height || end <= begin)
            {
                pointers[y] = zeros;
                continue;
            }
            var row = source + ((long)from * shape.Width) + (begin * columnStep) + shift;
            pointers[y] = columnStep == 1 ? row
                : plan.Stride == 2 ? LineOf(lines, y, (begin * 2) + shift, splitFrom)
                : Gather(row, end - begin, lines + (y * (zerosBytes / sizeof(float))));
            // Prefetches the same rows of the next channel; the first of the columns' phases does so for all.
            if (shift == -shape.Left)
                Prefetch.Row(row + ((nint)shape.Height * shape.Width), (end - begin) * columnStep);
        }
        if (end > begin && plan.Stride == 1)
            WinogradTile<TLanes, TVector>.Down(pointers, to + begin - left, plan.WindowPitch, end - begin);
        else if (end > begin)
            WinogradTile<TLanes, TVector>.DownOfStride(pointers, to + begin - left, plan.WindowPitch, end - begin);
        if (end - begin < TLanes.Count)
            ClearBeyond(to + Math.Max(end, begin) - left);
    }

    /// <summary>
    /// Splits the rows of some adjacent tiles into their even and their odd columns, from an even column of the image on, which it returns.
    /// </summary>
    int Split(float* source, int top, int left, int length, float* lines)
    {
        var first = Math.Max(0, (2 * left) - shape.Left) & ~1;
        var count = Math.Min(shape.Width, (2 * (left + (length * plan.GroupColumns) + 2)) - shape.Left) - first;
        for (var y = Math.Max(0, -top); y < plan.Window && top + y < shape.Height && count > 0; y++)
            Halve(source + ((long)(top + y) * shape.Width) + first, count, LineOf(lines, y, 0, 0), LineOf(lines, y, 1, 0));
        return first;
    }

    /// <summary>Where a column of a row lies among the split ones.</summary>
    float* LineOf(float* lines, int y, int column, int splitFrom) =>
        lines + (((2 * y) + (column & 1)) * (zerosBytes / sizeof(float))) + ((column - splitFrom) / 2);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Halve(float* from, int count, float* even, float* odd)
    {
        nint x = 0, pairs = count / 2, last = pairs - TLanes.Count;
        for (; last >= 0 && x < pairs; x += TLanes.Count)
        {
            // The last vector overlaps the one before it.
            var at = Math.Min(x, last);
            var (a, b) = (TLanes.Load(from + (2 * at)), TLanes.Load(from + (2 * at) + TLanes.Count));
            TLanes.Store(TLanes.Even(a, b), even + at);
            TLanes.Store(TLanes.Odd(a, b), odd + at);
        }
        for (; x < pairs; x++)
            (even[x], odd[x]) = (from[2 * x], from[(2 * x) + 1]);
        if (count % 2 != 0)
            even[pairs] = from[2 * pairs];
    }

    float* Gather(float* from, int count, float* to)
    {
        nint x = 0;
        if (columnStep == 2)
            for (; x + TLanes.Count <= count; x += TLanes.Count)
                TLanes.Store(TLanes.Even(TLanes.Load(from + (2 * x)), TLanes.Load(from + (2 * x) + TLanes.Count)), to + x);
        for (; x < count; x++)
            to[x] = from[x * columnStep];
        return to;
    }

    // Clears what a vector longer than its row read beyond the image.
    void ClearBeyond(float* from)
    {
        for (var y = 0; y < plan.Window; y++)
            new Span<float>(from + ((long)y * plan.WindowPitch), TLanes.Count).Clear();
    }

    /// <summary>Where each group's columns begin in the transformed rows; missing groups repeat the last one.</summary>
    void Place(int first, int count, int* places)
    {
        var at = WinogradPlan.Rim;
        for (var k = 0; k < groups + plan.GroupsInPair; k++)
        {
            if (k >= count)
            {
                places[k] = places[count - 1];
                continue;
            }
            // A row of tiles begins after the rim of the one before it.
            if (k > 0 && (first + k) % plan.GroupsInRow == 0)
                at += WinogradPlan.Rim;
            // Columns of the image, not of its padding, are stored where a vector is aligned.
            var startsRow = (first + k - Math.Min(k, (first + k) % plan.GroupsInRow)) % plan.GroupsInRow == 0;
            places[k] = at - (startsRow ? Math.Min(shape.Left, MostShift) : 0);
            at += plan.GroupColumns;
        }
    }

    void Write(float* sums, float* rows, int image, int tile, int firstGroup, int endGroup)
    {
        if (firstGroup >= endGroup)
            return;
        var places = stackalloc nint[Tile];
        nint step = TileChannels * 2 * TLanes.Count;
        var plane = (long)shape.OutHeight * shape.OutWidth;
        var channels = Math.Min(TileChannels, shape.GroupCout - (tile * TileChannels));
        var inGroup = plan.GroupColumns / TLanes.Count;                                 // vectors of a group's row
        var whole = function.Kind is UnaryKind.Identity or UnaryKind.Relu && shape.DilationX == 1;
        for (var k = 0; k < Tile; k++)
        {
            var group = firstGroup + (k / inGroup);
            var (row, column) = Corner(group, k % inGroup);
            places[k] = ((nint)row * shape.OutWidth) + column;
            whole &= group < endGroup && row + ((Tile - 1) * shape.DilationY) < shape.OutHeight && column + TLanes.Count <= shape.OutWidth;
        }
        for (var c = 0; c < channels; c++, sums += 2 * TLanes.Count)
        {
            var channel = (tile * TileChannels) + c;
            var shift = bias == null ? 0 : bias[((image % shape.Groups) * shape.GroupCout) + channel];
            var start = ((image * (long)shape.GroupCout) + channel) * plane;
            if (whole)
                WinogradTile<TLanes, TVector>.Outputs(
                    plan.Window, sums, step, rows, shift, function.Kind == UnaryKind.Relu ? 0 : float.NegativeInfinity,
                    places, shape.OutWidth * shape.DilationY, addend == null ? null : addend + start, output + start);
            else
                WritePart(sums, step, rows, shift, start, firstGroup, endGroup);
        }
    }

    /// <summary>The output row and column where a vector of a group begins.</summary>
    (int Row, int Column) Corner(int group, int vector)
    {
        var (row, column) = (group / plan.GroupsInRow, group % plan.GroupsInRow);
        var (phase, tileRow) = (row / plan.RowsInPhase, row % plan.RowsInPhase);
        return ((tileRow * Tile * shape.DilationY) + (phase / shape.DilationX),
            (((column * plan.GroupColumns) + (vector * TLanes.Count)) * shape.DilationX) + (phase % shape.DilationX));
    }

    void WritePart(float* sums, nint step, float* rows, float shift, long start, int firstGroup, int endGroup)
    {
        WinogradTile<TLanes, TVector>.Outputs(plan.Window, sums, step, rows);
        var inGroup = plan.GroupColumns / TLanes.Count;
        for (var k = 0; k < Tile; k++)
        {
            var group = firstGroup + (k / inGroup);
            var (row, column) = Corner(group, k % inGroup);
            var count = (shape.OutWidth - column + shape.DilationX - 1) / shape.DilationX;
            if (group >= endGroup || count <= 0)
                continue;
            for (var y = 0; y < Tile && row + (y * shape.DilationY) < shape.OutHeight; y++)
            {
                var at = start + ((long)(row + (y * shape.DilationY)) * shape.OutWidth) + column;
                var from = rows + (((y * Tile) + k) * TLanes.Count);
                if (shape.DilationX == 1)
                    Finish<TLanes, TVector>.Store(TLanes.Load(from), TLanes.All(shift), addend == null ? null : addend + at, function,
                        output + at, count);
                else
                    for (var x = 0; x < Math.Min(count, TLanes.Count); x++, at += shape.DilationX)
                        Finish<Lanes1, float>.Store(from[x], shift, addend == null ? null : addend + at, function, output + at, 1);
            }
        }
    }
}
