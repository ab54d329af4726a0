using System.Buffers.Binary;

namespace Hwaso.Imaging;

/// <summary>Reads how an image asks viewers to turn it. Hwaso takes pixels as they are stored, as the official loaders do.</summary>
public static class ExifOrientation
{
    const int OrientationTag = 0x0112, EntryBytes = 12;

    /// <summary>1 to 8 by the Exif standard: 1 is as stored, also where the file says nothing.</summary>
    /// <param name="image">A JPEG, PNG, WebP or TIFF; 1 for anything else.</param>
    public static int Of(ReadOnlySpan<byte> image) => ImageKinds.Of(image) switch
    {
        ImageKind.Jpeg => OfJpeg(image),
        ImageKind.Png => OfPng(image),
        ImageKind.WebP => OfWebP(image),
        ImageKind.Tiff => OfTiff(image),
        _ => 1,
    };

    static int OfJpeg(ReadOnlySpan<byte> jpeg)
    {
        for (var segments = new JpegSegments(jpeg); segments.MoveNext() && segments.Marker != JpegSegments.StartOfScan;)
            if (segments.Marker == JpegSegments.App1 && segments.Content.StartsWith("Exif\0\0"u8))
                return OfTiff(segments.Content[6..]);
        return 1;
    }

    static int OfPng(ReadOnlySpan<byte> png)
    {
        for (var chunks = new PngChunks(png); chunks.MoveNext();)
            if (chunks.Type.SequenceEqual("eXIf"u8))
                return OfTiff(chunks.Content);
        return 1;
    }

    // RIFF: a name, a length, content, and a byte that makes the length even.
    static int OfWebP(ReadOnlySpan<byte> webp)
    {
        for (long at = 12; at + 8 <= webp.Length;)
        {
            var kind = webp.Slice((int)at, 4);
            var length = BinaryPrimitives.ReadUInt32LittleEndian(webp[((int)at + 4)..]);
            if (length > webp.Length - at - 8)
                break;
            if (kind.SequenceEqual("EXIF"u8))
            {
                var exif = webp.Slice((int)at + 8, (int)length);
                return OfTiff(exif.StartsWith("Exif\0\0"u8) ? exif[6..] : exif);
            }
            at += 8 + length + length % 2;
        }
        return 1;
    }

    static int OfTiff(ReadOnlySpan<byte> tiff)
    {
        if (tiff.Length < 8)
            return 1;
        var little = tiff[0] == (byte)'I';
        var directory = UInt32(tiff[4..], little);
        if (directory > tiff.Length - 2)
            return 1;
        var entries = UInt16(tiff[(int)directory..], little);
        for (var k = 0; k < entries; k++)
        {
            var at = (int)directory + 2 + k * EntryBytes;
            if (at + EntryBytes > tiff.Length)
                return 1;
            if (UInt16(tiff[at..], little) == OrientationTag)
                return UInt16(tiff[(at + 8)..], little) is >= 1 and <= 8 and var value ? value : 1;
        }
        return 1;
    }

    static ushort UInt16(ReadOnlySpan<byte> at, bool little) =>
        little ? BinaryPrimitives.ReadUInt16LittleEndian(at) : BinaryPrimitives.ReadUInt16BigEndian(at);

    static uint UInt32(ReadOnlySpan<byte> at, bool little) =>
        little ? BinaryPrimitives.ReadUInt32LittleEndian(at) : BinaryPrimitives.ReadUInt32BigEndian(at);
}
