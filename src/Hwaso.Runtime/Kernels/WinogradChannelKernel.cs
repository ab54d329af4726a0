using System.Runtime.CompilerServices;
using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>
/// Like <see cref="WinogradKernel{TLanes, TVector}"/>, for images of few tiles: vectors hold output channels, and each tile's input is one
/// factor for all of them.
/// </summary>
sealed unsafe class WinogradChannelKernel<TLanes, TVector> : Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    const int Tile = WinogradPlan.Tile, Together = WinogradPlan.FewTilesTogether, MostVectors = WinogradPlan.VectorsTogether;

    readonly ConvShape shape;
    readonly WinogradPlan plan;
    readonly WinogradInput<TLanes, TVector> windows;
    readonly Constant weights;
    readonly float* bias, addend, output;
    readonly Unary function;
    readonly int splits, vectorsInSplit, vectors, tiles;
    readonly long inputsBytes, weightsBytes, sumsBytes, gatheredBytes, pixelsBytes;

    // Where each tile's numbers lie in those of a product, the last ones repeated; and the tiles of each group.
    readonly nint[] places;
    readonly int[] tilesOfGroup;

    /// <summary>Like <see cref="ConvKernel{TLanes, TVector}"/>, with weights that are packed by channels.</summary>
    public WinogradChannelKernel(
        in ConvShape shape, Constant weights, float* input, float* bias, float* addend, Unary function, float* output, int threads)
    {
        this.shape = shape;
        this.weights = weights;
        this.bias = bias;
        this.addend = addend;
        this.function = function;
        this.output = output;
        plan = new WinogradPlan(shape, TLanes.Count, TLanes.Group, threads);
        windows = new WinogradInput<TLanes, TVector>(shape, plan, input, skipsEmpty: true);
        vectors = Parts(shape.GroupCout, TLanes.Count);
        var images = shape.Batch * shape.Groups;
        vectorsInSplit = Parts(vectors, Math.Clamp(Parts(threads, images), 1, vectors));
        splits = Parts(vectors, vectorsInSplit);
        tilesOfGroup = new int[plan.Groups];
        var found = new List<nint>();
        for (var group = 0; group < plan.Groups; group++)
        {
            var first = group % plan.GroupsInRow * plan.GroupColumns;
            tilesOfGroup[group] = Math.Min(TLanes.Group, Parts(plan.PhaseWidth - first, Tile));
            for (var k = 0; k < tilesOfGroup[group]; k++)
                found.Add((nint)((group / plan.GroupsInPair * plan.PairNumbers) + (group % plan.GroupsInPair * TLanes.Group) + k));
        }
        tiles = Parts(found.Count, Together) * Together;
        places = [.. found, .. Enumerable.Repeat(found[^1], tiles - found.Count)];
        inputsBytes = PinnedMemory.Whole(plan.Pairs * plan.PairNumbers * sizeof(float));
        weightsBytes = PinnedMemory.Whole((long)WinogradPlan.Weights * plan.Channels * MostVectors * sizeof(TVector));
        sumsBytes = PinnedMemory.Whole((vectorsInSplit + 1L) * plan.Products * tiles * sizeof(TVector));
        gatheredBytes = PinnedMemory.Whole((long)shape.Taps * WinogradWeights.GatheredPitch(TLanes.Count) * sizeof(float));
        pixelsBytes = 2L * Tile * plan.GroupColumns * sizeof(TVector);
        Items = images * splits;
    }

    public override int Items { get; }

    public override long ScratchBytes =>
        inputsBytes + weightsBytes + sumsBytes + gatheredBytes + pixelsBytes + PinnedMemory.Whole(plan.Window * Tile * sizeof(TVector))
        + windows.ScratchBytes;

    public override void Run(int item, byte* scratch)
    {
        var (image, split) = (item / splits, item % splits);                            // n × groups + g
        var inputs = (float*)scratch;
        var made = (float*)(scratch + inputsBytes);
        var sums = (float*)((byte*)made + weightsBytes);
        var gathered = (float*)((byte*)sums + sumsBytes);
        var pixels = (float*)((byte*)gathered + gatheredBytes);
        var (firstVector, endVector) = (split * vectorsInSplit, Math.Min(vectors, (split + 1) * vectorsInSplit));
        var group = image % shape.Groups;
        for (var from = 0; from < shape.GroupCin; from += plan.Channels)
        {
            var channels = Math.Min(plan.Channels, shape.GroupCin - from);
            windows.Transform(image, from, channels, 0, plan.Groups, plan.Pairs, (byte*)pixels + pixelsBytes
                + PinnedMemory.Whole(plan.Window * Tile * sizeof(TVector)), inputs);
            var own = sums;
            for (int vector = firstVector, count; vector < endVector; vector += count)
            {
                count = CountFrom(endVector - vector);
                var tileNumbers = (nint)shape.WeightChannels * shape.Taps * ConvWeights.Tile;
                var w = (float*)weights.Address + (group * plan.ChannelTiles * tileNumbers) + ((nint)from * shape.Taps * ConvWeights.Tile);
                var following = vector + count < endVector ? vector + count : firstVector;
                var next = w + (following * TLanes.Count / ConvWeights.Tile * tileNumbers)
                    + (following > firstVector ? 0 : (nint)channels * shape.Taps * ConvWeights.Tile);
                WinogradWeights.Transform<TLanes, TVector>(w, tileNumbers, plan.ChannelTiles, channels, vector * TLanes.Count, count,
                    plan.Stride, gathered, made, next);
                Multiply(inputs, made, channels, count, own, from == 0);
                if (from + channels == shape.GroupCin)
                    Write(own, count, Math.Min(count, endVector - vector), image, vector, pixels);
                own += (nint)plan.Products * tiles * count * TLanes.Count;
            }
        }
    }

    // Three vectors at a time, or two; a single one has an empty one beside it, or one of the next split.
    static int CountFrom(int left) => left is 1 or 2 or 4 ? 2 : MostVectors;

    void Multiply(float* inputs, float* made, int channels, int count, float* sums, bool first)
    {
        const int last = WinogradPlan.Points - 1;
        for (var f = 0; f < plan.Products; f++, inputs += plan.ProductNumbers)
        {
            var (row, column) = (f / plan.Window, f % plan.Window);
            var w = made + (((Math.Min(row, last) * WinogradPlan.Points) + Math.Min(column, last)) * (nint)channels * count * TLanes.Count);
            for (var tile = 0; tile < tiles; tile += Together, sums += Together * count * TLanes.Count)
                fixed (nint* place = &places[tile])
                    if (count == MostVectors)
                        WinogradFactors<TLanes, TVector>.Three(inputs, place, w, channels, sums, first);
                    else
                        WinogradFactors<TLanes, TVector>.Two(inputs, place, w, channels, sums, first);
        }
    }

    /// <summary>Writes the outputs of some vectors of channels, group by group of tiles: those of this split.</summary>
    void Write(float* sums, int count, int written, int image, int vector, float* pixels)
    {
        var (columns, lanes) = (plan.GroupColumns, TLanes.Count);
        nint step = (nint)tiles * count * lanes;                                        // from one product to the next
        var turned = pixels + (Tile * columns * lanes);
        var rows = turned + (Tile * columns * lanes);
        var plane = (nint)shape.OutHeight * shape.OutWidth;
        for (int group = 0, tile = 0; group < plan.Groups; tile += tilesOfGroup[group++])
        {
            var (row, column) = plan.Corner(shape, group);
            var inside = Math.Min(Parts(shape.OutWidth - column, shape.DilationX), columns);
            var height = Math.Min(Parts(shape.OutHeight - row, shape.DilationY), Tile);
            if (inside <= 0 || height <= 0)
                continue;
            for (var v = 0; v < written; v++)
            {
                var first = (vector + v) * lanes;
                var channels = Math.Min(lanes, shape.GroupCout - first);
                if (channels <= 0)
                    break;
                for (var k = 0; k < tilesOfGroup[group]; k++)
                    WinogradTile<TLanes, TVector>.Pixels(plan.Window, sums + ((((tile + k) * count) + v) * lanes), step, rows,
                        pixels + (k * Tile * lanes), columns * lanes);
                var channel = (image % shape.Groups * shape.GroupCout) + first;
                var at = ((((nint)image * shape.GroupCout) + first) * plane) + ((nint)row * shape.OutWidth) + column;
                for (var y = 0; y < height; y++, at += (nint)shape.DilationY * shape.OutWidth)
                {
                    // [columns][channels] to [channels][columns].
                    TransposeKernel.Square(pixels + (y * columns * lanes), lanes, turned, columns, channels, columns);
                    for (var c = 0; c < channels; c++)
                        WriteRow(turned + (c * columns), bias == null ? 0 : bias[channel + c], at + (c * plane), inside);
                }
            }
        }
    }

    void WriteRow(float* from, float shift, nint at, int count)
    {
        if (shape.DilationX == 1)
            for (var x = 0; x < count; x += TLanes.Count)
                Finish<TLanes, TVector>.Store(TLanes.Load(from + x), TLanes.All(shift), addend == null ? null : addend + at + x, function,
                    output + at + x, count - x);
        else
            for (var x = 0; x < count; x++, at += shape.DilationX)
                Finish<Lanes1, float>.Store(from[x], shift, addend == null ? null : addend + at, function, output + at, 1);
    }

    static int Parts(int whole, int part) => (whole + part - 1) / part;
}

