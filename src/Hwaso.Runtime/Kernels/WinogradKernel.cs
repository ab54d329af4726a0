using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>A 3×3 convolution with fewer multiplications: a quarter at stride 1, nine sixteenths at stride 2.</summary>
sealed unsafe class WinogradKernel<TLanes, TVector> : Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    const int Tile = WinogradPlan.Tile, TileChannels = ConvWeights.Tile;

    readonly ConvShape shape;
    readonly WinogradPlan plan;
    readonly WinogradInput<TLanes, TVector> windows;
    readonly WinogradOutput<TLanes, TVector> outputs;
    readonly Constant weights;
    readonly bool keeps;
    readonly float* bias, addend, output;
    readonly Unary function;
    readonly int groups;
    readonly long inputsBytes, weightsBytes, sumsBytes, outputsBytes;

    /// <summary>
    /// Like <see cref="ConvKernel{TLanes, TVector}"/>, with weights that <see cref="WinogradWeights"/> transformed if the plan keeps them.
    /// </summary>
    public WinogradKernel(in ConvShape shape, Constant weights, float* input, float* bias, float* addend, Unary function, float* output,
        int threads)
    {
        this.shape = shape;
        this.weights = weights;
        this.bias = bias;
        this.addend = addend;
        this.function = function;
        this.output = output;
        keeps = WinogradPlan.KeepsWeights(shape);
        plan = new WinogradPlan(shape, TLanes.Count, TLanes.Group, threads);
        windows = new WinogradInput<TLanes, TVector>(shape, plan, input, skipsEmpty: false);
        outputs = new WinogradOutput<TLanes, TVector>(shape, plan, function);
        groups = plan.Pairs * plan.GroupsInPair;
        inputsBytes = PinnedMemory.Whole(plan.Pairs * plan.PairNumbers * sizeof(float));
        weightsBytes = keeps
            ? 0
            : PinnedMemory.Whole((long)WinogradPlan.Weights * plan.Channels * TileChannels * sizeof(float)) + PinnedMemory.Alignment;
        var kept = plan.Channels < shape.GroupCin ? (long)plan.TilesInSplit * plan.Pairs : plan.TilesTogether;
        sumsBytes = PinnedMemory.Whole(kept * SumsNumbers * sizeof(float));
        outputsBytes = PinnedMemory.Whole(plan.Window * Tile * sizeof(TVector));
        Items = shape.Batch * shape.Groups * plan.Blocks * plan.Splits;
    }

    int SumsNumbers => plan.Products * TileChannels * 2 * TLanes.Count;

    public override int Items { get; }

    public override long ScratchBytes => inputsBytes + weightsBytes + sumsBytes + outputsBytes + windows.ScratchBytes;

    public override void Run(int item, byte* scratch)
    {
        var (split, block) = (item % plan.Splits, item / plan.Splits % plan.Blocks);
        var image = item / plan.Splits / plan.Blocks;                                   // n × groups + g
        var inputs = (float*)scratch;
        var made = (float*)((byte*)inputs + inputsBytes);
        var sums = (float*)((byte*)made + weightsBytes);
        var rows = (float*)((byte*)sums + sumsBytes);
        var first = block * groups;
        var end = Math.Min(first + groups, plan.Groups);
        var pairs = (end - first + plan.GroupsInPair - 1) / plan.GroupsInPair;
        var (firstTile, endTile) = (split * plan.TilesInSplit, Math.Min(plan.ChannelTiles, (split + 1) * plan.TilesInSplit));
        var tilesBefore = image % shape.Groups * plan.ChannelTiles;
        var places = stackalloc nint[Tile];
        var counts = stackalloc int[Tile * Tile];
        for (var from = 0; from < shape.GroupCin; from += plan.Channels)
        {
            var channels = Math.Min(plan.Channels, shape.GroupCin - from);
            windows.Transform(image, from, channels, first, end - first, pairs, (byte*)rows + outputsBytes, inputs);
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
                    for (var k = 0; k < 2 && from + channels == shape.GroupCin; k++)
                    {
                        var group = first + (((2 * pair) + k) * plan.GroupsInPair / 2);
                        var whole = group < end && outputs.Place(group, end, places, counts);
                        for (var t = 0; t < tiles && group < end; t++)
                            Write(own + (t * nextTile) + (k * TLanes.Count), rows, image, tile + t, places, counts, whole);
                    }
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

    /// <summary>Writes the outputs of a vector of tiles, where <see cref="WinogradOutput{TLanes, TVector}.Place"/> says.</summary>
    void Write(float* sums, float* rows, int image, int tile, nint* places, int* counts, bool whole)
    {
        nint step = TileChannels * 2 * TLanes.Count;
        var plane = (long)shape.OutHeight * shape.OutWidth;
        var channels = Math.Min(TileChannels, shape.GroupCout - (tile * TileChannels));
        var isPlain = outputs.IsPlain;
        var floor = function.Kind == UnaryKind.Relu ? 0 : float.NegativeInfinity;
        for (var c = 0; c < channels; c++, sums += 2 * TLanes.Count)
        {
            var channel = (tile * TileChannels) + c;
            var shift = bias == null ? 0 : bias[((image % shape.Groups) * shape.GroupCout) + channel];
            var start = ((image * (long)shape.GroupCout) + channel) * plane;
            nint pitch = shape.OutWidth * (nint)shape.DilationY;
            var added = addend == null ? null : addend + start;
            if (isPlain && whole)
                WinogradTile<TLanes, TVector>.Outputs(plan.Window, sums, step, rows, shift, floor, places, pitch, added, output + start);
            else if (isPlain)
                WinogradTile<TLanes, TVector>.OutputsInside(
                    plan.Window, sums, step, rows, shift, floor, places, counts, pitch, added, output + start);
            else
            {
                WinogradTile<TLanes, TVector>.Outputs(plan.Window, sums, step, rows);
                outputs.Write(rows, shift, places, counts, added, output + start);
            }
        }
    }
}
