using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace Hwaso.Imaging;

/// <summary>
/// The PNGs that data sets consist of (8 bits, not interlaced; colour, gray or indices), unpacked by .NET's own zlib-ng, which takes a
/// third of the time that the system's zlib does. Files that are unusual or damaged are left to libspng, which reads them or reports
/// the error. Checks the data's Adler-32; section numbers are those of the PNG specification, third edition.
/// </summary>
static class FastPng
{
    const int HeaderEnd = 33, BlockBytes = 1 << 16, Gray = 0, Rgb = 2, Indexed = 3;

    /// <summary>The size of a PNG that can be read here, and its bytes a pixel (1 or 3); null if it cannot.</summary>
    public static (int Width, int Height, int Channels)? Header(ReadOnlySpan<byte> file)
    {
        // Section 11.2.1: IHDR is the first chunk; width, height, bit depth, colour type, compression, filter, interlace.
        if (file.Length < HeaderEnd || BinaryPrimitives.ReadUInt64BigEndian(file) != 0x89504E470D0A1A0A
            || !file[8..16].SequenceEqual("\0\0\0\rIHDR"u8))
            return null;
        var (width, height) = (BinaryPrimitives.ReadInt32BigEndian(file[16..]), BinaryPrimitives.ReadInt32BigEndian(file[20..]));
        var plain = file[24] == 8 && file[25] is Gray or Rgb or Indexed && file[26..29].SequenceEqual("\0\0\0"u8);
        // Deflate packs at most 1032 bytes into one: a header that claims more is wrong.
        if (!plain || width < 1 || height < 1 || (long)width * height > Math.Min(Array.MaxLength / 3, 1032L * file.Length))
            return null;
        return (width, height, file[25] == Rgb ? 3 : 1);
    }

    /// <summary>Unpacks the pixels; false if anything is not as it should be.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="width">Width of the header.</param>
    /// <param name="height">Height of the header.</param>
    /// <param name="channels">Bytes a pixel of the header.</param>
    /// <param name="pixels">height × width × channels bytes to fill.</param>
    public static bool TryDecode(ReadOnlySpan<byte> file, int width, int height, int channels, Span<byte> pixels)
    {
        var packed = ArrayPool<byte>.Shared.Rent(file.Length);
        var line = 1 + width * channels;
        var lines = Math.Clamp(BlockBytes / line, 1, height);
        var block = ArrayPool<byte>.Shared.Rent(lines * line);
        try
        {
            var length = Gather(file, packed);
            if (length < 0)
                return false;
            using var stream = new ZLibStream(new MemoryStream(packed, 0, length), CompressionMode.Decompress);
            for (var y = 0; y < height; y += lines)
            {
                var count = Math.Min(lines, height - y);
                stream.ReadExactly(block, 0, count * line);
                for (var k = 0; k < count; k++)
                    if (!PngFilter.Undo(block.AsSpan(k * line, line), pixels, y + k, channels))
                        return false;
            }
            // The end of the stream is where the checksum is compared.
            return stream.ReadByte() < 0;
        }
        catch (Exception error) when (error is InvalidDataException or EndOfStreamException)
        {
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(packed);
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    /// <summary>The data of all IDAT chunks, one after another; its length, or −1 if the chunks do not end with IEND.</summary>
    static int Gather(ReadOnlySpan<byte> file, Span<byte> packed)
    {
        var length = 0;
        for (var at = HeaderEnd; at + 12 <= file.Length;)
        {
            var size = BinaryPrimitives.ReadInt32BigEndian(file[at..]);
            if (size < 0 || size > file.Length - at - 12)
                return -1;
            var kind = file.Slice(at + 4, 4);
            if (kind.SequenceEqual("IDAT"u8))
            {
                file.Slice(at + 8, size).CopyTo(packed[length..]);
                length += size;
            }
            else if (kind.SequenceEqual("IEND"u8))
                return length;
            at += 12 + size;
        }
        return -1;
    }
}
