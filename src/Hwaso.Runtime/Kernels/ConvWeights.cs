using System.Buffers;
using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>Packs a convolution's weights in the order in which <see cref="ConvTile{TLanes, TVector}"/> reads them.</summary>
static class ConvWeights
{
    /// <summary>Output channels that are computed together.</summary>
    public const int Tile = 6;

    // Distinguishes the weights that are packed by taps, and those packed by channels again, from others.
    const int ByTaps = -1000, Again = -1;

    const int PieceNumbers = 1 << 16;

    /// <summary>
    /// Packs [Cout, Cin/g, KH, KW] at the first call; channels beyond the last are zeros. The order is [g][tiles][Cin/g][KH·KW][6], or, by
    /// taps, [g][tiles][KH·KW][Cin/g][6]: a convolution of wide dilation does without most taps at most places and skips their weights.
    /// </summary>
    /// <param name="packed">Where packed weights are kept.</param>
    /// <param name="weights">The weights.</param>
    /// <param name="groups">Groups of channels.</param>
    /// <param name="byTaps">Whether by taps.</param>
    /// <param name="place">Who needs them, for messages.</param>
    /// <param name="isPassing">Whether they are released soon, and need memory of their own.</param>
    public static Constant Get(
        PackedWeights packed, Constant weights, int groups, bool byTaps, string place, bool isPassing = false) =>
        packed.Get(weights, byTaps ? ByTaps - groups : groups,
            memory => Pack(weights, groups, byTaps, place, isPassing ? null : memory));

    /// <summary>Weights that are packed by taps, packed by channels.</summary>
    public static Constant ByChannels(PackedWeights packed, Constant byTaps, int taps, string place) =>
        packed.Get(byTaps, Again, memory =>
        {
            var (groups, tiles, cin) = (byTaps.Type.Shape[0], byTaps.Type.Shape[1], byTaps.Type.Shape[2]);
            var result = new Constant(new TensorType(true, [groups, tiles, cin, taps * Tile], place), memory);
            for (var tile = 0; tile < groups * tiles; tile++)
            {
                var from = byTaps.Floats.Slice(tile * cin * taps * Tile, cin * taps * Tile);
                var to = result.Floats.Slice(tile * cin * taps * Tile, cin * taps * Tile);
                for (var k = 0; k < cin * taps; k++)
                    from.Slice(((k % taps * cin) + (k / taps)) * Tile, Tile).CopyTo(to[(k * Tile)..]);
            }
            return result;
        });

    static Constant Pack(Constant weights, int groups, bool byTaps, string place, WeightMemory? memory)
    {
        var shape = weights.Type.Shape;
        var (cout, cin, taps) = (shape[0] / groups, shape[1], shape[2] * shape[3]);
        var tiles = (cout + Tile - 1) / Tile;
        var packed = new Constant(new TensorType(true, [groups, tiles, cin, taps * Tile], place), memory);
        // Some tiles' channels at a time, so that the weights need not be in memory.
        var each = Tile * cin * taps;
        var together = Math.Clamp(PieceNumbers / each, 1, tiles);
        var rented = ArrayPool<float>.Shared.Rent(together * each);
        for (var group = 0; group < groups; group++)
            for (var tile = 0; tile < tiles; tile++)
            {
                var (channels, part) = (Math.Min(Tile, cout - (tile * Tile)), tile % together);
                if (part == 0)
                {
                    var count = Math.Min(together * Tile, cout - (tile * Tile)) * cin * taps;
                    weights.Read(((group * cout) + (tile * Tile)) * cin * taps, rented.AsSpan(0, count));
                }
                var to = packed.Floats.Slice(((group * tiles) + tile) * each, each);
                for (var o = 0; o < channels; o++)
                {
                    var channel = rented.AsSpan((part * each) + (o * cin * taps), cin * taps);
                    if (byTaps)
                        for (var k = 0; k < channel.Length; k++)
                            to[(((k % taps * cin) + (k / taps)) * Tile) + o] = channel[k];
                    else
                        for (var k = 0; k < channel.Length; k++)
                            to[(k * Tile) + o] = channel[k];
                }
            }
        ArrayPool<float>.Shared.Return(rented);
        return packed;
    }
}
