using System.Runtime.Intrinsics;
using Hwaso.Common;
using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>
/// 3×3 convolutions of stride 1 with 16 products for 36: minimal filtering of 2×2 outputs (Lavin and Gray, CVPR 2016), for one width of
/// vectors. The gradient of the weights is the adjoint with the same transforms.
/// </summary>
abstract unsafe class MinimalPasses
{
    /// <summary>
    /// [N, Cout, H, W] from the input and weights [Cout, Cin, 3, 3]; or, on the way back, from weights [Cin, Cout, 3, 3], turned.
    /// </summary>
    public abstract void Outputs(in SameConvShape shape, float* input, float* weights, bool back, float* bias, float* output);

    /// <summary>[Cout, Cin, 3, 3] from inputs and gradients of the output.</summary>
    public abstract void WeightGradient(in SameConvShape shape, float* input, float* gradient, float* output);

    /// <summary>For the widest vectors that the processor has.</summary>
    public static MinimalPasses Widest =>
        Vector512.IsHardwareAccelerated ? MinimalPasses<Lanes512, Vector512<float>>.Instance
        : Vector256.IsHardwareAccelerated ? MinimalPasses<Lanes256, Vector256<float>>.Instance
        : Vector128.IsHardwareAccelerated ? MinimalPasses<Lanes128, Vector128<float>>.Instance
        : MinimalPasses<Lanes1, float>.Instance;
}

