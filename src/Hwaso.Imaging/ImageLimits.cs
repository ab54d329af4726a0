namespace Hwaso.Imaging;

/// <summary>What an image may claim before anything is allocated for it.</summary>
static class ImageLimits
{
    /// <summary>The longest side.</summary>
    public const int Side = 65_535;

    /// <summary>The most pixels: what 24-bit colour fits into one array.</summary>
    public const long Pixels = 700_000_000;

    public static void Check(string name, long width, long height)
    {
        if (width < 1 || height < 1 || width > Side || height > Side || width * height > Pixels)
            throw new ImageFormatException(name, $"claims {width}×{height} pixels; sides from 1 to {Side} and at most {Pixels / 1_000_000} megapixels are read; split it into tiles, or the file is broken");
    }
}
