namespace Hwaso.Imaging;

/// <summary>Draws boxes over their image, with a word on each where there is one.</summary>
public static class BoxDrawing
{
    static readonly (byte R, byte G, byte B)[] colours =
    [
        (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167),
    ];

    /// <summary>The colour of a class.</summary>
    public static (byte R, byte G, byte B) ColourOf(int label) => colours[(label % colours.Length + colours.Length) % colours.Length];

    /// <summary>Draws a box onto an image; the parts beyond its border are left out.</summary>
    /// <param name="image">The image; changed.</param>
    /// <param name="left">The left edge in pixels.</param>
    /// <param name="top">The upper edge.</param>
    /// <param name="right">The right edge.</param>
    /// <param name="lower">The lower edge.</param>
    /// <param name="colour">Its colour.</param>
    /// <param name="word">What stands above it; null for nothing.</param>
    public static void Draw(
        RgbImage image, double left, double top, double right, double lower, (byte R, byte G, byte B) colour, string? word = null)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (!double.IsFinite(left + top + right + lower))
            return;
        var thick = Math.Max(1, Math.Max(image.Width, image.Height) / 400);
        var (x1, x2) = (Pixel(left, image.Width), Pixel(right, image.Width));
        var (y1, y2) = (Pixel(top, image.Height), Pixel(lower, image.Height));
        Fill(image, x1, y1, x2, y1 + thick - 1, colour);
        Fill(image, x1, y2 - thick + 1, x2, y2, colour);
        Fill(image, x1, y1, x1 + thick - 1, y2, colour);
        Fill(image, x2 - thick + 1, y1, x2, y2, colour);
        if (word is null)
            return;
        var scale = Math.Max(1, Math.Max(image.Width, image.Height) / 700);
        var (width, height) = (PixelText.Width(word, scale) + scale, PixelText.Height(scale) + 2 * scale);
        var above = Math.Max(0, y1 - height);
        Fill(image, x1, above, x1 + width, above + height - 1, colour);
        PixelText.Write(image, x1 + scale, above + scale, word, colour.R + colour.G + colour.B > 380 ? ((byte)0, (byte)0, (byte)0)
            : ((byte)255, (byte)255, (byte)255), scale);
    }

    static int Pixel(double edge, int size) => (int)Math.Clamp(Math.Round(edge), 0, size - 1);

    static void Fill(RgbImage image, int left, int top, int right, int lower, (byte R, byte G, byte B) colour)
    {
        for (var y = Math.Max(top, 0); y <= Math.Min(lower, image.Height - 1); y++)
            for (var x = Math.Max(left, 0); x <= Math.Min(right, image.Width - 1); x++)
                (image.Pixels[(y * image.Width + x) * 3], image.Pixels[(y * image.Width + x) * 3 + 1],
                    image.Pixels[(y * image.Width + x) * 3 + 2]) = colour;
    }
}
