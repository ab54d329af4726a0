using Hwaso.Runtime.Planning;

namespace Hwaso.Runtime.Kernels;

/// <summary>Brings a convolution's weights into the order in which <see cref="ConvTile{TLanes, TVector}"/> reads them.</summary>
static class ConvWeights
{
    /// <summary>Output channels that are computed together.</summary>
    public const int Tile = 6;

    /// <summary>[Cout, Cin/g, KH, KW] to [g][tiles][Cin/g][KH·KW][6]; channels beyond the last are zeros.</summary>
    public static Constant Pack(Constant weights, int groups, string place)
    {
        var shape = weights.Type.Shape;
        var (cout, cin, taps) = (shape[0] / groups, shape[1], shape[2] * shape[3]);
        var tiles = (cout + Tile - 1) / Tile;
        var packed = new Constant(new TensorType(true, [groups, tiles, cin, taps * Tile], place));
        var from = weights.Floats;
        var to = packed.Floats;
        for (var o = 0; o < shape[0]; o++)
        {
            var (group, channel) = (o / cout, o % cout);
            var at = ((((group * tiles) + (channel / Tile)) * cin) * taps * Tile) + (channel % Tile);
            for (var k = 0; k < cin * taps; k++)
                to[at + (k * Tile)] = from[(o * cin * taps) + k];
        }
        return packed;
    }
}