/// <inheritdoc/>
sealed unsafe class MinimalPasses<TLanes, TVector> : MinimalPasses
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    const int Products = MinimalTransforms<TLanes, TVector>.Products, Block = MinimalProducts<TLanes, TVector>.OutputChannels;

    // Numbers of a strip's transformed inputs: half of a second-level cache of 512 KB.
    const long StripNumbers = 1 << 16;

    public static MinimalPasses Instance { get; } = new MinimalPasses<TLanes, TVector>();

    static int Blocks(int count, int size) => (count + size - 1) / size;

    public override void Outputs(in SameConvShape shape, float* input, float* weights, bool back, float* bias, float* output)
    {
        using var scope = new Scope();
        var threads = Workers.For(shape.MultiplyAdds);
        var filters = new Filters(back ? shape.Cin : shape.Cout, back ? shape.Cout : shape.Cin);
        var factors = (float*)Tensor.Empty([filters.Numbers], ScalarType.Float32).Data();
        filters.Transform(weights, factors);
        var pass = new OutputPass(shape, threads, filters, factors, back, bias, input, output);
        var work = (float*)Tensor.Empty([threads * pass.WorkNumbers], ScalarType.Float32).Data();
        Workers.Run(threads, pass.Pieces, (thread, k) => pass.Run(k, work + thread * pass.WorkNumbers));
    }

    public override void WeightGradient(in SameConvShape shape, float* input, float* gradient, float* output)
    {
        using var scope = new Scope();
        var threads = Workers.For(shape.MultiplyAdds);
        var pass = new WeightPass(shape, threads, input, gradient, output);
        pass.Sums = (float*)Tensor.Empty([pass.SumNumbers], ScalarType.Float32).Data();
        var work = (float*)Tensor.Empty([threads * pass.WorkNumbers], ScalarType.Float32).Data();
        Workers.Run(threads, pass.Pieces, (thread, k) => pass.Run(k, work + thread * pass.WorkNumbers));
        Workers.Run(threads, pass.Rows, (_, k) => pass.Finish(k));
    }

    /// <summary>Transformed weights, [16][outer][inner], with zeros where blocks of channels end.</summary>
    readonly struct Filters(int outer, int inner)
    {
        readonly int rows = Blocks(outer, Block) * Block;

        /// <summary>Numbers from a row to the next.</summary>
        public int Row { get; } = Blocks(Blocks(inner, Block) * Block, TLanes.Count) * TLanes.Count;

        /// <summary>Numbers from a product to the next.</summary>
        public nint Next => MinimalTiles.Apart((nint)rows * Row);

        public long Numbers => Products * Next;

        public void Transform(float* weights, float* to)
        {
            var (row, next, channels, real) = (Row, Next, inner, outer);
            Workers.Run(Workers.For((long)rows * row * 32), rows, (_, o) =>
            {
                var taps = stackalloc float[9 * TLanes.Count];
                for (var i = 0; i < row; i += TLanes.Count)
                {
                    var count = o >= real ? 0 : Math.Min(TLanes.Count, channels - i);
                    if (count < TLanes.Count)
                        new Span<float>(taps, 9 * TLanes.Count).Clear();
                    var from = weights + ((nint)o * channels + i) * 9;
                    for (var k = 0; k < count; k++, from += 9)
                        for (var t = 0; t < 9; t++)
                            taps[t * TLanes.Count + k] = from[t];
                    MinimalTransforms<TLanes, TVector>.Filter(taps, to + (nint)o * row + i, next);
                }
            });
        }
    }

    /// <summary>Rows of an image, readable up to a multiple of two vectors; rows outside of it are zeros.</summary>
    readonly struct RowReader
    {
        readonly float* end, zeros, copies;
        readonly int width, height, whole;

        /// <param name="shape">The convolution.</param>
        /// <param name="end">Where the images end in memory.</param>
        /// <param name="work">Room for <see cref="Numbers"/>.</param>
        public RowReader(in SameConvShape shape, float* end, float* work)
        {
            (width, height) = (shape.Width, shape.Height);
            this.end = end;
            zeros = work;
            whole = Whole(shape);
            copies = work + whole;
            new Span<float>(work, 5 * whole).Clear();
        }

        static int Whole(in SameConvShape shape) => Blocks(shape.Width, 2 * TLanes.Count) * 2 * TLanes.Count;

        public static nint Numbers(in SameConvShape shape) => 5 * Whole(shape);

        public float* Row(float* plane, int y, int place)
        {
            if (y < 0 || y >= height)
                return zeros;
            var row = plane + (nint)y * width;
            if (row + whole <= end)
                return row;
            var copy = copies + place * whole;
            new ReadOnlySpan<float>(row, width).CopyTo(new Span<float>(copy, width));
            return copy;
        }
    }

    /// <summary>Transforms the inputs of a strip of tiles, one channel after the other.</summary>
    readonly struct InputStrip(SameConvShape shape, MinimalTiles tiles, int rows)
    {
        public nint Step { get; } = tiles.StripNumbers(rows);

        /// <summary>Numbers of what <see cref="Channel"/> works in.</summary>
        public nint Numbers => 8 * Step;

        public void Channel(RowReader reader, float* input, int channel, int first, int count, float* halves)
        {
            for (var r = 0; r < count; r++)
            {
                var (image, y) = tiles.Of(first + r);
                var plane = input + ((nint)image * shape.Cin + channel) * shape.Pixels;
                var to = halves + r * tiles.Pitch;
                MinimalTransforms<TLanes, TVector>.Down(reader.Row(plane, y - 1, 0), reader.Row(plane, y, 1), reader.Row(plane, y + 1, 2),
                    reader.Row(plane, y + 2, 3), shape.Width, to, Step);
                // The columns on both sides of the image.
                for (var k = 0; k < 4; k++, to += 2 * Step)
                {
                    (to[0], to[Step + tiles.Columns]) = (0, 0);
                    if (shape.Width % 2 == 1)
                        to[tiles.Columns] = 0;
                }
            }
        }
    }

    /// <summary>Outputs of strips of rows of tiles and of groups of output channels.</summary>
    sealed class OutputPass
    {
        readonly SameConvShape shape;
        readonly MinimalTiles tiles;
        readonly InputStrip strip;
        readonly Filters filters;
        readonly float* factors, bias, input, output;
        readonly bool back;
        readonly int rows, strips, groups, groupBlocks;
        readonly int[] places;
        readonly nint inputStep, pairStep, sumStep;

        public OutputPass(
            in SameConvShape shape, int threads, Filters filters, float* factors, bool back, float* bias, float* input, float* output)
        {
            (this.shape, this.filters, this.back) = (shape, filters, back);
            this.factors = factors;
            this.bias = bias;
            this.input = input;
            this.output = output;
            tiles = new MinimalTiles(shape, TLanes.Count);
            inputStep = MinimalTiles.Apart((nint)shape.Cin * 2 * TLanes.Count + 16);
            pairStep = Products * inputStep;
            rows = tiles.Rows;
            // One strip of few tiles is cut by channels alone.
            if (Pairs(rows) * pairStep > 2 * StripNumbers)
                rows = BestRows(threads);
            strips = Blocks(tiles.Rows, rows);
            var blocks = Blocks(shape.Cout, Block);
            groupBlocks = strips == 1 ? Blocks(blocks, threads) : blocks;
            groups = Blocks(blocks, groupBlocks);
            strip = new InputStrip(shape, tiles, rows);
            places = tiles.Places(rows);
            sumStep = MinimalTiles.Apart((nint)groupBlocks * Block * 2 * TLanes.Count + 16);
            WorkNumbers = RowReader.Numbers(shape) + strip.Numbers + (places.Length + 1) / 2 * pairStep + Products * sumStep + 64;
        }

        public int Pieces => strips * groups;

        public nint WorkNumbers { get; }

        int Pairs(int count) => (tiles.Vectors(count) + 1) / 2;

        // Rows of a strip that keep all threads busy for the shortest time, of those that the cache holds.
        int BestRows(int threads)
        {
            var (best, least) = (1, int.MaxValue);
            for (var count = 1; count <= tiles.Rows && (count == 1 || Pairs(count) * pairStep <= StripNumbers); count++)
            {
                var time = Blocks(Blocks(tiles.Rows, count), threads) * Pairs(count);
                if (time <= least)
                    (best, least) = (count, time);
            }
            return best;
        }

        public void Run(int piece, float* work)
        {
            var (part, group) = Math.DivRem(piece, groups);
            var first = part * rows;
            var count = Math.Min(rows, tiles.Rows - first);
            if (count <= 0)
                return;
            var reader = new RowReader(shape, input + (nint)shape.Images * shape.Cin * shape.Pixels, work);
            work += RowReader.Numbers(shape);
            var inputs = work + strip.Numbers;
            var sums = inputs + (places.Length + 1) / 2 * pairStep;
            var vectors = tiles.Vectors(count);
            fixed (int* place = places)
                for (var c = 0; c < shape.Cin; c++)
                {
                    strip.Channel(reader, input, c, first, count, work);
                    MinimalTransforms<TLanes, TVector>.Across(
                        work, strip.Step, place, vectors, inputs + c * 2 * TLanes.Count, pairStep, inputStep);
                }
            var channel = group * groupBlocks * Block;
            var channels = Math.Min(groupBlocks * Block, shape.Cout - channel);
            // Forward, rows of weights are output channels; on the way back, columns are, and the turned kernel exchanges 0 and infinity.
            nint row = back ? 1 : filters.Row, term = back ? filters.Row : 1;
            for (var v = 0; v < vectors; v += 2)
            {
                var pair = inputs + v / 2 * pairStep;
                for (var f = 0; f < Products; f++)
                {
                    var weights = factors + (back ? Turned(f) : f) * filters.Next + channel * row;
                    for (var b = 0; b < channels; b += Block)
                        MinimalProducts<TLanes, TVector>.Outputs(pair + f * inputStep, weights + b * row, row, term, shape.Cin,
                            sums + f * sumStep + b * 2 * TLanes.Count);
                }
                Write(sums, places[v], first, count, channel, channels);
                if (v + 1 < vectors)
                    Write(sums + TLanes.Count, places[v + 1], first, count, channel, channels);
            }
        }

        static int Turned(int product)
        {
            var (y, x) = Math.DivRem(product, 4);
            return (y % 3 == 0 ? 3 - y : y) * 4 + (x % 3 == 0 ? 3 - x : x);
        }

        void Write(float* sums, int place, int first, int count, int channel, int channels)
        {
            var (row, column) = Math.DivRem(place, tiles.Pitch);
            var (image, y) = tiles.Of(first + row);
            var two = y + 1 < shape.Height;
            var buffer = stackalloc float[4 * 16];
            var to = output + ((nint)image * shape.Cout + channel) * shape.Pixels + (nint)y * shape.Width + 2 * column;
            var whole = row < count && 2 * (column + TLanes.Count) <= shape.Width;
            for (var c = 0; c < channels; c++, sums += 2 * TLanes.Count, to += shape.Pixels)
            {
                var shift = bias == null ? 0 : bias[channel + c];
                if (whole)
                {
                    MinimalTransforms<TLanes, TVector>.Up(sums, sumStep, shift, to, two ? to + shape.Width : buffer);
                    continue;
                }
                MinimalTransforms<TLanes, TVector>.Up(sums, sumStep, shift, buffer, buffer + 2 * TLanes.Count);
                WriteParts(buffer, row, column, first, count, channel + c);
            }
        }

        // A vector that reaches beyond its row's end holds tiles of more than one row.
        void WriteParts(float* buffer, int row, int column, int first, int count, int channel)
        {
            for (var lane = 0; lane < TLanes.Count && row < count; row++, column = 0)
            {
                var (image, y) = tiles.Of(first + row);
                var to = output + ((nint)image * shape.Cout + channel) * shape.Pixels + (nint)y * shape.Width + 2 * column;
                var pixels = Math.Min(2 * (TLanes.Count - lane), shape.Width - 2 * column);
                for (var x = 0; x < pixels; x++)
                    to[x] = buffer[2 * lane + x];
                if (y + 1 < shape.Height)
                    for (var x = 0; x < pixels; x++)
                        to[shape.Width + x] = buffer[2 * (TLanes.Count + lane) + x];
                lane += tiles.Pitch - column;
            }
        }
    }

    /// <summary>The gradient of the weights: parts of the tiles, each summed strip by strip, and groups of channels.</summary>
    sealed class WeightPass
    {
        const int GradientRows = MinimalProducts<TLanes, TVector>.WeightRows, Columns = MinimalProducts<TLanes, TVector>.WeightColumns;

        // Tiles of a strip: sums of fewer cost more to add up. Numbers of its transforms. Parts; numbers of their sums.
        const int MostTiles = 256, MostParts = 8;
        const long MostNumbers = 1 << 20, MostSums = 1 << 23;

        readonly SameConvShape shape;
        readonly MinimalTiles tiles;
        readonly InputStrip strip;
        readonly float* input, gradient, output;
        readonly int rows, strips, inPart, parts, groups, groupRows, columns;
        readonly int[] places;
        readonly nint channelStep, inputStep, gradientStep, sumStep;

        public WeightPass(in SameConvShape shape, int threads, float* input, float* gradient, float* output)
        {
            this.shape = shape;
            this.input = input;
            this.gradient = gradient;
            this.output = output;
            tiles = new MinimalTiles(shape, TLanes.Count);
            (Rows, columns) = (Blocks(shape.Cout, GradientRows), Blocks(shape.Cin, Columns));
            sumStep = MinimalTiles.Apart((nint)Rows * columns * GradientRows * Columns + 16);
            // The order of sums follows from the shape alone: strips and parts do not depend on the number of threads.
            var most = Math.Clamp(MostNumbers / (Products * (shape.Cin + shape.Cout)), 4 * TLanes.Count, MostTiles);
            strips = Math.Min(tiles.Rows, (int)Math.Max(1, ((long)tiles.Vectors(tiles.Rows) * TLanes.Count + most / 2) / most));
            parts = (int)Math.Clamp(MostSums / (Products * sumStep), 1, Math.Min(MostParts, strips));
            inPart = Blocks(strips, parts);
            strips = Math.Min(tiles.Rows, inPart * parts);
            rows = Blocks(tiles.Rows, strips);
            groups = parts % threads == 0 || parts >= 4 * threads ? 1 : Math.Min(threads, Rows);
            groupRows = Blocks(Rows, groups);
            groups = Blocks(Rows, groupRows);
            strip = new InputStrip(shape, tiles, rows);
            places = tiles.Places(rows);
            channelStep = MinimalTiles.Apart(places.Length * TLanes.Count);
            inputStep = shape.Cin * channelStep + 16;
            gradientStep = groupRows * GradientRows * channelStep + 16;
            WorkNumbers = RowReader.Numbers(shape) + strip.Numbers + Products * (inputStep + gradientStep) + 64;
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
            work += RowReader.Numbers(shape);
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
            var reader = new RowReader(shape, input + (nint)shape.Images * shape.Cin * shape.Pixels, lines);
            fixed (int* place = places)
            {
                for (var c = 0; c < shape.Cin; c++)
                {
                    strip.Channel(reader, input, c, first, count, halves);
                    MinimalTransforms<TLanes, TVector>.Across(
                        halves, strip.Step, place, vectors, inputs + c * channelStep, 2 * TLanes.Count, inputStep);
                }
                reader = new RowReader(shape, gradient + (nint)shape.Images * shape.Cout * shape.Pixels, lines);
                for (var c = from; c < to; c++)
                {
                    Gradient(reader, c, first, count, halves);
                    MinimalTransforms<TLanes, TVector>.Spread(
                        halves, strip.Step, place, vectors, gradients + (c - from) * channelStep, gradientStep);
                }
            }
            for (var f = 0; f < Products; f++)
                for (var r = begin; r < end; r++)
                {
                    var last = shape.Cout - r * GradientRows - 1;
                    var g = gradients + f * gradientStep + (r - begin) * GradientRows * channelStep;
                    var own = sums + f * sumStep + (nint)r * columns * GradientRows * Columns;
                    for (var c = 0; c < columns; c++, own += GradientRows * Columns)
                    {
                        var other = shape.Cin - c * Columns - 1;
                        MinimalProducts<TLanes, TVector>.Weights(g, Math.Min(1, last) * channelStep, Math.Min(2, last) * channelStep,
                            Math.Min(3, last) * channelStep, inputs + f * inputStep + c * Columns * channelStep,
                            Math.Min(1, other) * channelStep, Math.Min(2, other) * channelStep, vectors * TLanes.Count, own);
                    }
                }
        }

        // Beyond the image a gradient is zero.
        void Gradient(RowReader reader, int channel, int first, int count, float* halves)
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
}
