using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>Packs a convolution's weights in the order in which <see cref="ConvTile{TLanes, TVector}"/> reads them.</summary>
static class ConvWeights
{
    /// <summary>Output channels that are computed together.</summary>
    public const int Tile = 6;

    /// <summary>Packs [Cout, Cin/g, KH, KW] as [g][tiles][Cin/g][KH·KW][6] at the first call; channels beyond the last are zeros.</summary>
    public static Constant Get(PackedWeights packed, Constant weights, int groups, string place) =>
        packed.Get(weights, groups, () => Pack(weights, groups, place));

    static Constant Pack(Constant weights, int groups, string place)
    {
        var shape = weights.Type.Shape;
        var (cout, cin, taps) = (shape[0] / groups, shape[1], shape[2] * shape[3]);
        var tiles = (cout + Tile - 1) / Tile;
        var packed = new Constant(new TensorType(true, [groups, tiles, cin, taps * Tile], place));
        // One tile's channels at a time, so that the weights need not be in memory.
        var from = new float[Tile * cin * taps];
        for (var group = 0; group < groups; group++)
            for (var tile = 0; tile < tiles; tile++)
            {
                var channels = Math.Min(Tile, cout - (tile * Tile));
                weights.Read(((group * cout) + (tile * Tile)) * cin * taps, from.AsSpan(0, channels * cin * taps));
                var to = packed.Floats.Slice(((group * tiles) + tile) * from.Length, from.Length);
                for (var o = 0; o < channels; o++)
                {
                    var channel = from.AsSpan(o * cin * taps, cin * taps);
                    for (var k = 0; k < channel.Length; k++)
                        to[(k * Tile) + o] = channel[k];
                }
            }
        return packed;
    }
}
