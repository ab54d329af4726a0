using Hwaso.Common;

namespace Hwaso.Nn;

/// <summary>The gradient of the weights: sums over the numbers of vectors of tiles, for few channels.</summary>
sealed unsafe class TileWeights<TTiling, TLanes, TVector> : IWeightSums
    where TTiling : struct, IWeightTiling<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    const int GradientRows = WeightProducts<TLanes, TVector>.Rows, Columns = WeightProducts<TLanes, TVector>.Columns;
    const int Block = GradientRows * Columns, Taps = 9;

    // Tiles of a strip: sums of fewer cost more to add up. Numbers of its transforms. Vectors of a sum. Numbers in the first cache.
    const int MostTiles = 256, MostVectors = 48, NearNumbers = 7000;
    const long MostNumbers = 1 << 20;

    readonly Planes from, to;
    readonly MinimalTiles tiles;
    readonly WeightParts parts;
    readonly TileStrip<TTiling, TLanes, TVector> strip;
    readonly float* output;
    readonly int columns;
    readonly nint channelStep, inputStep, gradientStep, sumStep;

    public TileWeights(in TileShape shape, int threads, float* input, float* gradient, float* output)
    {
        (from, to) = (shape.Input, shape.Output);
        this.output = output;
        tiles = new MinimalTiles(to, TLanes.Count);
        (Rows, columns) = (MinimalTiles.Blocks(to.Channels, GradientRows), MinimalTiles.Blocks(from.Channels, Columns));
        sumStep = MinimalTiles.Apart((nint)Rows * columns * Block + 16);
        var most = Math.Clamp(
            MostNumbers / (TTiling.Numbers * from.Channels + TTiling.Factors * to.Channels), 4 * TLanes.Count, MostTiles);
        parts = new WeightParts(tiles, TLanes.Count, most, TTiling.Numbers * sumStep, Rows, threads);
        strip = new TileStrip<TTiling, TLanes, TVector>(shape, tiles, parts.Rows, input, gradient);
        channelStep = MinimalTiles.Apart(strip.Vectors * TLanes.Count);
        inputStep = from.Channels * channelStep + 16;
        gradientStep = parts.GroupBlocks * GradientRows * channelStep + 16;
    }

    public int Pieces => parts.Parts * parts.Groups;

    public int Rows { get; }

    public nint WorkNumbers => strip.WorkNumbers + TTiling.Numbers * inputStep + TTiling.Factors * gradientStep + 64;

    public long SumNumbers => (long)parts.Parts * TTiling.Numbers * sumStep;

    // [part][transformed number][row of blocks][column of blocks][12].
    public float* Sums { get; set; }

    public void Run(int piece, float* work)
    {
        var (part, group) = Math.DivRem(piece, parts.Groups);
        var (begin, end) = (group * parts.GroupBlocks, Math.Min(Rows, (group + 1) * parts.GroupBlocks));
        var sums = Sums + part * TTiling.Numbers * sumStep;
        for (var p = 0; p < TTiling.Numbers; p++)
            new Span<float>(sums + p * sumStep + (nint)begin * columns * Block, (end - begin) * columns * Block).Clear();
        strip.Clear(work);
        for (var k = part * parts.InPart; k < (part + 1) * parts.InPart; k++)
            Strip(k * parts.Rows, work, begin, end, sums);
    }

    void Strip(int first, float* work, int begin, int end, float* sums)
    {
        var count = Math.Min(parts.Rows, tiles.Rows - first);
        if (count <= 0)
            return;
        var inputs = work + strip.WorkNumbers;
        var gradients = inputs + TTiling.Numbers * inputStep;
        strip.Inputs(work, first, count, 0, from.Channels, inputs, channelStep, inputStep);
        var channel = begin * GradientRows;
        strip.Gradients(
            work, first, count, channel, Math.Min(to.Channels, end * GradientRows) - channel, gradients, channelStep, gradientStep);
        // Sums of few terms are added up: long sums round more.
        var vectors = tiles.Vectors(count);
        var piece = MinimalTiles.Blocks(vectors, MinimalTiles.Blocks(vectors, MostVectors)) * TLanes.Count;
        // Channels of the input whose piece stays in the first cache for all gradients.
        var near = Math.Max(1, NearNumbers / piece / Columns) * Columns;
        for (var p = 0; p < TTiling.Numbers; p++)
            for (var at = 0; at < vectors * TLanes.Count; at += piece)
                for (var c = 0; c < from.Channels; c += near)
                    for (var r = begin; r < end; r++)
                        WeightProducts<TLanes, TVector>.Add(
                            gradients + TTiling.Of(p).Factor * gradientStep + (r - begin) * GradientRows * channelStep + at,
                            Math.Min(GradientRows, to.Channels - r * GradientRows), inputs + p * inputStep + c * channelStep + at,
                            Math.Min(near, from.Channels - c), channelStep, Math.Min(piece, vectors * TLanes.Count - at),
                            sums + p * sumStep + ((nint)r * columns + c / Columns) * Block);
    }

    public void Finish(int row)
    {
        var taps = stackalloc float[Taps * TLanes.Count];
        var sums = stackalloc float[TTiling.Numbers * TLanes.Count];
        var line = columns * Block;
        for (var at = 0; at < line; at += TLanes.Count)
        {
            var count = Math.Min(TLanes.Count, line - at);
            for (var p = 0; p < TTiling.Numbers; p++)
            {
                var source = Sums + p * sumStep + (nint)row * line + at;
                var sum = TLanes.Load(source);
                for (var part = 1; part < parts.Parts; part++)
                    sum = TLanes.Add(sum, TLanes.Load(source + part * TTiling.Numbers * sumStep));
                TLanes.Store(sum, sums + p * TLanes.Count);
            }
            TTiling.Gather(sums, taps);
            for (var k = 0; k < count; k++)
            {
                var (block, place) = Math.DivRem(at + k, Block);
                var (o, i) = (row * GradientRows + place / Columns, block * Columns + place % Columns);
                if (o >= to.Channels || i >= from.Channels)
                    continue;
                var target = output + ((nint)o * from.Channels + i) * Taps;
                for (var t = 0; t < Taps; t++)
                    target[t] = taps[t * TLanes.Count + k];
            }
        }
    }
}
