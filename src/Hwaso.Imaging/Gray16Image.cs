namespace Hwaso.Imaging;

/// <summary>One 16-bit value a pixel (instance ids, disparity, depth), rows from the top.</summary>
public sealed class Gray16Image
{
    /// <summary>An image of zeros, or one over existing <paramref name="values"/>.</summary>
    /// <param name="width">Width in pixels, at least 1.</param>
    /// <param name="height">Height in pixels, at least 1.</param>
    /// <param name="values">height × width values, kept and not copied; null makes an image of zeros.</param>
    /// <exception cref="ArgumentException">The size is not positive, or the buffer does not fit it.</exception>
    public Gray16Image(int width, int height, ushort[]? values = null)
    {
        Width = width;
        Height = height;
        Values = PixelBuffer.Check(values, width, height, 1);
    }

    /// <summary>Width in pixels.</summary>
    public int Width { get; }

    /// <summary>Height in pixels.</summary>
    public int Height { get; }

    /// <summary>height × width values.</summary>
    public ushort[] Values { get; }
}
