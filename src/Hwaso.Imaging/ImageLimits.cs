namespace Hwaso.Imaging;

/// <summary>The limits of an image's claimed size, checked before anything is allocated for it.</summary>
static class ImageLimits
{
    /// <summary>The longest side.</summary>
    public const int Side = 65_535;

    /// <summary>The most pixels; 24-bit colour of them fits into one array.</summary>
    public const long Pixels = 700_000_000;

    /// <summary>Bytes of pixels that are believed of any file: a claim above it must fit the file's length.</summary>
    const long Believed = 64 << 20;

    /// <summary>Refuses an image whose channels no array holds.</summary>
    /// <param name="name">The file's name in error messages.</param>
    /// <param name="width">Width.</param>
    /// <param name="height">Height.</param>
    /// <param name="pixelBytes">Bytes of one pixel.</param>
    public static void CheckArray(string name, long width, long height, int pixelBytes)
    {
        if (width * height * pixelBytes > Array.MaxLength)
            throw new ImageFormatException(name, $"{width}×{height} pixels of {pixelBytes} bytes are more than an array can hold; split "
                + "it into tiles");
    }

    /// <summary>Refuses a size that no array holds, or that a file of this length cannot fill.</summary>
    /// <param name="name">The file's name in error messages.</param>
    /// <param name="width">Claimed width.</param>
    /// <param name="height">Claimed height.</param>
    /// <param name="pixelBits">Bits of one pixel before compression.</param>
    /// <param name="length">The file's length in bytes.</param>
    /// <param name="densest">The most bytes of pixels that one byte of such a file can hold.</param>
    public static void Check(string name, long width, long height, int pixelBits, long length, long densest)
    {
        if (width < 1 || height < 1 || width > Side || height > Side || width * height > Pixels)
            throw new ImageFormatException(name, $"claims {width}×{height} pixels; sides from 1 to {Side} and at most "
                + $"{Pixels / 1_000_000} megapixels are read; split it into tiles, or the file is broken")
            {
                Claimed = (width, height),
            };
        var claimed = width * height * pixelBits / 8;
        if (claimed > Believed && claimed > length * densest)
            throw new ImageFormatException(name, $"claims {width}×{height} pixels in a file of {length} bytes, which cannot hold them; it "
                + "is cut short or broken: fetch or export it again")
            {
                Claimed = (width, height),
            };
    }
}
