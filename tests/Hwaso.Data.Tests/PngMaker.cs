using System.Buffers.Binary;
using System.IO.Compression;

namespace Hwaso.Data.Tests;

/// <summary>Writes 8-bit PNGs with a chosen filter for every line, after the specification's formulas.</summary>
static class PngMaker
{
    /// <param name="width">Width.</param>
    /// <param name="pixels">Lines of width × channels bytes.</param>
    /// <param name="channels">1 (gray) or 3 (colour).</param>
    /// <param name="filter">The filter of each line, 0 to 4.</param>
    /// <param name="chunk">Bytes of an IDAT chunk.</param>
    /// <param name="interlace">The header's interlace byte.</param>
    public static byte[] Encode(int width, byte[] pixels, int channels, Func<int, int> filter, int chunk = 1000, byte interlace = 0)
    {
        int line = width * channels, height = pixels.Length / line;
        var filtered = new MemoryStream();
        for (var y = 0; y < height; y++)
        {
            filtered.WriteByte((byte)filter(y));
            for (var x = 0; x < line; x++)
            {
                int At(int px, int py) => px < 0 || py < 0 ? 0 : pixels[py * line + px];
                int a = At(x - channels, y), b = At(x, y - 1), c = x < channels ? 0 : At(x - channels, y - 1);
                var predicted = filter(y) switch { 0 => 0, 1 => a, 2 => b, 3 => (a + b) / 2, 4 => Paeth(a, b, c), _ => 0 };
                filtered.WriteByte((byte)(pixels[y * line + x] - predicted));
            }
        }
        var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            zlib.Write(filtered.ToArray());
        var png = new MemoryStream();
        png.Write([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9], header[12]) = (8, (byte)(channels == 3 ? 2 : 0), interlace);
        Chunk(png, "IHDR"u8, header);
        foreach (var part in packed.ToArray().Chunk(chunk))
            Chunk(png, "IDAT"u8, part);
        Chunk(png, "IEND"u8, []);
        return png.ToArray();
    }

    static int Paeth(int a, int b, int c)
    {
        var p = a + b - c;
        int pa = Math.Abs(p - a), pb = Math.Abs(p - b), pc = Math.Abs(p - c);
        return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
    }

    static void Chunk(Stream png, ReadOnlySpan<byte> kind, byte[] content)
    {
        var number = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
        png.Write(number);
        byte[] body = [.. kind, .. content];
        png.Write(body);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc(body));
        png.Write(number);
    }

    static uint Crc(byte[] bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? 0xEDB88320 ^ crc >> 1 : crc >> 1;
        }
        return ~crc;
    }
}
