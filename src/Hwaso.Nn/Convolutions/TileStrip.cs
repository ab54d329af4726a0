using Hwaso.Common;

namespace Hwaso.Nn;

/// <summary>
/// How the gradient of the weights is summed: strips of rows of tiles, parts of some strips each, and groups of blocks of output channels.
/// The order of sums follows from the shape alone: strips and parts do not depend on the number of threads.
/// </summary>
readonly struct WeightParts
{
    // Numbers of all sums: the door's allocator keeps tensors of up to 32 MiB, others cost as many page faults as they have pages.
    const int MostParts = 8;
    const long MostSums = 1 << 22;

    /// <param name="tiles">The tiles.</param>
    /// <param name="lanes">Numbers of a vector.</param>
    /// <param name="most">Tiles of a strip, about.</param>
    /// <param name="sums">Numbers of a part's sums.</param>
    /// <param name="blocks">Blocks of output channels.</param>
    /// <param name="threads">Threads.</param>
    public WeightParts(in MinimalTiles tiles, int lanes, long most, long sums, int blocks, int threads)
    {
        var strips = Math.Min(tiles.Rows, (int)Math.Max(1, ((long)tiles.Vectors(tiles.Rows) * lanes + most / 2) / most));
        Parts = (int)Math.Clamp(MostSums / sums, 1, Math.Min(MostParts, strips));
        InPart = MinimalTiles.Blocks(strips, Parts);
        Rows = MinimalTiles.Blocks(tiles.Rows, Math.Min(tiles.Rows, InPart * Parts));
        var groups = Parts % threads == 0 || Parts >= 4 * threads ? 1 : Math.Min(threads, blocks);
        GroupBlocks = MinimalTiles.Blocks(blocks, groups);
        Groups = MinimalTiles.Blocks(blocks, GroupBlocks);
    }

    /// <summary>Rows of tiles of a strip.</summary>
    public int Rows { get; }

    /// <summary>Parts.</summary>
    public int Parts { get; }

    /// <summary>Strips of a part.</summary>
    public int InPart { get; }

    /// <summary>Groups of blocks.</summary>
    public int Groups { get; }

    /// <summary>Blocks of a group.</summary>
    public int GroupBlocks { get; }
}

/// <summary>Transforms inputs and gradients of strips of rows of tiles, for the gradient of the weights.</summary>
readonly unsafe struct TileStrip<TTiling, TLanes, TVector>
    where TTiling : struct, IWeightTiling<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    readonly Planes from, to;
    readonly MinimalTiles tiles;
    readonly float* input, gradient;
    readonly int[] places;
    readonly nint step;

    /// <param name="shape">The convolution.</param>
    /// <param name="tiles">Its tiles.</param>
    /// <param name="rows">Rows of a strip.</param>
    /// <param name="input">The input.</param>
    /// <param name="gradient">The output's gradient.</param>
    public TileStrip(in TileShape shape, in MinimalTiles tiles, int rows, float* input, float* gradient)
    {
        (from, to) = (shape.Input, shape.Output);
        this.tiles = tiles;
        this.input = input;
        this.gradient = gradient;
        places = tiles.Places(rows);
        step = tiles.StripNumbers(rows);
    }

    /// <summary>Vectors of a whole strip.</summary>
    public int Vectors => places.Length;

    /// <summary>Numbers of the memory that the methods work in.</summary>
    public nint WorkNumbers => RowNumbers + TTiling.Lines * step;

    // The wider rows are the input's.
    nint RowNumbers => ConvRows<TLanes, TVector>.Numbers(from);

    /// <summary>Clears the memory, because what is beyond tiles is multiplied with zeros.</summary>
    public void Clear(float* work) => new Span<float>(work, (int)WorkNumbers).Clear();

    /// <summary>Transforms some channels of the input.</summary>
    /// <param name="work">Memory to work in.</param>
    /// <param name="first">The first row of tiles.</param>
    /// <param name="count">Rows.</param>
    /// <param name="channel">The first channel.</param>
    /// <param name="channels">Channels.</param>
    /// <param name="inputs">Receives their transformed numbers.</param>
    /// <param name="channelStep">Numbers from a channel to the next.</param>
    /// <param name="next">Numbers from a transformed number's to the next one's.</param>
    public void Inputs(float* work, int first, int count, int channel, int channels, float* inputs, nint channelStep, nint next)
    {
        var offsets = stackalloc nint[TTiling.Numbers];
        var reader = new ConvRows<TLanes, TVector>(from, input + from.Numbers, work);
        fixed (int* place = places)
            for (var c = 0; c < channels; c++)
            {
                for (var k = 0; k < TTiling.Numbers; k++)
                    offsets[k] = k * next + c * channelStep;
                TTiling.Rows(reader, input, from, tiles, channel + c, first, count, work + RowNumbers, step);
                TTiling.Across(work + RowNumbers, step, place, tiles.Vectors(count), inputs, offsets, 2 * TLanes.Count);
            }
    }

    /// <summary>Transforms some channels of the gradient, which is zero beyond the image. Arguments as above.</summary>
    public void Gradients(float* work, int first, int count, int channel, int channels, float* gradients, nint channelStep, nint next)
    {
        var reader = new ConvRows<TLanes, TVector>(to, gradient + to.Numbers, work);
        var lines = work + RowNumbers;
        var zero = TLanes.All(0);
        fixed (int* place = places)
            for (var c = 0; c < channels; c++)
            {
                for (var r = 0; r < count; r++)
                {
                    var (image, y) = tiles.Of(first + r);
                    var plane = gradient + ((nint)image * to.Channels + channel + c) * to.Pixels;
                    var target = lines + r * tiles.Pitch;
                    MinimalTransforms<TLanes, TVector>.Split(
                        reader.Row(plane, y, 0), reader.Row(plane, y + 1, 1), to.Width, target, step);
                    for (var k = 0; k < 4; k++, target += step)
                    {
                        // Up to a vector too far, where the next row follows.
                        for (var x = tiles.Columns; x < tiles.Pitch + (r == count - 1 ? 2 * TLanes.Count : 0); x += TLanes.Count)
                            TLanes.Store(zero, target + x);
                        if (k % 2 == 1 && to.Width % 2 == 1)
                            target[tiles.Columns - 1] = 0;
                    }
                }
                TTiling.Spread(lines, step, place, tiles.Vectors(count), gradients + c * channelStep, next);
            }
    }
}
