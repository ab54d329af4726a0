using System.IO.Compression;

namespace Hwaso.Imaging;

/// <summary>Unpacks strips and tiles of a TIFF. Section numbers are those of TIFF, revision 6.0.</summary>
static class TiffCompression
{
    /// <summary>Fills the target; false if the data are broken or too short.</summary>
    /// <param name="source">The packed bytes.</param>
    /// <param name="target">Receives exactly so many bytes; what follows is ignored.</param>
    /// <param name="compression">1 none, 5 LZW, 8 and 32946 Deflate, 32773 PackBits.</param>
    public static bool Unpack(ReadOnlySpan<byte> source, Span<byte> target, int compression) => compression switch
    {
        1 => source.Length >= target.Length && source[..target.Length].TryCopyTo(target),
        5 => Lzw(source, target),
        32773 => PackBits(source, target),
        _ => Deflate(source, target),
    };

    static unsafe bool Deflate(ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (source.IsEmpty)
            return false;
        fixed (byte* bytes = source)
        {
            using var stream = new ZLibStream(new UnmanagedMemoryStream(bytes, source.Length), CompressionMode.Decompress);
            try
            {
                return stream.ReadAtLeast(target, target.Length, throwOnEndOfStream: false) == target.Length;
            }
            // An IOException where zlib itself gives up.
            catch (Exception error) when (error is InvalidDataException or IOException)
            {
                return false;
            }
        }
    }

    // Section 9: n from 0 to 127 stands before n + 1 bytes, n from -127 to -1 before a byte that is repeated 1 - n times.
    static bool PackBits(ReadOnlySpan<byte> source, Span<byte> target)
    {
        while (target.Length > 0)
        {
            if (source.Length < 2)
                return false;
            var n = (sbyte)source[0];
            var length = Math.Min(n < 0 ? 1 - n : n + 1, target.Length);
            if (n == -128)
            {
                source = source[1..];
                continue;
            }
            if (n < 0)
                target[..length].Fill(source[1]);
            else if (source.Length > length)
                source.Slice(1, length).CopyTo(target);
            else
                return false;
            source = source[(n < 0 ? 2 : 1 + length)..];
            target = target[length..];
        }
        return true;
    }

    // Section 13: codes of 9 to 12 bits, the first bit on top; 256 empties the table, 257 ends. A code's string is the string of an
    // earlier code and one byte.
    static bool Lzw(ReadOnlySpan<byte> source, Span<byte> target)
    {
        const int Clear = 256, End = 257, Most = 4096;
        Span<ushort> earlier = stackalloc ushort[Most], length = stackalloc ushort[Most];
        Span<byte> last = stackalloc byte[Most], first = stackalloc byte[Most];
        for (var k = 0; k < Clear; k++)
            (length[k], last[k], first[k]) = (1, (byte)k, (byte)k);
        int next = End + 1, width = 9, before = -1, at = 0, have = 0;
        uint held = 0;
        while (target.Length > 0)
        {
            for (; have < width; have += 8)
            {
                if (at == source.Length)
                    return false;
                held = held << 8 | source[at++];
            }
            have -= width;
            var code = (int)(held >> have) & (1 << width) - 1;
            if (code == End)
                return false;
            if (code == Clear)
            {
                (next, width, before) = (End + 1, 9, -1);
                continue;
            }
            if (before < 0 ? code > Clear : code > next || next == Most && code == next)
                return false;
            if (before >= 0 && next < Most)
            {
                // The code that is being made may be the one that is used.
                (earlier[next], length[next], first[next]) = ((ushort)before, (ushort)(length[before] + 1), first[before]);
                last[next] = code == next ? first[before] : first[code];
                next++;
                // The width grows one code early.
                if (next == (1 << width) - 1 && width < 12)
                    width++;
            }
            var count = length[code];
            var rest = code;
            for (var k = count - 1; k >= 0; k--, rest = earlier[rest])
                if (k < target.Length)
                    target[k] = last[rest];
            target = target[Math.Min(count, target.Length)..];
            before = code;
        }
        return true;
    }
}
