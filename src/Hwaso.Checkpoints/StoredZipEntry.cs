using System.Buffers.Binary;
using System.Text;

namespace Hwaso.Checkpoints;

/// <summary>One entry of a zip archive's central directory.</summary>
sealed record StoredZipEntry(string Name, int Method, bool IsEncrypted, uint Crc, long StoredLength, long Length, long HeaderOffset)
{
    const int FixedLength = 46;

    /// <summary>Reads the directory's first entry and how many bytes it took; null when there is none, or one that cannot be.</summary>
    public static (StoredZipEntry Entry, int Taken)? Parse(ReadOnlySpan<byte> directory)
    {
        if (directory.Length < FixedLength || !directory.StartsWith("PK\x01\x02"u8))
            return null;
        var nameLength = BinaryPrimitives.ReadUInt16LittleEndian(directory[28..]);
        var extraLength = BinaryPrimitives.ReadUInt16LittleEndian(directory[30..]);
        var taken = FixedLength + nameLength + extraLength + BinaryPrimitives.ReadUInt16LittleEndian(directory[32..]);
        if (directory.Length < taken)
            return null;

        long stored = BinaryPrimitives.ReadUInt32LittleEndian(directory[20..]);
        long length = BinaryPrimitives.ReadUInt32LittleEndian(directory[24..]);
        long offset = BinaryPrimitives.ReadUInt32LittleEndian(directory[42..]);
        var extra = directory.Slice(FixedLength + nameLength, extraLength);
        if (!TakeZip64(extra, ref length, ref stored, ref offset) || length < 0 || stored < 0 || offset < 0)
            return null;
        var entry = new StoredZipEntry(
            Encoding.UTF8.GetString(directory.Slice(FixedLength, nameLength)),
            BinaryPrimitives.ReadUInt16LittleEndian(directory[10..]),
            (directory[8] & 1) != 0,
            BinaryPrimitives.ReadUInt32LittleEndian(directory[16..]),
            stored,
            length,
            offset);
        return (entry, taken);
    }

    /// <summary>Replaces each number that is all ones by the next 64-bit number of the zip64 field.</summary>
    static bool TakeZip64(ReadOnlySpan<byte> extra, ref long length, ref long stored, ref long offset)
    {
        while (extra.Length >= 4)
        {
            var id = BinaryPrimitives.ReadUInt16LittleEndian(extra);
            var size = BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]);
            if (size > extra.Length - 4)
                return false;
            var field = extra.Slice(4, size);
            if (id == 1)
                return Take(ref length, ref field) && Take(ref stored, ref field) && Take(ref offset, ref field);
            extra = extra[(4 + size)..];
        }

        return true;

        static bool Take(ref long number, ref ReadOnlySpan<byte> field)
        {
            if (number != uint.MaxValue)
                return true;
            if (field.Length < 8)
                return false;
            number = BinaryPrimitives.ReadInt64LittleEndian(field);
            field = field[8..];
            return true;
        }
    }
}
