namespace Hwaso.Imaging;

/// <summary>Labels as colours, alone or over their image.</summary>
public static class Overlay
{
    /// <summary>The image with each label's colour mixed in; ignored pixels stay as they are.</summary>
    /// <param name="image">The image.</param>
    /// <param name="labels">Its labels, of the same size.</param>
    /// <param name="palette">Their colours.</param>
    /// <param name="alpha">Share of the colour, 0 to 1.</param>
    /// <param name="ignoreIndex">The label that is left out.</param>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public static RgbImage Blend(RgbImage image, LabelMap labels, Palette palette, float alpha = 0.5f, int ignoreIndex = 255)
    {
        if (image.Width != labels.Width || image.Height != labels.Height)
            throw new ArgumentException($"an image of {image.Width}×{image.Height} and labels of {labels.Width}×{labels.Height}: "
                + "they must be of one size");
        var result = new RgbImage(image.Width, image.Height, (byte[])image.Pixels.Clone());
        var share = (int)(Math.Clamp(alpha, 0, 1) * 256);
        for (var k = 0; k < labels.Labels.Length; k++)
        {
            if (labels.Labels[k] == ignoreIndex)
                continue;
            var (r, g, b) = palette[labels.Labels[k]];
            var pixel = result.Pixels.AsSpan(3 * k, 3);
            pixel[0] = Mix(pixel[0], r, share);
            pixel[1] = Mix(pixel[1], g, share);
            pixel[2] = Mix(pixel[2], b, share);
        }
        return result;
    }

    /// <summary>Each label's colour.</summary>
    public static RgbImage Colour(LabelMap labels, Palette palette)
    {
        var result = new RgbImage(labels.Width, labels.Height);
        for (var k = 0; k < labels.Labels.Length; k++)
            (result.Pixels[3 * k], result.Pixels[3 * k + 1], result.Pixels[3 * k + 2]) = palette[labels.Labels[k]];
        return result;
    }

    static byte Mix(int under, int over, int share) => (byte)(under + ((over - under) * share + 128 >> 8));
}
