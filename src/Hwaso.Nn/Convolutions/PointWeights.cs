using Hwaso.Common;

namespace Hwaso.Nn;

/// <summary>
/// The gradient of the weights of 1×1 convolutions: parts of the pixels, each summed strip by strip, and groups of channels.
/// </summary>
sealed unsafe class PointWeights<TLanes, TVector> : IWeightSums
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    const int GradientRows = WeightProducts<TLanes, TVector>.Rows, Columns = WeightProducts<TLanes, TVector>.Columns;
    const int Block = GradientRows * Columns;

    // Pixels of a strip: sums of fewer cost more to add up, and long ones round more. Channels of the input whose strip stays in the first
    // cache. Parts; numbers of their sums.
    const int MostPixels = 512, Near = 9, MostParts = 8;
    const long MostSums = 1 << 23;

    readonly PointShape shape;
    readonly float* input, gradient, output;
    readonly int pixels, inPart, parts, groups, groupRows, columns;
    readonly nint channelStep, sumStep;

    public PointWeights(in PointShape shape, int threads, float* input, float* gradient, float* output)
    {
        this.shape = shape;
        this.input = input;
        this.gradient = gradient;
        this.output = output;
        (Rows, columns) = (MinimalTiles.Blocks(shape.Cout, GradientRows), MinimalTiles.Blocks(shape.Cin, Columns));
        sumStep = (nint)Rows * columns * Block;
        // The order of sums follows from the shape alone: strips and parts do not depend on the number of threads.
        var all = (long)shape.Images * shape.Pixels;
        var strips = (int)((all + MostPixels - 1) / MostPixels);
        pixels = (int)((all + strips * 16 - 1) / (strips * 16)) * 16;
        parts = (int)Math.Clamp(MostSums / sumStep, 1, Math.Min(MostParts, strips));
        inPart = MinimalTiles.Blocks(strips, parts);
        groups = parts % threads == 0 || parts >= 4 * threads ? 1 : Math.Min(threads, Rows);
        groupRows = MinimalTiles.Blocks(Rows, groups);
        groups = MinimalTiles.Blocks(Rows, groupRows);
        channelStep = MinimalTiles.Apart(pixels);
    }

    public int Pieces => parts * groups;

    public int Rows { get; }

    public nint WorkNumbers => (shape.Cin + (nint)groupRows * GradientRows) * channelStep + 64;

    public long SumNumbers => parts * sumStep;

    // [part][row of blocks][column of blocks][12].
    public float* Sums { get; set; }

    public void Run(int piece, float* work)
    {
        var (part, group) = Math.DivRem(piece, groups);
        var (begin, end) = (group * groupRows, Math.Min(Rows, (group + 1) * groupRows));
        nint line = (nint)columns * Block;
        var sums = Sums + part * sumStep;
        new Span<float>(sums + begin * line, (int)((end - begin) * line)).Clear();
        var gradients = work + shape.Cin * channelStep;
        var channels = Math.Min(shape.Cout, end * GradientRows) - begin * GradientRows;
        for (var strip = part * inPart; strip < (part + 1) * inPart; strip++)
        {
            var first = (long)strip * pixels;
            var count = Math.Min(pixels, (long)shape.Images * shape.Pixels - first);
            if (count <= 0)
                return;
            Copy(input, shape.Cin, 0, shape.Cin, first, (int)count, work);
            Copy(gradient, shape.Cout, begin * GradientRows, channels, first, (int)count, gradients);
            for (var c = 0; c < shape.Cin; c += Near)
                for (var r = begin; r < end; r++)
                    WeightProducts<TLanes, TVector>.Add(gradients + (r - begin) * GradientRows * channelStep,
                        Math.Min(GradientRows, shape.Cout - r * GradientRows), work + c * channelStep, Math.Min(Near, shape.Cin - c),
                        channelStep, pixels, sums + r * line + c / Columns * Block);
        }
    }

    // The strip's pixels of some channels; zeros behind the last image.
    void Copy(float* from, int all, int channel, int channels, long first, int count, float* to)
    {
        var (image, pixel) = Math.DivRem(first, shape.Pixels);
        for (var at = 0; at < count; image++, pixel = 0)
        {
            var run = (int)Math.Min(count - at, shape.Pixels - pixel);
            var plane = from + ((nint)image * all + channel) * shape.Pixels + (nint)pixel;
            for (var c = 0; c < channels; c++, plane += shape.Pixels)
                new ReadOnlySpan<float>(plane, run).CopyTo(new Span<float>(to + c * channelStep + at, run));
            at += run;
        }
        if (count < pixels)
            for (var c = 0; c < channels; c++)
                new Span<float>(to + c * channelStep + count, pixels - count).Clear();
    }

    public void Finish(int row)
    {
        nint line = (nint)columns * Block;
        for (var at = 0; at < line; at++)
        {
            var from = Sums + row * line + at;
            var sum = *from;
            for (var part = 1; part < parts; part++)
                sum += from[part * sumStep];
            var (block, place) = Math.DivRem(at, Block);
            var (o, i) = (row * GradientRows + place / Columns, block * Columns + place % Columns);
            if (o < shape.Cout && i < shape.Cin)
                output[(nint)o * shape.Cin + i] = sum;
        }
    }
}