/// <summary>Products of the inputs of four tiles and two or three vectors of output channels, summed over input channels.</summary>
static unsafe class WinogradFactors<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>Adds products to sums, [4][3 vectors].</summary>
    /// <param name="inputs">[channels][2 vectors] of tiles.</param>
    /// <param name="places">Where the four tiles lie among them.</param>
    /// <param name="weights">[channels][3 vectors].</param>
    /// <param name="channels">The number of channels.</param>
    /// <param name="sums">The sums; read unless <paramref name="first"/>, then overwritten.</param>
    /// <param name="first">Whether the sums start at 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Three(float* inputs, nint* places, float* weights, int channels, float* sums, bool first)
    {
        TVector a0, a1, a2, b0, b1, b2, c0, c1, c2, d0, d1, d2;
        if (first)
            a0 = a1 = a2 = b0 = b1 = b2 = c0 = c1 = c2 = d0 = d1 = d2 = TLanes.All(0);
        else
        {
            (a0, a1, a2) = (TLanes.Load(sums), TLanes.Load(sums + TLanes.Count), TLanes.Load(sums + (2 * TLanes.Count)));
            (b0, b1) = (TLanes.Load(sums + (3 * TLanes.Count)), TLanes.Load(sums + (4 * TLanes.Count)));
            (b2, c0) = (TLanes.Load(sums + (5 * TLanes.Count)), TLanes.Load(sums + (6 * TLanes.Count)));
            (c1, c2) = (TLanes.Load(sums + (7 * TLanes.Count)), TLanes.Load(sums + (8 * TLanes.Count)));
            (d0, d1) = (TLanes.Load(sums + (9 * TLanes.Count)), TLanes.Load(sums + (10 * TLanes.Count)));
            d2 = TLanes.Load(sums + (11 * TLanes.Count));
        }
        float* x0 = inputs + places[0], x1 = inputs + places[1], x2 = inputs + places[2], x3 = inputs + places[3];
        nint end = channels * (nint)(2 * TLanes.Count);
        for (nint at = 0; at < end; at += 2 * TLanes.Count)
        {
            var (p, q, r) = (TLanes.Load(weights), TLanes.Load(weights + TLanes.Count), TLanes.Load(weights + (2 * TLanes.Count)));
            var k = TLanes.All(x0[at]);
            a0 = TLanes.MultiplyAdd(k, p, a0);
            a1 = TLanes.MultiplyAdd(k, q, a1);
            a2 = TLanes.MultiplyAdd(k, r, a2);
            k = TLanes.All(x1[at]);
            b0 = TLanes.MultiplyAdd(k, p, b0);
            b1 = TLanes.MultiplyAdd(k, q, b1);
            b2 = TLanes.MultiplyAdd(k, r, b2);
            k = TLanes.All(x2[at]);
            c0 = TLanes.MultiplyAdd(k, p, c0);
            c1 = TLanes.MultiplyAdd(k, q, c1);
            c2 = TLanes.MultiplyAdd(k, r, c2);
            k = TLanes.All(x3[at]);
            d0 = TLanes.MultiplyAdd(k, p, d0);
            d1 = TLanes.MultiplyAdd(k, q, d1);
            d2 = TLanes.MultiplyAdd(k, r, d2);
            weights += 3 * TLanes.Count;
        }
        TLanes.Store(a0, sums);
        TLanes.Store(a1, sums + TLanes.Count);
        TLanes.Store(a2, sums + (2 * TLanes.Count));
        TLanes.Store(b0, sums + (3 * TLanes.Count));
        TLanes.Store(b1, sums + (4 * TLanes.Count));
        TLanes.Store(b2, sums + (5 * TLanes.Count));
        TLanes.Store(c0, sums + (6 * TLanes.Count));
        TLanes.Store(c1, sums + (7 * TLanes.Count));
        TLanes.Store(c2, sums + (8 * TLanes.Count));
        TLanes.Store(d0, sums + (9 * TLanes.Count));
        TLanes.Store(d1, sums + (10 * TLanes.Count));
        TLanes.Store(d2, sums + (11 * TLanes.Count));
    }

    /// <summary>Like <see cref="Three"/>, for two vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Two(float* inputs, nint* places, float* weights, int channels, float* sums, bool first)
    {
        TVector a0, a1, b0, b1, c0, c1, d0, d1;
        if (first)
            a0 = a1 = b0 = b1 = c0 = c1 = d0 = d1 = TLanes.All(0);
        else
        {
            (a0, a1, b0) = (TLanes.Load(sums), TLanes.Load(sums + TLanes.Count), TLanes.Load(sums + (2 * TLanes.Count)));
            (b1, c0) = (TLanes.Load(sums + (3 * TLanes.Count)), TLanes.Load(sums + (4 * TLanes.Count)));
            (c1, d0) = (TLanes.Load(sums + (5 * TLanes.Count)), TLanes.Load(sums + (6 * TLanes.Count)));
            d1 = TLanes.Load(sums + (7 * TLanes.Count));
        }
        float* x0 = inputs + places[0], x1 = inputs + places[1], x2 = inputs + places[2], x3 = inputs + places[3];
        nint end = channels * (nint)(2 * TLanes.Count);
        for (nint at = 0; at < end; at += 2 * TLanes.Count)
        {
            var (p, q) = (TLanes.Load(weights), TLanes.Load(weights + TLanes.Count));
            var k = TLanes.All(x0[at]);
            a0 = TLanes.MultiplyAdd(k, p, a0);
            a1 = TLanes.MultiplyAdd(k, q, a1);
            k = TLanes.All(x1[at]);
            b0 = TLanes.MultiplyAdd(k, p, b0);
            b1 = TLanes.MultiplyAdd(k, q, b1);
            k = TLanes.All(x2[at]);
            c0 = TLanes.MultiplyAdd(k, p, c0);
            c1 = TLanes.MultiplyAdd(k, q, c1);
            k = TLanes.All(x3[at]);
            d0 = TLanes.MultiplyAdd(k, p, d0);
            d1 = TLanes.MultiplyAdd(k, q, d1);
            weights += 2 * TLanes.Count;
        }
        TLanes.Store(a0, sums);
        TLanes.Store(a1, sums + TLanes.Count);
        TLanes.Store(b0, sums + (2 * TLanes.Count));
        TLanes.Store(b1, sums + (3 * TLanes.Count));
        TLanes.Store(c0, sums + (4 * TLanes.Count));
        TLanes.Store(c1, sums + (5 * TLanes.Count));
        TLanes.Store(d0, sums + (6 * TLanes.Count));
        TLanes.Store(d1, sums + (7 * TLanes.Count));
    }
}
