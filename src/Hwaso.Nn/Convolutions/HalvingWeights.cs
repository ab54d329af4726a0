using Hwaso.Common;

namespace Hwaso.Nn;

/// <summary>The gradient of the weights: parts of the tiles, each summed strip by strip, and groups of channels.</summary>
sealed unsafe class HalvingWeights<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    const int Factors = HalvingScheme.Sums, Products = HalvingScheme.Products;
    const int GradientRows = MinimalProducts<TLanes, TVector>.WeightRows, Columns = MinimalProducts<TLanes, TVector>.WeightColumns;
    const int Block = GradientRows * Columns;

    // Tiles of a strip: sums of fewer cost more to add up. Numbers of its transforms. Parts; numbers of their sums.
    const int MostTiles = 256, MostParts = 8, MostVectors = 48;
    const long MostNumbers = 1 << 20, MostSums = 1 << 23;

    readonly HalvingShape shape;
    readonly MinimalTiles tiles;
    readonly float* input, gradient, output;
    readonly int rows, strips, inPart, parts, groups, groupRows, columns;
    readonly int[] places;
    readonly nint channelStep, inputStep, gradientStep, sumStep, step;

    public HalvingWeights(in HalvingShape shape, int threads, float* input, float* gradient, float* output)
    {
        this.shape = shape;
        this.input = input;
        this.gradient = gradient;
        this.output = output;
        tiles = new MinimalTiles(shape.Output, TLanes.Count);
        (Rows, columns) = (MinimalTiles.Blocks(shape.Cout, GradientRows), MinimalTiles.Blocks(shape.Cin, Columns));
        sumStep = MinimalTiles.Apart((nint)Rows * columns * Block + 16);
        // The order of sums follows from the shape alone: strips and parts do not depend on the number of threads.
        var most = Math.Clamp(MostNumbers / (Products * shape.Cin + Factors * shape.Cout), 4 * TLanes.Count, MostTiles);
        strips = Math.Min(tiles.Rows, (int)Math.Max(1, ((long)tiles.Vectors(tiles.Rows) * TLanes.Count + most / 2) / most));
        parts = (int)Math.Clamp(MostSums / (Products * sumStep), 1, Math.Min(MostParts, strips));
        inPart = MinimalTiles.Blocks(strips, parts);
        strips = Math.Min(tiles.Rows, inPart * parts);
        rows = MinimalTiles.Blocks(tiles.Rows, strips);
        groups = parts % threads == 0 || parts >= 4 * threads ? 1 : Math.Min(threads, Rows);
        groupRows = MinimalTiles.Blocks(Rows, groups);
        groups = MinimalTiles.Blocks(Rows, groupRows);
        places = tiles.Places(rows);
        step = tiles.StripNumbers(rows);
        channelStep = MinimalTiles.Apart(places.Length * TLanes.Count);
        inputStep = shape.Cin * channelStep + 16;
        gradientStep = groupRows * GradientRows * channelStep + 16;
        WorkNumbers = Lines + 20 * step + Products * inputStep + Factors * gradientStep + 64;
    }

    nint Lines => ConvRows<TLanes, TVector>.Numbers(shape.Input);

    public int Pieces => parts * groups;

    /// <summary>Blocks of output channels.</summary>
    public int Rows { get; }

    public nint WorkNumbers { get; }

    public long SumNumbers => (long)parts * Products * sumStep;

    /// <summary>[part][25][row of blocks][column of blocks][12].</summary>
    public float* Sums { get; set; }

    public void Run(int piece, float* work)
    {
        var (part, group) = Math.DivRem(piece, groups);
        var (begin, end) = (group * groupRows, Math.Min(Rows, (group + 1) * groupRows));
        var sums = Sums + part * Products * sumStep;
        for (var p = 0; p < Products; p++)
            new Span<float>(sums + p * sumStep + (nint)begin * columns * Block, (end - begin) * columns * Block).Clear();
        new Span<float>(work + Lines, 20 * (int)step).Clear();
        for (var k = part * inPart; k < (part + 1) * inPart; k++)
            Strip(k * rows, work, begin, end, sums);
    }

    void Strip(int first, float* lines, int begin, int end, float* sums)
    {
        var count = Math.Min(rows, tiles.Rows - first);
        if (count <= 0)
            return;
        var separated = lines + Lines;
        var inputs = separated + 20 * step;
        var gradients = inputs + Products * inputStep;
        var vectors = tiles.Vectors(count);
        Inputs(lines, separated, first, count, vectors, inputs);
        Gradients(lines, separated, first, count, vectors, begin, end, gradients);
        // Sums of few terms are added up: long sums round more.
        var pieces = MinimalTiles.Blocks(vectors, MostVectors);
        var piece = MinimalTiles.Blocks(vectors, pieces) * TLanes.Count;
        for (var p = 0; p < Products; p++)
            for (var r = begin; r < end; r++)
            {
                var g = gradients + HalvingScheme.Of(p).Sum * gradientStep + (r - begin) * GradientRows * channelStep;
                var own = sums + p * sumStep + (nint)r * columns * Block;
                for (var at = 0; at < vectors * TLanes.Count; at += piece)
                    MinimalProducts<TLanes, TVector>.Weights(g + at, Math.Min(GradientRows, shape.Cout - r * GradientRows),
                        inputs + p * inputStep + at, shape.Cin, channelStep, Math.Min(piece, vectors * TLanes.Count - at), own);
            }
    }

    void Inputs(float* lines, float* separated, int first, int count, int vectors, float* inputs)
    {
        var offsets = stackalloc nint[Products];
        var planes = shape.Input;
        var reader = new ConvRows<TLanes, TVector>(planes, input + (nint)planes.Images * planes.Cin * planes.Pixels, lines);
        fixed (int* place = places)
            for (var c = 0; c < shape.Cin; c++)
            {
                for (var k = 0; k < Products; k++)
                    offsets[k] = k * inputStep + c * channelStep;
                HalvingRows<TLanes, TVector>.Inputs(reader, input, planes, tiles, c, first, count, separated, step);
                HalvingTransforms<TLanes, TVector>.Across(
                    separated, step, place, vectors, inputs, offsets, TLanes.Count, 2 * TLanes.Count);
            }
    }

    // Beyond the image a gradient is zero.
    void Gradients(float* lines, float* separated, int first, int count, int vectors, int begin, int end, float* gradients)
    {
        var planes = shape.Output;
        var reader = new ConvRows<TLanes, TVector>(planes, gradient + (nint)planes.Images * planes.Cin * planes.Pixels, lines);
        var (from, to) = (begin * GradientRows, Math.Min(shape.Cout, end * GradientRows));
        fixed (int* place = places)
            for (var c = from; c < to; c++)
            {
                for (var r = 0; r < count; r++)
                {
                    var (image, y) = tiles.Of(first + r);
                    var plane = gradient + ((nint)image * planes.Cin + c) * planes.Pixels;
                    var target = separated + r * tiles.Pitch;
                    MinimalTransforms<TLanes, TVector>.Split(
                        reader.Row(plane, y, 0), reader.Row(plane, y + 1, 1), planes.Width, target, step);
                    for (var k = 0; k < 4; k++, target += step)
                    {
                        new Span<float>(target + tiles.Columns, tiles.Pitch - tiles.Columns + (r == count - 1 ? 2 * TLanes.Count : 0))
                            .Clear();
                        if (k % 2 == 1 && planes.Width % 2 == 1)
                            target[tiles.Columns - 1] = 0;
                    }
                }
                HalvingTransforms<TLanes, TVector>.Spread(
                    separated, step, place, vectors, gradients + (c - from) * channelStep, gradientStep);
            }
    }

    /// <summary>Writes the gradients of a block of output channels.</summary>
    public void Finish(int row)
    {
        var taps = stackalloc float[9 * TLanes.Count];
        var sums = stackalloc float[Products * TLanes.Count];
        var line = columns * Block;
        for (var at = 0; at < line; at += TLanes.Count)
        {
            var count = Math.Min(TLanes.Count, line - at);
            for (var p = 0; p < Products; p++)
            {
                var from = Sums + p * sumStep + (nint)row * line + at;
                var sum = TLanes.Load(from);
                for (var part = 1; part < parts; part++)
                    sum = TLanes.Add(sum, TLanes.Load(from + part * Products * sumStep));
                TLanes.Store(sum, sums + p * TLanes.Count);
            }
            HalvingTransforms<TLanes, TVector>.Gather(sums, taps);
            for (var k = 0; k < count; k++)
            {
                var (block, place) = Math.DivRem(at + k, Block);
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
