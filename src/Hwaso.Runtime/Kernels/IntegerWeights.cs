using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>Packs weights of 8 bits in the order in which <see cref="IntegerConvKernel{TDots, TVector}"/> reads them.</summary>
static unsafe class IntegerWeights
{
    /// <summary>Output channels that are computed together.</summary>
    public const int Tile = 6;

    /// <summary>What a weight of 0 is kept as.</summary>
    public const int Zero = 128;

    /// <summary>
    /// Packs [Cout, Cin/g, KH, KW] as [g][tiles][depth / group][6] of 32 bits each, and behind them each channel's sum. Channels and depth
    /// beyond the last are zeros.
    /// </summary>
    public static Constant Get(PackedWeights packed, Constant weights, int groups, int group, string place) =>
        // Negative, to differ from the layouts of weights in single precision.
        packed.Get(weights, -((groups * 8) + group), () => Pack(weights, groups, group, place));

    static Constant Pack(Constant weights, int groups, int group, string place)
    {
        var sizes = weights.Type.Shape;
        var (cout, depth) = (sizes[0] / groups, sizes[1] * sizes[2] * sizes[3]);
        var (tiles, parts) = ((cout + Tile - 1) / Tile, (depth + group - 1) / group);
        // Of 32 bits, like single precision.
        var packed = new Constant(new TensorType(true, [groups * tiles * (parts + 1) * Tile], place));
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
                    var weight = from[d] - Zero;
                    to[((((nint)g * tiles) + (o / Tile)) * parts * Tile) + ((d / group) * Tile) + (o % Tile)]
                        |= (weight & mask) << (d % group * bits);
                    totals[channel] += weight;
                }
            }
        return packed;
    }
}
