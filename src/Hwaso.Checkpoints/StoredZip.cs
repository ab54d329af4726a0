using System.Buffers.Binary;
using System.Text;

namespace Hwaso.Checkpoints;

/// <summary>A zip archive of stored (uncompressed) entries, as torch.save writes it; zip64 included. After PKWARE's APPNOTE.</summary>
sealed class StoredZip
{
    const int EndLength = 22;
    const int Zip64LocatorLength = 20;
    const int Zip64EndLength = 56;
    const uint Unrecorded = 0;
    readonly CheckpointStream stream;
    readonly Dictionary<string, StoredZipEntry> entries = [];

    public StoredZip(CheckpointStream stream)
    {
        this.stream = stream;
        var (offset, length, count) = FindDirectory();
        if (offset < 0 || length < 0 || offset > stream.Length || length > stream.Length - offset)
            throw Damaged("its directory lies outside of it");
        stream.Position = offset;
        var directory = stream.ReadBytes(length).AsSpan();
        for (; directory.Length > 0; count--)
        {
            if (count <= 0)
                throw Damaged("its directory holds more than announced");
            var (entry, taken) = StoredZipEntry.Parse(directory)
                ?? throw Damaged("an entry of its directory is not one");
            if (!entries.TryAdd(entry.Name, entry))
                throw stream.Fail($"the archive holds {entry.Name} twice");
            directory = directory[taken..];
        }

        if (count != 0)
            throw Damaged("its directory holds less than announced");
    }

    public IEnumerable<string> Names => entries.Keys;

    public bool Contains(string name) => entries.ContainsKey(name);

    /// <summary>An entry's bytes, checked against its CRC-32.</summary>
    public byte[] Read(string name, long limit)
    {
        if (!entries.TryGetValue(name, out var entry))
            throw Fail("missing from the archive; the file is damaged");
        if (entry.Method != 0 || entry.IsEncrypted || entry.StoredLength != entry.Length)
            throw Fail("compressed or encrypted; torch.save stores plainly. Save the weights again with torch.save");
        if (entry.Length > limit)
            throw Fail($"{entry.Length} bytes, where {limit} are the most that is read");

        stream.Position = entry.HeaderOffset;
        Span<byte> header = stackalloc byte[30];
        stream.Read(header);
        if (!header.StartsWith("PK\x03\x04"u8))
            throw Fail("does not begin where the archive's directory says; the file is damaged");
        var skip = BinaryPrimitives.ReadUInt16LittleEndian(header[26..]) + BinaryPrimitives.ReadUInt16LittleEndian(header[28..]);
        if (skip > stream.Remaining)
            throw Damaged($"{name} lies beyond the end");
        stream.Position += skip;

        var bytes = stream.ReadBytes(entry.Length);
        // PyTorch can leave the checksum out and writes 0 then.
        if (entry.Crc != Unrecorded && Crc32.Of(bytes) != entry.Crc)
            throw Fail("does not match its checksum; the file was edited or damaged. Take an intact copy");
        return bytes;

        CheckpointException Fail(string problem) => new(stream.Path, name, problem);
    }

    (long Offset, long Length, long Count) FindDirectory()
    {
        // The end record is last, before a comment of at most 64 KiB.
        var tailLength = (int)Math.Min(stream.Length, EndLength + ushort.MaxValue + Zip64LocatorLength);
        var tailStart = stream.Length - tailLength;
        stream.Position = tailStart;
        ReadOnlySpan<byte> tail = stream.ReadBytes(tailLength);
        for (var at = tailLength - EndLength; at >= 0; at--)
        {
            var end = tail[at..];
            if (!end.StartsWith("PK\x05\x06"u8) || BinaryPrimitives.ReadUInt16LittleEndian(end[20..]) != end.Length - EndLength)
                continue;
            if (at >= Zip64LocatorLength && tail[(at - Zip64LocatorLength)..].StartsWith("PK\x06\x07"u8))
                return Zip64Directory(BinaryPrimitives.ReadInt64LittleEndian(tail[(at - Zip64LocatorLength + 8)..]));
            return (
                BinaryPrimitives.ReadUInt32LittleEndian(end[16..]),
                BinaryPrimitives.ReadUInt32LittleEndian(end[12..]),
                BinaryPrimitives.ReadUInt16LittleEndian(end[10..]));
        }

        throw Damaged("its end record is missing");
    }

    (long Offset, long Length, long Count) Zip64Directory(long at)
    {
        if (at < 0 || at > stream.Length - Zip64EndLength)
            throw Damaged("its zip64 end record lies outside of it");
        stream.Position = at;
        var end = stream.ReadBytes(Zip64EndLength).AsSpan();
        if (!end.StartsWith("PK\x06\x06"u8))
            throw Damaged("its zip64 end record is missing");
        return (
            BinaryPrimitives.ReadInt64LittleEndian(end[48..]),
            BinaryPrimitives.ReadInt64LittleEndian(end[40..]),
            BinaryPrimitives.ReadInt64LittleEndian(end[32..]));
    }

    CheckpointException Damaged(string what) => stream.Fail($"the archive is cut short or damaged: {what}");
}

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
