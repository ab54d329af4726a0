using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>Packs weights of 8 bits in the order in which <see cref="IntegerConvKernel{TDots, TVector}"/> reads them.</summary>
static unsafe class IntegerWeights
{
    /// <summary>Output channels that are computed together.</summary>
    public const int Tile = 6;

    /// <summary>What a weight of 0 is kept as.</summary>
    public const int Zero = 128;

    const int Taps = 9;

    /// <summary>
    /// Packs [Cout, Cin/g, KH, KW] as [g][tiles][depth / group][6] of 32 bits each, and behind them each channel's sum. Channels and depth
    /// beyond the last are zeros.
    /// </summary>
    public static Constant Get(PackedWeights packed, Constant weights, int groups, int group, string place) =>
        // Negative, to differ from the layouts of weights in single precision.
        packed.Get(weights, -((groups * 8) + group), memory => Pack(weights, groups, group, place, memory));

    /// <summary>Like Get, in the order in which <see cref="IntegerStrideKernel"/> lays out pixels.</summary>
    public static Constant OfStride(PackedWeights packed, Constant weights, int groups, string place) =>
        packed.Get(weights, -((groups * 8) + 6), memory =>
        {
            var channels = weights.Type.Shape[1];
            var places = new int[channels * Taps];
            for (var c = 0; c < channels; c++)
                for (var t = 0; t < Taps; t++)
                {
                    // 4 channels are 12 rows of taps: 6 groups of two rows' first taps, then 3 groups of four rows' third tap.
                    var row = (c % IntegerStrideKernel.Channels * 3) + (t / 3);
                    places[(c * Taps) + t] = (c / IntegerStrideKernel.Channels * Taps * 4)
                        + (t % 3 < 2 ? (2 * row) + (t % 3) : (6 * 4) + row);
                }
            var whole = (channels + IntegerStrideKernel.Channels - 1) / IntegerStrideKernel.Channels * Taps * 4;
            return Pack(weights, groups, 4, places, whole, place, memory);
        });

    /// <summary>What each channel's sum begins with: every product has the image's zero point times a weight too much.</summary>
    /// <param name="packed">Packed weights.</param>
    /// <param name="tiles">Tiles of all groups of channels.</param>
    /// <param name="parts">Groups of depth.</param>
    /// <param name="zero">The code of the number 0.</param>
    public static int[] Starts(Constant packed, int tiles, int parts, int zero)
    {
        var totals = (int*)packed.Address + ((nint)tiles * parts * Tile);
        var starts = new int[tiles * Tile];
        for (var k = 0; k < starts.Length; k++)
            starts[k] = -zero * totals[k];
        return starts;
    }

    static Constant Pack(Constant weights, int groups, int group, string place, WeightMemory? memory)
    {
        var depth = weights.Type.Shape[1] * weights.Type.Shape[2] * weights.Type.Shape[3];
        return Pack(weights, groups, group, [.. Enumerable.Range(0, depth)], depth, place, memory);
    }

    // Places: of each number of an output channel, its place in the depth of the packed ones.
    static Constant Pack(Constant weights, int groups, int group, int[] places, int whole, string place, WeightMemory? memory)
    {
        var sizes = weights.Type.Shape;
        var (cout, depth) = (sizes[0] / groups, places.Length);
        var (tiles, parts) = ((cout + Tile - 1) / Tile, (whole + group - 1) / group);
        // Of 32 bits, like single precision.
        var packed = new Constant(new TensorType(true, [groups * tiles * (parts + 1) * Tile], place), memory);
        var to = (int*)packed.Address;
        var totals = to + ((nint)groups * tiles * parts * Tile);
        var (bits, mask) = (32 / group, group == 2 ? 0xffff : 0xff);
        for (var g = 0; g < groups; g++)
            for (var o = 0; o < cout; o++)
            {
                var from = weights.Bytes.Slice(((g * cout) + o) * depth, depth);
                var channel = (((g * tiles) + (o / Tile)) * Tile) + (o % Tile);
                for (var d = 0; d < depth; d++)
                {
                    var (weight, at) = (from[d] - Zero, places[d]);
                    to[((((nint)g * tiles) + (o / Tile)) * parts * Tile) + ((at / group) * Tile) + (o % Tile)]
                        |= (weight & mask) << (at % group * bits);
                    totals[channel] += weight;
                }
            }
        return packed;
    }
}
