using Hwaso.Common;

namespace Hwaso.Nn;

/// <summary>Outputs of strips of rows of tiles and of groups of output channels.</summary>
sealed unsafe class MinimalOutputs<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    const int Products = MinimalTransforms<TLanes, TVector>.Products, Block = MinimalProducts<TLanes, TVector>.OutputChannels;

    // Numbers of transformed weights that stay in a second-level cache of 512 KB for all of a strip's tiles.
    const long NearNumbers = 40_000;

    readonly SameConvShape shape;
    readonly MinimalTiles tiles;
    readonly MinimalStrip<TLanes, TVector> strip;
    readonly MinimalFilters<TLanes, TVector> filters;
    readonly float* factors, bias, input, output;
    readonly int rows, strips, groups, groupBlocks, nearBlocks;
    readonly int[] places;
    readonly nint inputStep, pairStep, sumStep;

    public MinimalOutputs(
        in SameConvShape shape, int threads, MinimalFilters<TLanes, TVector> filters, float* factors, float* bias, float* input,
        float* output)
    {
        (this.shape, this.filters) = (shape, filters);
        this.factors = factors;
        this.bias = bias;
        this.input = input;
        this.output = output;
        tiles = new MinimalTiles(shape, TLanes.Count);
        inputStep = MinimalTiles.Apart((nint)shape.Cin * 2 * TLanes.Count + 16);
        pairStep = Products * inputStep;
        rows = tiles.BestRows(threads, pairStep);
        strips = MinimalTiles.Blocks(tiles.Rows, rows);
        var blocks = MinimalTiles.Blocks(shape.Cout, Block);
        groupBlocks = strips == 1 ? MinimalTiles.Blocks(blocks, threads) : blocks;
        groups = MinimalTiles.Blocks(blocks, groupBlocks);
        nearBlocks = (int)Math.Clamp(NearNumbers / (Products * Block * filters.Row), 1, groupBlocks);
        strip = new MinimalStrip<TLanes, TVector>(shape, tiles, rows);
        places = tiles.Places(rows);
        sumStep = MinimalTiles.Apart((nint)nearBlocks * Block * 2 * TLanes.Count + 16);
        WorkNumbers = ConvRows<TLanes, TVector>.Numbers(shape) + strip.Numbers + (places.Length + 1) / 2 * pairStep + Products * sumStep
            + 64;
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
        var reader = new ConvRows<TLanes, TVector>(shape, input + (nint)shape.Images * shape.Cin * shape.Pixels, work);
        work += ConvRows<TLanes, TVector>.Numbers(shape);
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
        var (begin, end) = (group * groupBlocks * Block, Math.Min((group + 1) * groupBlocks * Block, shape.Cout));
        for (var channel = begin; channel < end; channel += nearBlocks * Block)
            Sum(inputs, sums, first, count, channel, Math.Min(nearBlocks * Block, end - channel));
    }

    void Sum(float* inputs, float* sums, int first, int count, int channel, int channels)
    {
        var vectors = tiles.Vectors(count);
        for (var v = 0; v < vectors; v += 2)
        {
            var pair = inputs + v / 2 * pairStep;
            for (var f = 0; f < Products; f++)
                MinimalProducts<TLanes, TVector>.Outputs(pair + f * inputStep, factors + f * filters.Next + (nint)channel * filters.Row,
                    filters.Row, shape.Cin, MinimalTiles.Blocks(channels, Block), sums + f * sumStep);
            Write(sums, places[v], first, count, channel, channels);
            if (v + 1 < vectors)
                Write(sums + TLanes.Count, places[v + 1], first, count, channel, channels);
        }
    }

    void Write(float* sums, int place, int first, int count, int channel, int channels)
    {
        var (row, column) = Math.DivRem(place, tiles.Pitch);
        var (image, y) = tiles.Of(first + row);
        var two = y + 1 < shape.Height;
        var buffer = stackalloc float[4 * 16];
        var to = output + ((nint)image * shape.Cout + channel) * shape.Pixels + (nint)y * shape.Width + 2 * column;
        var shift = bias == null ? null : bias + channel;
        if (2 * (column + TLanes.Count) <= shape.Width)
        {
            MinimalTransforms<TLanes, TVector>.Up(sums, sumStep, channels, shift, to, shape.Pixels, two ? shape.Width : 0);
            return;
        }
        for (var c = 0; c < channels; c++, sums += 2 * TLanes.Count)
        {
            MinimalTransforms<TLanes, TVector>.Up(sums, sumStep, shift == null ? 0 : shift[c], buffer, buffer + 2 * TLanes.Count);
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
