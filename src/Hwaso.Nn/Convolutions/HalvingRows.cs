using Hwaso.Common;

namespace Hwaso.Nn;

/// <summary>Rows of tiles of a channel, transformed along columns, with separated columns and zeros around images.</summary>
static unsafe class HalvingRows<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>Of the input, for outputs and for gradients of weights.</summary>
    public static void Inputs(ConvRows<TLanes, TVector> reader, float* input, in SameConvShape shape, in MinimalTiles tiles, int channel,
        int first, int count, float* quarters, nint step)
    {
        var rows = stackalloc float*[5];
        for (var r = 0; r < count; r++)
        {
            var (image, y) = tiles.Of(first + r);
            var plane = input + ((nint)image * shape.Cin + channel) * shape.Pixels;
            for (var k = 0; k < 5; k++)
                rows[k] = reader.Row(plane, 2 * y + k - 1, k);
            var to = quarters + r * tiles.Pitch;
            HalvingTransforms<TLanes, TVector>.Down(rows, shape.Width, to, step);
            // The columns on both sides of the image.
            for (var k = 0; k < 5; k++, to += 4 * step)
            {
                to[0] = 0;
                if (shape.Width % 4 == 1)
                    to[2 * step + shape.Width / 4] = 0;
                if (shape.Width % 4 == 3)
                    to[shape.Width / 4 + 1] = 0;
            }
        }
    }

    /// <summary>Of the output's gradient, for the input's.</summary>
    public static void Gradients(ConvRows<TLanes, TVector> reader, float* gradient, in SameConvShape shape, in MinimalTiles tiles,
        int channel, int first, int count, float* halves, nint step)
    {
        var rows = stackalloc float*[3];
        for (var r = 0; r < count; r++)
        {
            var (image, y) = tiles.Of(first + r);
            var plane = gradient + ((nint)image * shape.Cin + channel) * shape.Pixels;
            for (var k = 0; k < 3; k++)
                rows[k] = reader.Row(plane, y + k, k);
            var to = halves + r * tiles.Pitch;
            HalvingTransforms<TLanes, TVector>.BackDown(rows, shape.Width, to, step);
            for (var k = 0; k < 4; k++, to += 2 * step)
                to[(shape.Width % 2) * step + shape.Width / 2] = 0;
        }
    }
}
