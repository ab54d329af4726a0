namespace Hwaso.Nn;

/// <summary>Copies between [N, C, H, W] in any layout and pixel by pixel, the channels in pieces padded to whole vectors.</summary>
/// <param name="Pieces">How many pieces.</param>
/// <param name="Piece">Channels of one.</param>
/// <param name="Padded">Those and the zeros behind them.</param>
readonly record struct PixelMajor<T>(int Pieces, int Piece, int Padded) where T : unmanaged
{
    // As many neighbours as fill a cache line of the planes' side.
    const int Block = 16;

    /// <summary>Numbers of one pixel.</summary>
    public int Pixel => Pieces * Padded;

    /// <summary>Reads pixels of one image.</summary>
    /// <param name="source">The first number of [N, C, H, W].</param>
    /// <param name="strides">Its strides.</param>
    /// <param name="width">Its W.</param>
    /// <param name="image">Which image.</param>
    /// <param name="first">The first pixel.</param>
    /// <param name="count">How many.</param>
    /// <param name="target">Where they go.</param>
    public unsafe void Gather(T* source, long[] strides, int width, int image, int first, int count, T* target)
    {
        var places = stackalloc nint[Block];
        source += image * strides[0];
        for (var at = 0; at < count; at += Block)
        {
            var block = Math.Min(Block, count - at);
            for (var k = 0; k < block; k++)
            {
                var (y, x) = Math.DivRem(first + at + k, width);
                places[k] = (nint)(y * strides[2] + x * strides[3]);
            }
            var pixels = target + (nint)at * Pixel;
            for (var piece = 0; piece < Pieces; piece++)
                for (var c = 0; c < Padded; c++)
                {
                    var to = pixels + piece * Padded + c;
                    var plane = source + (piece * Piece + c) * strides[1];
                    for (var k = 0; k < block; k++)
                        to[(nint)k * Pixel] = c < Piece ? plane[places[k]] : default;
                }
        }
    }

    /// <summary>Writes pixels into planes that follow each other.</summary>
    /// <param name="source">The pixels.</param>
    /// <param name="count">How many.</param>
    /// <param name="target">The place of the first one in the first plane.</param>
    /// <param name="plane">Numbers of a plane.</param>
    public unsafe void Scatter(T* source, int count, T* target, int plane)
    {
        for (var at = 0; at < count; at += Block)
        {
            var block = Math.Min(Block, count - at);
            var pixels = source + (nint)at * Pixel;
            for (var piece = 0; piece < Pieces; piece++)
                for (var c = 0; c < Piece; c++)
                {
                    var from = pixels + piece * Padded + c;
                    var to = target + (nint)(piece * Piece + c) * plane + at;
                    for (var k = 0; k < block; k++)
                        to[k] = from[(nint)k * Pixel];
                }
        }
    }
}
