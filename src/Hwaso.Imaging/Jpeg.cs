using Hwaso.Common;

namespace Hwaso.Imaging;

/// <summary>
/// JPEG files: usual ones are decoded and all are written in managed code; others are decoded by the libjpeg-turbo in SkiaSharp.
/// </summary>
public static class Jpeg
{
    const int FullColourFrom = 90;

    /// <summary>Reads a colour, gray or CMYK JPEG of 8 bits.</summary>
    /// <exception cref="ImageFormatException">The file is cut short, corrupt, or of a kind that is not read.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static RgbImage Read(string path) => Decode(File.ReadAllBytes(path), path);

    /// <summary>Decodes a colour, gray or CMYK JPEG of 8 bits.</summary>
    /// <param name="bytes">The file's bytes.</param>
    /// <param name="name">The file's name in error messages.</param>
    /// <exception cref="ImageFormatException">
    /// The file is cut short, corrupt, or of a kind that is not read; of damaged data the message names the place.
    /// </exception>
    public static RgbImage Decode(ReadOnlySpan<byte> bytes, string name)
    {
        JpegHeader.Read(bytes, name);
        // The library fills a file that ends between scans with gray.
        if (!JpegHeader.HasEnd(bytes))
            throw new ImageFormatException(name, "a JPEG that is cut short or corrupt (its end is missing); fetch or export it again");
        return JpegDecoder.Decode(bytes, name) ?? SkiaCodec.Decode(bytes, ImageKind.Jpeg, name);
    }

    /// <summary>Width and height, from the header alone.</summary>
    /// <exception cref="ImageFormatException">The file is not a JPEG that can be read.</exception>
    public static (int Width, int Height) Size(string path)
    {
        var header = JpegHeader.Read(File.ReadAllBytes(path), path);
        return (header.Width, header.Height);
    }

    /// <summary>Writes a JPEG, whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="image">The image.</param>
    /// <param name="quality">1 to 100; from 90 on colour is kept at full resolution.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, RgbImage image, int quality = 95) => AtomicFile.Write(path, Encode(image, quality));

    /// <summary>The bytes of a JPEG file.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A quality outside 1 to 100.</exception>
    /// <exception cref="ArgumentException">A side longer than 65,500 pixels.</exception>
    public static byte[] Encode(RgbImage image, int quality = 95)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (quality is < 1 or > 100)
            throw new ArgumentOutOfRangeException(nameof(quality), $"JPEG quality {quality}: 1 to 100 was wanted");
        return JpegEncoder.Encode(image, quality, fullColour: quality >= FullColourFrom);
    }
}
