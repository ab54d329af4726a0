namespace Hwaso.Imaging;

/// <summary>One class index (or gray value) a pixel, 8 bits, rows from the top.</summary>
public sealed class LabelMap
{
    /// <summary>A map of zeros, or one over existing <paramref name="labels"/>.</summary>
    /// <param name="width">Width in pixels, at least 1.</param>
    /// <param name="height">Height in pixels, at least 1.</param>
    /// <param name="labels">height × width bytes, kept and not copied; null makes a map of zeros.</param>
    /// <exception cref="ArgumentException">The size is not positive, or the buffer does not fit it.</exception>
    public LabelMap(int width, int height, byte[]? labels = null)
    {
        Width = width;
        Height = height;
        Labels = PixelBuffer.Check(labels, width, height, 1);
    }

    /// <summary>Width in pixels.</summary>
    public int Width { get; }

    /// <summary>Height in pixels.</summary>
    public int Height { get; }

    /// <summary>height × width class indices.</summary>
    public byte[] Labels { get; }
}
