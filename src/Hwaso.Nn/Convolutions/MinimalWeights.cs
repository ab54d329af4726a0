using Hwaso.Common;

namespace Hwaso.Nn;

/// <summary>The gradient of the weights: parts of the tiles, each summed strip by strip, and groups of channels.</summary>
sealed unsafe class MinimalWeights<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    const int Products = MinimalTransforms<TLanes, TVector>.Products;
    const int GradientRows = MinimalProducts<TLanes, TVector>.WeightRows, Columns = MinimalProducts<TLanes, TVector>.WeightColumns;

    // Tiles of a strip: sums of fewer cost more to add up. Numbers of its transforms. Parts; numbers of their sums.
    const int MostTiles = 256, MostParts = 8, MostVectors = 48;
    const long MostNumbers = 1 << 20, MostSums = 1 << 23;

    readonly SameConvShape shape;
    readonly MinimalTiles tiles;
    readonly MinimalStrip<TLanes, TVector> strip;
    readonly float* input, gradient, output;
    readonly int rows, strips, inPart, parts, groups, groupRows, columns;
    readonly int[] places;
    readonly nint channelStep, inputStep, gradientStep, sumStep;

    public MinimalWeights(in SameConvShape shape, int threads, float* input, float* gradient, float* output)
    {
        this.shape = shape;
        this.input = input;
        this.gradient = gradient;
        this.output = output;
        tiles = new MinimalTiles(shape, TLanes.Count);
        (Rows, columns) = (MinimalTiles.Blocks(shape.Cout, GradientRows), MinimalTiles.Blocks(shape.Cin, Columns));
        sumStep = MinimalTiles.Apart((nint)Rows * columns * GradientRows * Columns + 16);
        // The order of sums follows from the shape alone: strips and parts do not depend on the number of threads.
        var most = Math.Clamp(MostNumbers / (Products * (shape.Cin + shape.Cout)), 4 * TLanes.Count, MostTiles);
        strips = Math.Min(tiles.Rows, (int)Math.Max(1, ((long)tiles.Vectors(tiles.Rows) * TLanes.Count + most / 2) / most));
        parts = (int)Math.Clamp(MostSums / (Products * sumStep), 1, Math.Min(MostParts, strips));
        inPart = MinimalTiles.Blocks(strips, parts);
        strips = Math.Min(tiles.Rows, inPart * parts);
        rows = MinimalTiles.Blocks(tiles.Rows, strips);
        groups = parts % threads == 0 || parts >= 4 * threads ? 1 : Math.Min(threads, Rows);
        groupRows = MinimalTiles.Blocks(Rows, groups);
        groups = MinimalTiles.Blocks(Rows, groupRows);
        strip = new MinimalStrip<TLanes, TVector>(shape, tiles, rows);
        places = tiles.Places(rows);
        channelStep = MinimalTiles.Apart(places.Length * TLanes.Count);
        inputStep = shape.Cin * channelStep + 16;
        gradientStep = groupRows * GradientRows * channelStep + 16;
        WorkNumbers = ConvRows<TLanes, TVector>.Numbers(shape) + strip.Numbers + Products * (inputStep + gradientStep) + 64;
    }

    public int Pieces => parts * groups;

    /// <summary>Blocks of output channels.</summary>
    public int Rows { get; }

    public nint WorkNumbers { get; }

    public long SumNumbers => (long)parts * Products * sumStep;

    /// <summary>[part][16][row of blocks][column of blocks][12].</summary>
    public float* Sums { get; set; }

    public void Run(int piece, float* work)
    {
        var (part, group) = Math.DivRem(piece, groups);
        var (begin, end) = (group * groupRows, Math.Min(Rows, (group + 1) * groupRows));
        var sums = Sums + part * Products * sumStep;
        var line = columns * GradientRows * Columns;
        for (var f = 0; f < Products; f++)
            new Span<float>(sums + f * sumStep + (nint)begin * line, (end - begin) * line).Clear();
        var lines = work;
        work += ConvRows<TLanes, TVector>.Numbers(shape);
        new Span<float>(work, (int)strip.Numbers).Clear();
        for (var k = part * inPart; k < (part + 1) * inPart; k++)
            Strip(k * rows, lines, work, begin, end, sums);
    }

    void Strip(int first, float* lines, float* halves, int begin, int end, float* sums)
    {
        var count = Math.Min(rows, tiles.Rows - first);
        if (count <= 0)
            return;
        var inputs = halves + strip.Numbers;
        var gradients = inputs + Products * inputStep;
        var vectors = tiles.Vectors(count);
        var (from, to) = (begin * GradientRows, Math.Min(shape.Cout, end * GradientRows));
        var reader = new ConvRows<TLanes, TVector>(shape, input + (nint)shape.Images * shape.Cin * shape.Pixels, lines);
        fixed (int* place = places)
        {
            for (var c = 0; c < shape.Cin; c++)
            {
                strip.Channel(reader, input, c, first, count, halves);
                MinimalTransforms<TLanes, TVector>.Across(
                    halves, strip.Step, place, vectors, inputs + c * channelStep, 2 * TLanes.Count, inputStep);
            }
            reader = new ConvRows<TLanes, TVector>(shape, gradient + (nint)shape.Images * shape.Cout * shape.Pixels, lines);
            for (var c = from; c < to; c++)
            {
                Gradient(reader, c, first, count, halves);
                MinimalTransforms<TLanes, TVector>.Spread(
                    halves, strip.Step, place, vectors, gradients + (c - from) * channelStep, gradientStep);
            }
        }
        // Sums of few terms are added up: long sums round more.
        var pieces = MinimalTiles.Blocks(vectors, MostVectors);
        var piece = MinimalTiles.Blocks(vectors, pieces) * TLanes.Count;
        for (var f = 0; f < Products; f++)
            for (var r = begin; r < end; r++)
            {
                var g = gradients + f * gradientStep + (r - begin) * GradientRows * channelStep;
                var own = sums + f * sumStep + (nint)r * columns * GradientRows * Columns;
                for (var at = 0; at < vectors * TLanes.Count; at += piece)
                    MinimalProducts<TLanes, TVector>.Weights(g + at, Math.Min(GradientRows, shape.Cout - r * GradientRows),
                        inputs + f * inputStep + at, shape.Cin, channelStep, Math.Min(piece, vectors * TLanes.Count - at), own);
            }
    }

    // Beyond the image a gradient is zero.
    void Gradient(ConvRows<TLanes, TVector> reader, int channel, int first, int count, float* halves)
    {
        for (var r = 0; r < count; r++)
        {
            var (image, y) = tiles.Of(first + r);
            var plane = gradient + ((nint)image * shape.Cout + channel) * shape.Pixels;
            var to = halves + r * tiles.Pitch;
            MinimalTransforms<TLanes, TVector>.Split(reader.Row(plane, y, 0), reader.Row(plane, y + 1, 1), shape.Width, to, strip.Step);
            for (var k = 0; k < 4; k++, to += strip.Step)
            {
                new Span<float>(to + tiles.Columns, tiles.Pitch - tiles.Columns + (r == count - 1 ? 2 * TLanes.Count : 0)).Clear();
                if (k % 2 == 1 && shape.Width % 2 == 1)
                    to[tiles.Columns - 1] = 0;
            }
        }
    }

    /// <summary>Writes the gradients of a block of output channels.</summary>
    public void Finish(int row)
    {
        var taps = stackalloc float[9 * TLanes.Count];
        var line = columns * GradientRows * Columns;
        var sums = stackalloc float[Products * TLanes.Count];
        for (var at = 0; at < line; at += TLanes.Count)
        {
            var count = Math.Min(TLanes.Count, line - at);
            for (var f = 0; f < Products; f++)
            {
                var from = Sums + f * sumStep + (nint)row * line + at;
                var sum = TLanes.Load(from);
                for (var part = 1; part < parts; part++)
                    sum = TLanes.Add(sum, TLanes.Load(from + part * Products * sumStep));
                TLanes.Store(sum, sums + f * TLanes.Count);
            }
            MinimalTransforms<TLanes, TVector>.Gather(sums, TLanes.Count, taps);
            for (var k = 0; k < count; k++)
            {
                var (block, place) = Math.DivRem(at + k, GradientRows * Columns);
                var (o, i) = (row * GradientRows + place / Columns, block * Columns + place % Columns);
                if (o >= shape.Cout || i >= shape.Cin)
                    continue;
                var to = output + ((nint)o * shape.Cin + i) * 9;
                for (var t = 0; t < 9; t++)
                    to[t] = taps[t * TLanes.Count + k];
            }
        }
    }
}
