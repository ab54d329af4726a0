using Hwaso.Imaging.Masks;

namespace Hwaso.Imaging;

/// <summary>Draws the masks of objects over their image.</summary>
public static class MaskDrawing
{
    /// <summary>Mixes a colour into the pixels of a mask; where masks overlap, the image shows through the last as through one.</summary>
    /// <param name="image">The image; changed.</param>
    /// <param name="stored">The image without any mask.</param>
    /// <param name="mask">The pixels, of the image's size.</param>
    /// <param name="colour">Their colour.</param>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public static void Draw(RgbImage image, RgbImage stored, RunLengths mask, (byte R, byte G, byte B) colour)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(stored);
        ArgumentNullException.ThrowIfNull(mask);
        if (mask.Height != image.Height || mask.Width != image.Width || stored.Pixels.Length != image.Pixels.Length)
            throw new ArgumentException($"a mask of {mask.Width}×{mask.Height} pixels on an image of {image.Width}×{image.Height}, "
                + $"stored as {stored.Width}×{stored.Height}; equal sizes were wanted");
        var counts = mask.Counts;
        long at = 0;
        for (var k = 0; k < counts.Length; at += counts[k++])
            for (var p = at; k % 2 != 0 && p < at + counts[k]; p++)
            {
                var (x, y) = Math.DivRem(p, image.Height);
                var place = (int)(3 * (y * image.Width + x));
                Span<byte> under = stored.Pixels.AsSpan(place, 3), pixel = image.Pixels.AsSpan(place, 3);
                (pixel[0], pixel[1], pixel[2]) = (Half(under[0], colour.R), Half(under[1], colour.G), Half(under[2], colour.B));
            }
    }

    static byte Half(byte under, byte over) => (byte)(under + over + 1 >> 1);
}
