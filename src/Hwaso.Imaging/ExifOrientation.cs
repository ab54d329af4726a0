using System.Buffers.Binary;

namespace Hwaso.Imaging;

/// <summary>Reads how a JPEG asks viewers to turn it. Hwaso takes pixels as they are stored, as the official loaders do.</summary>
public static class ExifOrientation
{
    const byte App1 = 0xe1, StartOfScan = 0xda;
    const int OrientationTag = 0x0112, EntryBytes = 12;

    /// <summary>1 to 8 by the Exif standard: 1 is as stored, also where the file says nothing or is no JPEG.</summary>
    public static int Of(ReadOnlySpan<byte> jpeg)
    {
        // Segments follow the two bytes that begin every JPEG: a mark, a length that counts itself, content.
        for (var at = 2; jpeg.StartsWith((ReadOnlySpan<byte>)[0xff, 0xd8]) && at + 4 <= jpeg.Length && jpeg[at] == 0xff
            && jpeg[at + 1] != StartOfScan;)
        {
            var length = BinaryPrimitives.ReadUInt16BigEndian(jpeg[(at + 2)..]);
            if (length < 2 || at + 2 + length > jpeg.Length)
                break;
            var content = jpeg.Slice(at + 4, length - 2);
            if (jpeg[at + 1] == App1 && content.StartsWith("Exif\0\0"u8))
                return OfTiff(content[6..]);
            at += 2 + length;
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
