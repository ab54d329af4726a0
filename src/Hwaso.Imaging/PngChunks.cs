using System.Buffers.Binary;

namespace Hwaso.Imaging;

/// <summary>
/// Walks over the chunks of a PNG in memory. Section 5.3 of the specification, third edition: each has a length, a type, content, and a
/// CRC of type and content.
/// </summary>
ref struct PngChunks(ReadOnlySpan<byte> file)
{
    const int LengthBytes = 4, TypeBytes = 4, CrcBytes = 4;

    /// <summary>The eight bytes that begin every PNG.</summary>
    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a];

    readonly ReadOnlySpan<byte> file = file;
    ReadOnlySpan<byte> chunk;
    int next = Signature.Length;

    /// <summary>The four letters of the current chunk's type.</summary>
    public readonly ReadOnlySpan<byte> Type => chunk[..TypeBytes];

    /// <summary>The content of the current chunk.</summary>
    public readonly ReadOnlySpan<byte> Content => chunk[TypeBytes..];

    /// <summary>Whether the current chunk has the CRC that its bytes give.</summary>
    public readonly bool IsIntact =>
        next <= file.Length && BinaryPrimitives.ReadUInt32BigEndian(file[(next - CrcBytes)..]) == PngCrc.Of(chunk);

    /// <summary>Goes to the next chunk; false where no whole one follows.</summary>
    public bool MoveNext()
    {
        if (next < Signature.Length || next > file.Length - LengthBytes - TypeBytes)
            return false;
        var length = BinaryPrimitives.ReadInt32BigEndian(file[next..]);
        if (length < 0 || length > file.Length - next - LengthBytes - TypeBytes)
            return false;
        chunk = file.Slice(next + LengthBytes, TypeBytes + length);
        next += LengthBytes + TypeBytes + length + CrcBytes;
        return true;
    }

    /// <summary>The type of the first chunk whose CRC is wrong; null where all are right.</summary>
    public static string? FirstDamaged(ReadOnlySpan<byte> file)
    {
        for (var chunks = new PngChunks(file); chunks.MoveNext() && !chunks.Type.SequenceEqual("IEND"u8);)
            if (!chunks.IsIntact)
                return System.Text.Encoding.Latin1.GetString(chunks.Type);
        return null;
    }
}

/// <summary>CRC-32 as annex D of the PNG specification gives it, eight bytes at a time.</summary>
static class PngCrc
{
    // Row k holds the CRCs of a byte that k zero bytes follow.
    static readonly uint[] table = Table();

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            var low = crc ^ BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            crc = table[7 * 256 + (int)(low & 255)] ^ table[6 * 256 + (int)(low >> 8 & 255)] ^ table[5 * 256 + (int)(low >> 16 & 255)]
                ^ table[4 * 256 + (int)(low >> 24)] ^ table[3 * 256 + bytes[4]] ^ table[2 * 256 + bytes[5]] ^ table[256 + bytes[6]]
                ^ table[bytes[7]];
        }
        foreach (var value in bytes)
            crc = table[(crc ^ value) & 255] ^ crc >> 8;
        return ~crc;
    }

    static uint[] Table()
    {
        var table = new uint[8 * 256];
        for (var n = 0u; n < 256; n++)
        {
            var crc = n;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? 0xedb88320 ^ crc >> 1 : crc >> 1;
            table[n] = crc;
        }
        for (var n = 256; n < table.Length; n++)
            table[n] = table[n - 256] >> 8 ^ table[table[n - 256] & 255];
        return table;
    }
}
