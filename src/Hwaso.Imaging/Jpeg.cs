using Hwaso.Common;
using Hwaso.Imaging.Native;

namespace Hwaso.Imaging;

/// <summary>JPEG files, by libjpeg-turbo.</summary>
public static unsafe class Jpeg
{
    /// <summary>Reads a colour or gray JPEG.</summary>
    /// <exception cref="ImageFormatException">The file is cut short, corrupt, or of four colours.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static RgbImage Read(string path) => Decode(File.ReadAllBytes(path), path);

    /// <summary>Decodes a colour or gray JPEG.</summary>
    /// <param name="bytes">The file's bytes.</param>
    /// <param name="name">The file's name in error messages.</param>
    /// <exception cref="ImageFormatException">The file is cut short, corrupt, or of four colours.</exception>
    public static RgbImage Decode(ReadOnlySpan<byte> bytes, string name)
    {
        var handle = TurboJpeg.tjInitDecompress();
        try
        {
            fixed (byte* source = bytes)
            {
                var (width, height) = Header(handle, source, bytes.Length, name);
                var image = new RgbImage(width, height);
                // Truncation is only a warning to the library, which would fill the rest with gray.
                fixed (byte* target = image.Pixels)
                    if (TurboJpeg.tjDecompress2(handle, source, (nuint)bytes.Length, target, width, width * 3, height, TurboJpeg.Rgb,
                        TurboJpeg.AccurateDct | TurboJpeg.StopOnWarning | TurboJpeg.LimitScans) != 0)
                        throw new ImageFormatException(name,
                            $"a JPEG that is cut short or corrupt ({TurboJpeg.Error(handle)}); fetch or export it again");
                return image;
            }
        }
        finally
        {
            _ = TurboJpeg.tjDestroy(handle);
        }
    }

    /// <summary>Width and height, from the header alone.</summary>
    /// <exception cref="ImageFormatException">The file is not a JPEG that can be read.</exception>
    public static (int Width, int Height) Size(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var handle = TurboJpeg.tjInitDecompress();
        try
        {
            fixed (byte* source = bytes)
                return Header(handle, source, bytes.Length, path);
        }
        finally
        {
            _ = TurboJpeg.tjDestroy(handle);
        }
    }

    /// <summary>Writes a JPEG, whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="image">The image.</param>
    /// <param name="quality">1 to 100; from 90 on colour is kept at full resolution.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, RgbImage image, int quality = 95) => AtomicFile.Write(path, Encode(image, quality));

    /// <summary>The bytes of a JPEG file.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A quality outside 1 to 100.</exception>
    public static byte[] Encode(RgbImage image, int quality = 95)
    {
        if (quality is < 1 or > 100)
            throw new ArgumentOutOfRangeException(nameof(quality), $"JPEG quality {quality}: 1 to 100 was wanted");
        var handle = TurboJpeg.tjInitCompress();
        byte* bytes = null;
        nuint length = 0;
        try
        {
            fixed (byte* source = image.Pixels)
                if (TurboJpeg.tjCompress2(handle, source, image.Width, image.Width * 3, image.Height, TurboJpeg.Rgb, &bytes, &length,
                        quality >= 90 ? TurboJpeg.Sampling444 : TurboJpeg.Sampling420, quality, TurboJpeg.AccurateDct) != 0)
                    throw new InvalidOperationException($"a JPEG of {image.Width}×{image.Height} could not be made: "
                        + $"{TurboJpeg.Error(handle)}");
            return new ReadOnlySpan<byte>(bytes, checked((int)length)).ToArray();
        }
        finally
        {
            if (bytes != null)
                TurboJpeg.tjFree(bytes);
            _ = TurboJpeg.tjDestroy(handle);
        }
    }

    static (int Width, int Height) Header(nint handle, byte* source, int length, string name)
    {
        int width, height, subsampling, colorspace;
        if (TurboJpeg.tjDecompressHeader3(handle, source, (nuint)length, &width, &height, &subsampling, &colorspace) != 0)
            throw new ImageFormatException(name,
                $"no JPEG header ({TurboJpeg.Error(handle)}); the file is empty, cut short or of another kind");
        if (colorspace is TurboJpeg.ColorCmyk or TurboJpeg.ColorYcck)
            throw new ImageFormatException(name, "a CMYK JPEG (four colours, for print); convert it to RGB first");
        // Blocks of 8×8 with nothing in them take a bit or so each; arithmetic coding can halve that a few times.
        ImageLimits.Check(name, width, height, pixelBits: 24, length, densest: 1 << 14);
        return (width, height);
    }
}
