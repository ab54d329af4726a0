using Hwaso.Common;

namespace Hwaso.Nn;

/// <summary>Rows of an image, five at a time, readable up to a multiple of four vectors; rows outside of it are zeros.</summary>
readonly unsafe struct ConvRows<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    readonly float* end, zeros, copies;
    readonly int width, height, whole;

    /// <param name="shape">The convolution.</param>
    /// <param name="end">Where the images end in memory.</param>
    /// <param name="work">Room for <see cref="Numbers"/>.</param>
    public ConvRows(in SameConvShape shape, float* end, float* work)
    {
        (width, height) = (shape.Width, shape.Height);
        this.end = end;
        zeros = work;
        whole = Whole(shape);
        copies = work + whole;
        new Span<float>(work, 6 * whole).Clear();
    }

    static int Whole(in SameConvShape shape) => MinimalTiles.Blocks(shape.Width, 4 * TLanes.Count) * 4 * TLanes.Count;

    public static nint Numbers(in SameConvShape shape) => 6 * Whole(shape);

    public float* Row(float* plane, int y, int place)
    {
        if (y < 0 || y >= height)
            return zeros;
        var row = plane + (nint)y * width;
        if (row + whole <= end)
            return row;
        var copy = copies + place * whole;
        new ReadOnlySpan<float>(row, width).CopyTo(new Span<float>(copy, width));
        return copy;
    }
}

/// <summary>Transforms the inputs of a strip of tiles, one channel after the other.</summary>
readonly unsafe struct MinimalStrip<TLanes, TVector>(SameConvShape shape, MinimalTiles tiles, int rows)
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    public nint Step { get; } = tiles.StripNumbers(rows);

    /// <summary>Numbers of what <see cref="Channel"/> works in.</summary>
    public nint Numbers => 8 * Step;

    public void Channel(ConvRows<TLanes, TVector> reader, float* input, int channel, int first, int count, float* halves)
    {
        for (var r = 0; r < count; r++)
        {
            var (image, y) = tiles.Of(first + r);
            var plane = input + ((nint)image * shape.Cin + channel) * shape.Pixels;
            var to = halves + r * tiles.Pitch;
            MinimalTransforms<TLanes, TVector>.Down(reader.Row(plane, y - 1, 0), reader.Row(plane, y, 1), reader.Row(plane, y + 1, 2),
                reader.Row(plane, y + 2, 3), shape.Width, to, Step);
            // The columns on both sides of the image.
            for (var k = 0; k < 4; k++, to += 2 * Step)
            {
                (to[0], to[Step + tiles.Columns]) = (0, 0);
                if (shape.Width % 2 == 1)
                    to[tiles.Columns] = 0;
            }
        }
    }
}
