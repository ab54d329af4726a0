using Hwaso.Common;

namespace Hwaso.Nn;

/// <summary>
/// The gradient of the weights of 1×1 convolutions of many channels: a vector's numbers are of neighbouring channels of the input, as in
/// <see cref="WideTileWeights{TTiling, TLanes, TVector}"/>. Parts of the strips of pixels, and groups of channels.
/// </summary>
sealed unsafe class WidePointWeights<TLanes, TVector> : IWeightSums
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    const int Block = OutputProducts<TLanes, TVector>.Channels, FewestChannels = 48;

    // Pixels of a strip, after which sums are added up: long sums round more. Parts; numbers of their sums.
    const int MostPixels = 128, MostParts = 8;
    const long MostSums = 1 << 22;

    readonly PointShape shape;
    readonly float* input, gradient, output;
    readonly int vectors, pixels, inImage, strips, parts, inPart, groups, groupBlocks;
    readonly nint pairStep, gradientStep, pairSums, sumStep;

    public WidePointWeights(in PointShape shape, int threads, float* input, float* gradient, float* output)
    {
        this.shape = shape;
        this.input = input;
        this.gradient = gradient;
        this.output = output;
        (Rows, vectors) = (MinimalTiles.Blocks(shape.Cout, Block), MinimalTiles.Blocks(shape.Cin, TLanes.Count));
        pairSums = MinimalTiles.Apart((nint)Rows * Block * 2 * TLanes.Count + 16);
        sumStep = MinimalTiles.Blocks(vectors, 2) * pairSums;
        // The order of sums follows from the shape alone: strips and parts do not depend on the number of threads.
        inImage = MinimalTiles.Blocks(shape.Pixels, MostPixels);
        pixels = MinimalTiles.Blocks(MinimalTiles.Blocks(shape.Pixels, inImage), TLanes.Count) * TLanes.Count;
        inImage = MinimalTiles.Blocks(shape.Pixels, pixels);
        strips = shape.Images * inImage;
        parts = (int)Math.Clamp(MostSums / sumStep, 1, Math.Min(MostParts, strips));
        inPart = MinimalTiles.Blocks(strips, parts);
        groups = parts % threads == 0 || parts >= 4 * threads ? 1 : Math.Min(threads, Rows);
        groupBlocks = MinimalTiles.Blocks(Rows, groups);
        groups = MinimalTiles.Blocks(Rows, groupBlocks);
        pairStep = MinimalTiles.Apart((nint)pixels * 2 * TLanes.Count + 16);
        gradientStep = MinimalTiles.Apart(pixels);
    }

    /// <summary>Whether this is faster than <see cref="PointWeights{TLanes, TVector}"/>.</summary>
    public static bool Takes(in PointShape shape) => shape.Cin >= FewestChannels && shape.Cout >= FewestChannels;

    public int Pieces => parts * groups;

    public int Rows { get; }

    public nint WorkNumbers => MinimalTiles.Blocks(vectors, 2) * pairStep + groupBlocks * Block * gradientStep
        + (nint)TLanes.Count * TLanes.Count + 64;

    public long SumNumbers => parts * sumStep;

    // [part][two vectors of the input's channels][output channel][two vectors].
    public float* Sums { get; set; }

    public void Run(int piece, float* work)
    {
        var (part, group) = Math.DivRem(piece, groups);
        var (begin, end) = (group * groupBlocks, Math.Min(Rows, (group + 1) * groupBlocks));
        var sums = Sums + part * sumStep + (nint)begin * Block * 2 * TLanes.Count;
        if (part * inPart >= strips)
            for (var v = 0; v < vectors; v += 2)
                new Span<float>(sums + v / 2 * pairSums, (end - begin) * Block * 2 * TLanes.Count).Clear();
        for (var strip = part * inPart; strip < Math.Min(strips, (part + 1) * inPart); strip++)
        {
            var (image, place) = Math.DivRem(strip, inImage);
            var first = place * pixels;
            var count = Math.Min(pixels, shape.Pixels - first);
            var inputs = work + groupBlocks * Block * gradientStep;
            Gradients(image, first, count, begin * Block, (end - begin) * Block, work);
            Inputs(image, first, count, inputs, inputs + MinimalTiles.Blocks(vectors, 2) * pairStep);
            for (var v = 0; v < vectors; v += OutputProducts<TLanes, TVector>.Vectors)
                OutputProducts<TLanes, TVector>.Sum(inputs + v / 2 * pairStep, pairStep, vectors - v, work, gradientStep, count,
                    end - begin, sums + v / 2 * pairSums, pairSums, strip > part * inPart);
        }
    }

    // Zeros where blocks of channels end.
    void Gradients(int image, int first, int count, int channel, int channels, float* to)
    {
        var there = Math.Min(channels, shape.Cout - channel);
        var from = gradient + ((nint)image * shape.Cout + channel) * shape.Pixels + first;
        for (var c = 0; c < there; c++, from += shape.Pixels)
            new ReadOnlySpan<float>(from, count).CopyTo(new Span<float>(to + c * gradientStep, count));
        new Span<float>(to + there * gradientStep, (int)((channels - there) * gradientStep)).Clear();
    }

    // Numbers of pixels are transposed to numbers of channels.
    void Inputs(int image, int first, int count, float* to, float* square)
    {
        var from = input + (nint)image * shape.Cin * shape.Pixels + first;
        for (var v = 0; v < vectors; v++, from += TLanes.Count * (nint)shape.Pixels)
        {
            var channels = Math.Min(TLanes.Count, shape.Cin - v * TLanes.Count);
            var target = to + v / 2 * pairStep + v % 2 * TLanes.Count;
            for (var x = 0; x < count; x += TLanes.Count, target += 2 * TLanes.Count * TLanes.Count)
            {
                var some = Math.Min(TLanes.Count, count - x);
                if (channels == TLanes.Count && some == TLanes.Count)
                {
                    LanesTurn<TLanes, TVector>.Turn(from + x, shape.Pixels, target, 2 * TLanes.Count);
                    continue;
                }
                new Span<float>(square, TLanes.Count * TLanes.Count).Clear();
                for (var c = 0; c < channels; c++)
                    ShortRuns.Copy(from + (nint)c * shape.Pixels + x, square + c * TLanes.Count, some);
                LanesTurn<TLanes, TVector>.Turn(square, TLanes.Count, target, 2 * TLanes.Count);
            }
        }
    }

    public void Finish(int row)
    {
        for (var o = row * Block; o < Math.Min(shape.Cout, (row + 1) * Block); o++)
            for (var v = 0; v < vectors; v++)
            {
                var from = Sums + v / 2 * pairSums + ((nint)o * 2 + v % 2) * TLanes.Count;
                var to = output + (nint)o * shape.Cin + v * TLanes.Count;
                var sum = TLanes.Load(from);
                for (var part = 1; part < parts; part++)
                    sum = TLanes.Add(sum, TLanes.Load(from + part * sumStep));
                TLanes.Store(sum, from);
                ShortRuns.Copy(from, to, Math.Min(TLanes.Count, shape.Cin - v * TLanes.Count));
            }
    }
}
