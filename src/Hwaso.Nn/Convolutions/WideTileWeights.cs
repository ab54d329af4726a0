using Hwaso.Common;

namespace Hwaso.Nn;

/// <summary>
/// The gradient of the weights for many channels: a vector's numbers are of neighbouring channels of the input, whose transforms are
/// transposed for that, and sums over tiles need no sum within vectors.
/// </summary>
sealed unsafe class WideTileWeights<TTiling, TLanes, TVector> : IWeightSums
    where TTiling : struct, IWeightTiling<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    const int Block = OutputProducts<TLanes, TVector>.Channels, Taps = 9;

    // Tiles of a strip, after which sums are added up: long sums round more. Channels of the input that are transposed at once.
    const int MostTiles = 128, MostChannels = 128;

    readonly Planes from, to;
    readonly MinimalTiles tiles;
    readonly WeightParts parts;
    readonly TileStrip<TTiling, TLanes, TVector> strip;
    readonly float* output;
    readonly int vectors, together;
    readonly nint channelStep, rawStep, pairStep, inputStep, gradientStep, pairSums, sumStep;

    public WideTileWeights(in TileShape shape, int threads, float* input, float* gradient, float* output)
    {
        (from, to) = (shape.Input, shape.Output);
        this.output = output;
        tiles = new MinimalTiles(to, TLanes.Count);
        (Rows, vectors) = (MinimalTiles.Blocks(to.Channels, Block), MinimalTiles.Blocks(from.Channels, TLanes.Count));
        together = Math.Min(MinimalTiles.Blocks(vectors, 2) * 2, MostChannels / TLanes.Count);
        pairSums = MinimalTiles.Apart((nint)Rows * Block * 2 * TLanes.Count + 16);
        sumStep = MinimalTiles.Blocks(vectors, 2) * pairSums;
        parts = new WeightParts(tiles, TLanes.Count, MostTiles, TTiling.Numbers * sumStep, Rows, threads);
        strip = new TileStrip<TTiling, TLanes, TVector>(shape, tiles, parts.Rows, input, gradient);
        channelStep = MinimalTiles.Apart(strip.Vectors * TLanes.Count);
        rawStep = TLanes.Count * channelStep + 16;
        pairStep = MinimalTiles.Apart((nint)strip.Vectors * TLanes.Count * 2 * TLanes.Count + 16);
        inputStep = MinimalTiles.Blocks(together, 2) * pairStep;
        gradientStep = parts.GroupBlocks * Block * channelStep + 16;
    }

    /// <summary>Whether this is faster than <see cref="TileWeights{TTiling, TLanes, TVector}"/>.</summary>
    public static bool Takes(in TileShape shape) => shape.Cin >= FewestChannels && shape.Cout >= FewestChannels;

    static int FewestChannels => 64;

    public int Pieces => parts.Parts * parts.Groups;

    public int Rows { get; }

    public nint WorkNumbers =>
        strip.WorkNumbers + TTiling.Numbers * (rawStep + inputStep) + TTiling.Factors * gradientStep + 64;

    public long SumNumbers => (long)parts.Parts * TTiling.Numbers * sumStep;

    // [part][transformed number][two vectors of the input's channels][output channel][two vectors].
    public float* Sums { get; set; }

    public void Run(int piece, float* work)
    {
        var (part, group) = Math.DivRem(piece, parts.Groups);
        var (begin, end) = (group * parts.GroupBlocks, Math.Min(Rows, (group + 1) * parts.GroupBlocks));
        strip.Clear(work);
        for (var k = 0; k < parts.InPart; k++)
            Strip((part * parts.InPart + k) * parts.Rows, work, begin, end, Sums + part * TTiling.Numbers * sumStep, k > 0);
    }

    void Strip(int first, float* work, int begin, int end, float* sums, bool adds)
    {
        var count = Math.Min(parts.Rows, tiles.Rows - first);
        if (count <= 0)
        {
            if (!adds)
                Clear(begin, end, sums);
            return;
        }
        var raw = work + strip.WorkNumbers;
        var inputs = raw + TTiling.Numbers * rawStep;
        var gradients = inputs + TTiling.Numbers * inputStep;
        var channel = begin * Block;
        var channels = Math.Min(to.Channels, end * Block) - channel;
        strip.Gradients(work, first, count, channel, channels, gradients, channelStep, gradientStep);
        // Blocks of channels that are not whole.
        for (var f = 0; f < TTiling.Factors; f++)
            new Span<float>(gradients + f * gradientStep + channels * channelStep, (int)(((end - begin) * Block - channels) * channelStep))
                .Clear();
        var terms = tiles.Terms(count);
        for (var v = 0; v < vectors; v += together)
        {
            var some = Math.Min(together, vectors - v);
            for (var k = 0; k < some; k++)
                Inputs(work, first, count, v + k, raw, inputs + k / 2 * pairStep + k % 2 * TLanes.Count);
            for (var p = 0; p < TTiling.Numbers; p++)
                for (var k = 0; k < some; k += OutputProducts<TLanes, TVector>.Vectors)
                    OutputProducts<TLanes, TVector>.Sum(inputs + p * inputStep + k / 2 * pairStep, pairStep, some - k,
                        gradients + TTiling.Of(p).Factor * gradientStep, channelStep, terms, end - begin,
                        sums + p * sumStep + (v + k) / 2 * pairSums + (nint)begin * Block * 2 * TLanes.Count, pairSums, adds);
        }
    }

    void Clear(int begin, int end, float* sums)
    {
        for (var p = 0; p < TTiling.Numbers; p++)
            for (var v = 0; v < vectors; v += 2)
                new Span<float>(sums + p * sumStep + v / 2 * pairSums + (nint)begin * Block * 2 * TLanes.Count,
                    (end - begin) * Block * 2 * TLanes.Count).Clear();
    }

    // A vector of channels: numbers of tiles are transposed to numbers of channels.
    void Inputs(float* work, int first, int count, int vector, float* raw, float* to)
    {
        var channel = vector * TLanes.Count;
        var channels = Math.Min(TLanes.Count, from.Channels - channel);
        if (channels < TLanes.Count)
            new Span<float>(raw, (int)(TTiling.Numbers * rawStep)).Clear();
        strip.Inputs(work, first, count, channel, channels, raw, channelStep, rawStep);
        for (var p = 0; p < TTiling.Numbers; p++)
            for (var v = 0; v < tiles.Vectors(count); v++)
                LanesTurn<TLanes, TVector>.Turn(raw + p * rawStep + v * TLanes.Count, channelStep,
                    to + p * inputStep + v * TLanes.Count * 2 * TLanes.Count, 2 * TLanes.Count);
    }

    public void Finish(int row)
    {
        var taps = stackalloc float[Taps * TLanes.Count];
        var sums = stackalloc float[TTiling.Numbers * TLanes.Count];
        for (var o = row * Block; o < Math.Min(to.Channels, (row + 1) * Block); o++)
            for (var v = 0; v < vectors; v++)
            {
                for (var p = 0; p < TTiling.Numbers; p++)
                {
                    var source = Sums + p * sumStep + v / 2 * pairSums + ((nint)o * 2 + v % 2) * TLanes.Count;
                    var sum = TLanes.Load(source);
                    for (var part = 1; part < parts.Parts; part++)
                        sum = TLanes.Add(sum, TLanes.Load(source + part * TTiling.Numbers * sumStep));
                    TLanes.Store(sum, sums + p * TLanes.Count);
                }
                TTiling.Gather(sums, taps);
                var target = output + ((nint)o * from.Channels + v * TLanes.Count) * Taps;
                for (var k = 0; k < Math.Min(TLanes.Count, from.Channels - v * TLanes.Count); k++, target += Taps)
                    for (var t = 0; t < Taps; t++)
                        target[t] = taps[t * TLanes.Count + k];
            }
    }
}
