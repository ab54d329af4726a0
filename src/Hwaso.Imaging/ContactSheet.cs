namespace Hwaso.Imaging;

/// <summary>Several images on one, each under its label.</summary>
public static class ContactSheet
{
    const int Gap = 8, TextScale = 2;

    /// <summary>Lays images out in rows, each scaled to the width of a column.</summary>
    /// <param name="images">Images and their labels, at least one.</param>
    /// <param name="columns">How many to a row, at least 1.</param>
    /// <param name="width">Width of each in pixels, at least 1.</param>
    /// <exception cref="ArgumentException">No image, or a number below 1.</exception>
    public static RgbImage Of(IReadOnlyList<(string Label, RgbImage Image)> images, int columns, int width)
    {
        if (images.Count == 0 || columns < 1 || width < 1)
            throw new ArgumentException($"a contact sheet of {images.Count} images in {columns} columns of {width} pixels: at least "
                + "one of each was wanted");
        columns = Math.Min(columns, images.Count);
        var label = PixelText.Height(TextScale);
        int Height(RgbImage image) => Math.Max(1, (int)Math.Round((double)image.Height * width / image.Width));
        var scaled = images.Select(i => (i.Label, Image: Resize.Bilinear(i.Image, width, Height(i.Image)))).ToArray();
        var rows = scaled.Chunk(columns).ToArray();
        var sheet = new RgbImage(Gap + columns * (width + Gap), Gap + rows.Sum(r => label + r.Max(i => i.Image.Height) + Gap));
        Array.Fill(sheet.Pixels, (byte)255);
        var y = Gap;
        foreach (var row in rows)
        {
            for (var k = 0; k < row.Length; k++)
            {
                var x = Gap + k * (width + Gap);
                // A label that is too long keeps its end, by which neighbours differ.
                var room = width / PixelText.Width("x", TextScale);
                PixelText.Write(sheet, x, y, row[k].Label.Length > room ? row[k].Label[^room..] : row[k].Label, (30, 36, 44), TextScale);
                for (var line = 0; line < row[k].Image.Height; line++)
                    row[k].Image.Pixels.AsSpan(3 * line * width, 3 * width)
                        .CopyTo(sheet.Pixels.AsSpan(3 * ((y + label + line) * sheet.Width + x)));
            }
            y += label + row.Max(i => i.Image.Height) + Gap;
        }
        return sheet;
    }
}
