using Hwaso.Common;

namespace Hwaso.Nn;

/// <summary>Outputs, or on the way back gradients of inputs, of strips of rows of tiles and of groups of channels.</summary>
sealed unsafe class TileOutputs<TTiling, TLanes, TVector>
    where TTiling : struct, ITiling<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    const int Block = OutputProducts<TLanes, TVector>.Channels;

    // Of a tile: rows of outputs, and outputs.
    const int MostSize = 4, MostOutputs = MostSize * MostSize;

    // Numbers of transformed weights that stay in a second-level cache of 512 KB for all of a strip's tiles.
    const long NearNumbers = 40_000;

    readonly Planes from, to;
    readonly MinimalTiles tiles;
    readonly float* factors, bias, input, output;
    readonly int rows, strips, groups, groupBlocks, chunk;
    readonly int[] places, terms;
    readonly nint[] inputs, sources, begins, filterRows;
    readonly nint step, pairStep, sumStep, pairSums;

    public TileOutputs(
        in TileShape shape, int threads, TileFilters<TTiling, TLanes, TVector> filters, float* factors, float* bias, float* input,
        float* output)
    {
        this.factors = factors;
        this.bias = bias;
        this.input = input;
        this.output = output;
        (from, to) = filters.IsBack ? (shape.Output, shape.Input) : (shape.Input, shape.Output);
        tiles = new MinimalTiles(shape.Output, TLanes.Count);
        inputs = new nint[TTiling.Factors];
        for (var f = 0; f < inputs.Length; f++)
        {
            inputs[f] = pairStep;
            pairStep += MinimalTiles.Apart((nint)from.Channels * TTiling.Terms(f) * 2 * TLanes.Count + 16);
        }
        terms = new int[TTiling.Sums];
        (sources, begins, filterRows) = (new nint[TTiling.Sums], new nint[TTiling.Sums], new nint[TTiling.Sums]);
        for (var s = 0; s < terms.Length; s++)
        {
            var (factor, weight) = TTiling.Multiplied(s);
            (terms[s], sources[s]) = (from.Channels * TTiling.Terms(factor), inputs[factor]);
            (begins[s], filterRows[s]) = (filters.Begin(weight), filters.Row(weight));
        }
        // Weights that do not stay near for all sums do so for one sum at a time, of all of the strip's tiles.
        var blocks = MinimalTiles.Blocks(to.Channels, Block);
        var isWide = blocks * Block * filterRows.Sum(n => (long)n) > NearNumbers;
        rows = tiles.BestRows(threads, pairStep, isWide);
        strips = MinimalTiles.Blocks(tiles.Rows, rows);
        groupBlocks = strips == 1 ? MinimalTiles.Blocks(blocks, threads) : blocks;
        groups = MinimalTiles.Blocks(blocks, groupBlocks);
        places = tiles.Places(rows);
        chunk = isWide ? MinimalTiles.Blocks(places.Length, 4) * 4 : OutputProducts<TLanes, TVector>.Vectors;
        step = tiles.StripNumbers(rows);
        sumStep = MinimalTiles.Apart((nint)groupBlocks * Block * 2 * TLanes.Count + 16);
        pairSums = TTiling.Sums * sumStep;
        WorkNumbers = ConvRows<TLanes, TVector>.Numbers(from) + TTiling.Lines * step + (places.Length + 1) / 2 * pairStep
            + MinimalTiles.Blocks(chunk, 2) * pairSums + 64;
    }

    public int Pieces => strips * groups;

    public nint WorkNumbers { get; }

    public void Run(int piece, float* work)
    {
        var (part, group) = Math.DivRem(piece, groups);
        var first = part * rows;
        var count = Math.Min(rows, tiles.Rows - first);
        if (count <= 0)
            return;
        var reader = new ConvRows<TLanes, TVector>(from, input + from.Numbers, work);
        work += ConvRows<TLanes, TVector>.Numbers(from);
        var transformed = work + TTiling.Lines * step;
        var sums = transformed + (places.Length + 1) / 2 * pairStep;
        Inputs(reader, first, count, tiles.Vectors(count), work, transformed);
        var (begin, end) = (group * groupBlocks * Block, Math.Min((group + 1) * groupBlocks * Block, to.Channels));
        Products(transformed, sums, first, count, begin, end - begin);
    }

    void Inputs(ConvRows<TLanes, TVector> reader, int first, int count, int vectors, float* lines, float* transformed)
    {
        var offsets = stackalloc nint[TTiling.Numbers];
        fixed (int* place = places)
            for (var c = 0; c < from.Channels; c++)
            {
                for (var k = 0; k < TTiling.Numbers; k++)
                {
                    var (factor, at) = TTiling.Of(k);
                    offsets[k] = inputs[factor] + (at * from.Channels + c) * 2 * TLanes.Count;
                }
                TTiling.Rows(reader, input, from, tiles, c, first, count, lines, step);
                TTiling.Across(lines, step, place, vectors, transformed, offsets, pairStep);
            }
    }

    void Products(float* transformed, float* sums, int first, int count, int channel, int channels)
    {
        var vectors = tiles.Vectors(count);
        for (var v = 0; v < vectors; v += chunk)
        {
            var end = Math.Min(v + chunk, vectors);
            for (var s = 0; s < terms.Length; s++)
                for (var k = v; k < end; k += OutputProducts<TLanes, TVector>.Vectors)
                    OutputProducts<TLanes, TVector>.Sum(transformed + k / 2 * pairStep + sources[s], pairStep, end - k,
                        factors + begins[s] + channel * filterRows[s], filterRows[s], terms[s], MinimalTiles.Blocks(channels, Block),
                        sums + (k - v) / 2 * pairSums + s * sumStep, pairSums);
            for (var k = v; k < end; k++)
                Write(sums + (k - v) / 2 * pairSums + k % 2 * TLanes.Count, places[k], first, count, channel, channels);
        }
    }

    void Write(float* sums, int place, int first, int count, int channel, int channels)
    {
        var (row, column) = Math.DivRem(place, tiles.Pitch);
        var (image, y) = tiles.Of(first + row);
        y = y / 2 * TTiling.Size;
        if (TTiling.Size * (column + TLanes.Count) <= to.Width)
        {
            TTiling.Up(sums, sumStep, channels, bias == null ? null : bias + channel,
                output + Plane(image, channel, y) + TTiling.Size * column, to.Pixels, to.Width, Math.Min(TTiling.Size, to.Height - y));
            return;
        }
        var buffer = stackalloc float[MostOutputs * TLanes.Count];
        var runs = stackalloc nint[3 * MostSize * TLanes.Count];
        var numbers = Runs(row, column, first, count, channel, runs);
        for (var c = 0; c < channels; c++, sums += 2 * TLanes.Count)
        {
            TTiling.Up(sums, sumStep, 1, bias == null ? null : bias + channel + c, buffer, 0, TTiling.Size * TLanes.Count, TTiling.Size);
            for (var k = 0; k < numbers; k += 3)
                ShortRuns.Copy(buffer + runs[k], output + runs[k + 1] + (nint)c * to.Pixels, (int)runs[k + 2]);
        }
    }

    nint Plane(int image, int channel, int y) => ((nint)image * to.Channels + channel) * to.Pixels + (nint)y * to.Width;

    // A vector that reaches beyond its row's end holds tiles of more than one row: where in the buffer each run of outputs begins, where in
    // the output, and how long it is.
    int Runs(int row, int column, int first, int count, int channel, nint* runs)
    {
        var numbers = 0;
        for (var lane = 0; lane < TLanes.Count && row < count; row++, column = 0)
        {
            var (image, y) = tiles.Of(first + row);
            y = y / 2 * TTiling.Size;
            for (var k = 0; k < TTiling.Size && y + k < to.Height; k++)
            {
                runs[numbers++] = TTiling.Size * (k * TLanes.Count + lane);
                runs[numbers++] = Plane(image, channel, y + k) + TTiling.Size * column;
                runs[numbers++] = Math.Min(TTiling.Size * (TLanes.Count - lane), to.Width - TTiling.Size * column);
            }
            lane += tiles.Pitch - column;
        }
        return numbers;
    }
}
