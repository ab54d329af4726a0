using Hwaso.Common;

namespace Hwaso.Nn;

/// <summary>Outputs, or on the way back gradients of inputs, of strips of rows of tiles and of groups of channels.</summary>
sealed unsafe class HalvingOutputs<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    const int Block = MinimalProducts<TLanes, TVector>.OutputChannels;

    // Numbers of transformed weights that stay in a second-level cache of 512 KB for all of a strip's tiles.
    const long NearNumbers = 40_000;

    readonly SameConvShape from, to;
    readonly MinimalTiles tiles;
    readonly HalvingFilters<TLanes, TVector> filters;
    readonly float* factors, bias, input, output;
    readonly bool back;
    readonly int rows, strips, groups, groupBlocks, nearBlocks, sumCount, size;
    readonly int[] places, terms;
    readonly nint[] sources, begins, filterRows;
    readonly nint step, pairStep, sumStep;

    public HalvingOutputs(
        in HalvingShape shape, int threads, HalvingFilters<TLanes, TVector> filters, float* factors, float* bias, float* input,
        float* output)
    {
        this.filters = filters;
        this.factors = factors;
        this.bias = bias;
        this.input = input;
        this.output = output;
        back = filters.IsBack;
        (from, to) = back ? (shape.Output, shape.Input) : (shape.Input, shape.Output);
        (sumCount, size) = back ? (HalvingScheme.Products, 4) : (HalvingScheme.Sums, 2);
        tiles = new MinimalTiles(shape.Output, TLanes.Count);
        terms = new int[sumCount];
        (sources, begins, filterRows) = (new nint[sumCount], new nint[sumCount], new nint[sumCount]);
        var one = MinimalTiles.Apart((nint)from.Cin * 2 * TLanes.Count + 16);
        for (var s = 0; s < sumCount; s++)
        {
            terms[s] = from.Cin * (back ? 1 : HalvingScheme.Terms(s));
            sources[s] = back ? HalvingScheme.Back(s).Gradient * one : pairStep;
            (begins[s], filterRows[s]) = (filters.Begin(s), filters.Row(s));
            if (!back)
                pairStep += MinimalTiles.Apart((nint)terms[s] * 2 * TLanes.Count + 16);
        }
        if (back)
            pairStep = HalvingScheme.BackFactors * one;
        rows = tiles.BestRows(threads, pairStep);
        strips = MinimalTiles.Blocks(tiles.Rows, rows);
        var blocks = MinimalTiles.Blocks(to.Cout, Block);
        groupBlocks = strips == 1 ? MinimalTiles.Blocks(blocks, threads) : blocks;
        groups = MinimalTiles.Blocks(blocks, groupBlocks);
        nearBlocks = (int)Math.Clamp(NearNumbers / (Block * filterRows.Sum(n => (long)n)), 1, groupBlocks);
        places = tiles.Places(rows);
        step = tiles.StripNumbers(rows);
        sumStep = MinimalTiles.Apart((nint)nearBlocks * Block * 2 * TLanes.Count + 16);
        WorkNumbers = ConvRows<TLanes, TVector>.Numbers(from) + Separated + (places.Length + 1) / 2 * pairStep + sumCount * sumStep + 64;
    }

    public int Pieces => strips * groups;

    public nint WorkNumbers { get; }

    // Numbers of rows whose columns are separated.
    nint Separated => (back ? 8 : 20) * step;

    public void Run(int piece, float* work)
    {
        var (part, group) = Math.DivRem(piece, groups);
        var first = part * rows;
        var count = Math.Min(rows, tiles.Rows - first);
        if (count <= 0)
            return;
        var reader = new ConvRows<TLanes, TVector>(from, input + (nint)from.Images * from.Cin * from.Pixels, work);
        work += ConvRows<TLanes, TVector>.Numbers(from);
        var inputs = work + Separated;
        var sums = inputs + (places.Length + 1) / 2 * pairStep;
        Inputs(reader, first, count, tiles.Vectors(count), work, inputs);
        var (begin, end) = (group * groupBlocks * Block, Math.Min((group + 1) * groupBlocks * Block, to.Cout));
        for (var channel = begin; channel < end; channel += nearBlocks * Block)
            Products(inputs, sums, first, count, channel, Math.Min(nearBlocks * Block, end - channel));
    }

    void Products(float* inputs, float* sums, int first, int count, int channel, int channels)
    {
        var vectors = tiles.Vectors(count);
        for (var v = 0; v < vectors; v += 2)
        {
            var pair = inputs + v / 2 * pairStep;
            for (var s = 0; s < sumCount; s++)
                MinimalProducts<TLanes, TVector>.Outputs(pair + sources[s], factors + begins[s] + channel * filterRows[s],
                    filterRows[s], terms[s], MinimalTiles.Blocks(channels, Block), sums + s * sumStep);
            Write(sums, places[v], first, count, channel, channels);
            if (v + 1 < vectors)
                Write(sums + TLanes.Count, places[v + 1], first, count, channel, channels);
        }
    }

    void Inputs(ConvRows<TLanes, TVector> reader, int first, int count, int vectors, float* work, float* inputs)
    {
        var offsets = stackalloc nint[HalvingScheme.Products];
        fixed (int* place = places)
            for (var c = 0; c < from.Cin; c++)
            {
                if (back)
                {
                    HalvingRows<TLanes, TVector>.Gradients(reader, input, from, tiles, c, first, count, work, step);
                    HalvingTransforms<TLanes, TVector>.BackAcross(work, step, place, vectors, inputs + c * 2 * TLanes.Count,
                        pairStep / HalvingScheme.BackFactors, pairStep);
                    continue;
                }
                for (var k = 0; k < HalvingScheme.Products; k++)
                {
                    var (sum, at) = HalvingScheme.Of(k);
                    offsets[k] = sources[sum] + (at * from.Cin + c) * 2 * TLanes.Count;
                }
                HalvingRows<TLanes, TVector>.Inputs(reader, input, from, tiles, c, first, count, work, step);
                HalvingTransforms<TLanes, TVector>.Across(work, step, place, vectors, inputs, offsets, TLanes.Count, pairStep);
            }
    }

    void Write(float* sums, int place, int first, int count, int channel, int channels)
    {
        var (row, column) = Math.DivRem(place, tiles.Pitch);
        var (image, y) = tiles.Of(first + row);
        y = y / 2 * size;
        if (size * (column + TLanes.Count) <= to.Width)
        {
            Up(sums, channel, channels, Plane(image, channel, y) + size * column, to.Pixels, to.Width, Math.Min(size, to.Height - y));
            return;
        }
        var buffer = stackalloc float[4 * 4 * 16];
        for (var c = 0; c < channels; c++, sums += 2 * TLanes.Count)
        {
            Up(sums, channel + c, 1, buffer, 0, size * TLanes.Count, size);
            WriteParts(buffer, row, column, first, count, channel + c);
        }
    }

    void Up(float* sums, int channel, int channels, float* target, nint plane, nint width, int wanted)
    {
        if (back)
            HalvingTransforms<TLanes, TVector>.BackUp(sums, sumStep, channels, target, plane, width, wanted);
        else
            HalvingTransforms<TLanes, TVector>.Up(
                sums, sumStep, channels, bias == null ? null : bias + channel, target, plane, width, wanted);
    }

    float* Plane(int image, int channel, int y) => output + ((nint)image * to.Cout + channel) * to.Pixels + (nint)y * to.Width;

    // A vector that reaches beyond its row's end holds tiles of more than one row.
    void WriteParts(float* buffer, int row, int column, int first, int count, int channel)
    {
        for (var lane = 0; lane < TLanes.Count && row < count; row++, column = 0)
        {
            var (image, y) = tiles.Of(first + row);
            y = y / 2 * size;
            var pixels = Math.Min(size * (TLanes.Count - lane), to.Width - size * column);
            for (var k = 0; k < size && y + k < to.Height; k++)
            {
                var target = Plane(image, channel, y + k) + size * column;
                for (var x = 0; x < pixels; x++)
                    target[x] = buffer[size * (k * TLanes.Count + lane) + x];
            }
            lane += tiles.Pitch - column;
        }
    }
}
