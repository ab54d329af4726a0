using Hwaso.Runtime.Planning;

namespace Hwaso.Runtime.Kernels;

/// <summary>A 3×3 convolution of stride 1 with a quarter of the multiplications.</summary>
sealed unsafe class WinogradKernel<TLanes, TVector> : Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    const int Tile = WinogradPlan.Tile, Window = WinogradPlan.Window, Products = WinogradPlan.Products, TileChannels = ConvWeights.Tile;

    readonly ConvShape shape;
    readonly WinogradPlan plan;
    readonly Constant weights;
    readonly float* input, bias, addend, output;
    readonly Unary function;
    readonly int groups;
    readonly long rowsBytes, inputsBytes, sumsBytes, zerosBytes;

    /// <summary>As <see cref="ConvKernel{TLanes, TVector}"/>, with weights packed by <see cref="WinogradWeights"/>.</summary>
    public WinogradKernel(in ConvShape shape, Constant weights, float* input, float* bias, float* addend, Unary function, float* output, int threads)
    {
        this.shape = shape;
        this.weights = weights;
        this.input = input;
        this.bias = bias;
        this.addend = addend;
        this.function = function;
        this.output = output;
        plan = new WinogradPlan(shape, TLanes.Count, TLanes.Group, threads);
        groups = plan.Pairs * plan.GroupsInPair;
        rowsBytes = PinnedMemory.Whole(Window * (long)plan.WindowPitch * sizeof(float));
        inputsBytes = PinnedMemory.Whole(plan.Pairs * plan.PairNumbers * sizeof(float));
        sumsBytes = PinnedMemory.Whole((Products * TileChannels * 2L * sizeof(TVector)) + (Window * Tile * sizeof(TVector)));
        zerosBytes = PinnedMemory.Whole(((plan.GroupsInRow + 1L) * plan.GroupColumns + TLanes.Count) * sizeof(float));
        Items = shape.Batch * shape.Groups * plan.Blocks * plan.Splits;
    }

    public override int Items { get; }

    public override long ScratchBytes => rowsBytes + inputsBytes + sumsBytes + zerosBytes + PinnedMemory.Whole((groups + plan.GroupsInPair) * (long)sizeof(int));

    public override void Run(int item, byte* scratch)
    {
        var (split, block) = (item % plan.Splits, item / plan.Splits % plan.Blocks);
        var image = item / plan.Splits / plan.Blocks;                                   // n × groups + g
        var rows = (float*)scratch;
        var inputs = (float*)(scratch + rowsBytes);
        var sums = (float*)(scratch + rowsBytes + inputsBytes);
        var first = block * groups;
        var end = Math.Min(first + groups, plan.Groups);
        var pairs = (end - first + plan.GroupsInPair - 1) / plan.GroupsInPair;
        Transform(image, first, end - first, pairs, scratch);

        var group = image % shape.Groups;
        var tileNumbers = (long)Products * shape.GroupCin * TileChannels;
        for (var tile = split * plan.TilesInSplit; tile < Math.Min(plan.ChannelTiles, (split + 1) * plan.TilesInSplit); tile++)
        {
            var w = (float*)weights.Address + (((group * plan.ChannelTiles) + tile) * tileNumbers);
            for (var pair = 0; pair < pairs; pair++)
            {
                WinogradTile<TLanes, TVector>.Multiply(w, inputs + (pair * plan.PairNumbers), plan.ProductGap, shape.GroupCin, sums);
                for (var half = 0; half < 2; half++)
                    Write(sums + (half * TLanes.Count), sums + (Products * TileChannels * 2 * TLanes.Count), image, tile, first + (((2 * pair) + half) * plan.GroupsInPair / 2), end);
            }
        }
    }

    /// <summary>The inputs of a block's tiles, all channels.</summary>
    void Transform(int image, int first, int count, int pairs, byte* scratch)
    {
        var rows = (float*)scratch;
        var inputs = (float*)(scratch + rowsBytes);
        var zeros = (float*)(scratch + rowsBytes + inputsBytes + sumsBytes);
        var places = (int*)((byte*)zeros + zerosBytes);
        new Span<byte>(zeros, (int)zerosBytes).Clear();
        // Padding is zero and stays so through the transform.
        new Span<byte>(rows, (int)rowsBytes).Clear();
        var pointers = stackalloc float*[Window];
        var channels = shape.GroupCin;
        var plane = (long)shape.Height * shape.Width;
        var source = input + (image * channels * plane);
        var step = plan.ProductNumbers;
        Place(first, count, places);
        for (var c = 0; c < channels; c++, source += plane)
        {
            for (int k = 0; k < count;)
            {
                var (row, column) = ((first + k) / plan.GroupsInRow, (first + k) % plan.GroupsInRow);
                var length = Math.Min(count - k, plan.GroupsInRow - column);
                var left = (column * plan.GroupColumns) - shape.Left;
                var (begin, end) = (Math.Max(left, 0), Math.Min(left + (length * plan.GroupColumns) + 2, shape.Width));
                for (var y = 0; y < Window; y++)
                {
                    var from = (row * Tile) - shape.Top + y;
                    pointers[y] = from >= 0 && from < shape.Height ? source + ((long)from * shape.Width) + begin : zeros;
                }
                if (end > begin)
                    WinogradTile<TLanes, TVector>.Down(pointers, rows + places[k] + begin - left, plan.WindowPitch, end - begin);
                if (end - begin < TLanes.Count)
                    ClearBeyond(rows + places[k] + Math.Max(end, begin) - left);
                k += length;
            }
            for (var pair = 0; pair < pairs; pair++)
                WinogradTile<TLanes, TVector>.Across(rows, plan.WindowPitch, places + (pair * plan.GroupsInPair), inputs + (pair * plan.PairNumbers) + (c * 2 * TLanes.Count), step);
        }
    }

    // What was read beyond the image's end, where a vector is longer than its rows.
    void ClearBeyond(float* from)
    {
        for (var y = 0; y < Window; y++)
            new Span<float>(from + ((long)y * plan.WindowPitch), TLanes.Count).Clear();
    }

    /// <summary>Where each group's columns begin in the transformed rows; groups that are not there read those of the last one.</summary>
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
            // A row of tiles begins behind the room of the one before it.
            if (k > 0 && (first + k) % plan.GroupsInRow == 0)
                at += WinogradPlan.Rim;
            // Columns of the image, not of its padding, are stored where a vector is aligned.
            places[k] = at - ((first + k - Math.Min(k, (first + k) % plan.GroupsInRow)) % plan.GroupsInRow == 0 ? shape.Left : 0);
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
        var whole = function.Kind is UnaryKind.Identity or UnaryKind.Relu;
        for (var k = 0; k < Tile; k++)
        {
            var group = firstGroup + (k / inGroup);
            var (row, column) = (group / plan.GroupsInRow * Tile, (group % plan.GroupsInRow * plan.GroupColumns) + (k % inGroup * TLanes.Count));
            places[k] = ((nint)row * shape.OutWidth) + column;
            whole &= group < endGroup && row + Tile <= shape.OutHeight && column + TLanes.Count <= shape.OutWidth;
        }
        for (var c = 0; c < channels; c++, sums += 2 * TLanes.Count)
        {
            var channel = (tile * TileChannels) + c;
            var shift = bias == null ? 0 : bias[((image % shape.Groups) * shape.GroupCout) + channel];
            var start = ((image * (long)shape.GroupCout) + channel) * plane;
            if (whole)
                WinogradTile<TLanes, TVector>.Outputs(sums, step, rows, shift, function.Kind == UnaryKind.Relu ? 0 : float.NegativeInfinity, places, shape.OutWidth, addend == null ? null : addend + start, output + start);
            else
                WritePart(sums, step, rows, shift, start, firstGroup, endGroup);
        }
    }

    void WritePart(float* sums, nint step, float* rows, float shift, long start, int firstGroup, int endGroup)
    {
        WinogradTile<TLanes, TVector>.Outputs(sums, step, rows);
        var inGroup = plan.GroupColumns / TLanes.Count;
        for (var k = 0; k < Tile; k++)
        {
            var group = firstGroup + (k / inGroup);
            var (row, column) = (group / plan.GroupsInRow * Tile, (group % plan.GroupsInRow * plan.GroupColumns) + (k % inGroup * TLanes.Count));
            var count = shape.OutWidth - column;
            if (group >= endGroup || count <= 0)
                continue;
            for (var y = 0; y < Tile && row + y < shape.OutHeight; y++)
            {
                var at = start + ((long)(row + y) * shape.OutWidth) + column;
                Finish<TLanes, TVector>.Store(TLanes.Load(rows + (((y * Tile) + k) * TLanes.Count)), TLanes.All(shift), addend == null ? null : addend + at, function, output + at, count);
            }
        }
    }
}
