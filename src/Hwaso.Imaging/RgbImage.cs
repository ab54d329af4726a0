namespace Hwaso.Imaging;

/// <summary>An 8-bit colour image: rows from the top, three bytes (red, green, blue) a pixel, no padding.</summary>
public sealed class RgbImage
{
    /// <summary>A black image, or one over existing <paramref name="pixels"/>.</summary>
    /// <param name="width">Width in pixels, at least 1.</param>
    /// <param name="height">Height in pixels, at least 1.</param>
    /// <param name="pixels">height × width × 3 bytes, kept and not copied; null makes a black image.</param>
    /// <exception cref="ArgumentException">The size is not positive, or the buffer does not fit it.</exception>
    public RgbImage(int width, int height, byte[]? pixels = null)
    {
        Width = width;
        Height = height;
        Pixels = PixelBuffer.Check(pixels, width, height, 3);
    }

    /// <summary>Width in pixels.</summary>
    public int Width { get; }

    /// <summary>Height in pixels.</summary>
    public int Height { get; }

    /// <summary>height × width × 3 bytes, red first.</summary>
    public byte[] Pixels { get; }
}
