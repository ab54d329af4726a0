using System.Buffers.Binary;

namespace Hwaso.Checkpoints;

/// <summary>A seekable stream that never hands out, nor allocates, more than it holds.</summary>
sealed class CheckpointStream(Stream stream, string path, string? part) : IDisposable
{
    public string Path => path;

    public long Length { get; } = stream.Length;

    public long Position
    {
        get => stream.Position;
        set => stream.Position = value;
    }

    public long Remaining => Length - stream.Position;

    public static CheckpointStream Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path))
            throw new CheckpointException(path, null, "a folder, not a weight file");
        return new CheckpointStream(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16), path, null);
    }

    /// <summary>A part of the file that is in memory already.</summary>
    public static CheckpointStream Over(byte[] bytes, string path, string part) =>
        new(new MemoryStream(bytes, writable: false), path, part);

    public byte ReadByte()
    {
        var value = stream.ReadByte();
        return value >= 0 ? (byte)value : throw CutShort(1);
    }

    public void Read(Span<byte> into)
    {
        if (into.Length > Remaining || stream.ReadAtLeast(into, into.Length, throwOnEndOfStream: false) < into.Length)
            throw CutShort(into.Length);
    }

    public byte[] ReadBytes(long count)
    {
        if (count > Remaining)
            throw CutShort(count);
        if (count > Array.MaxLength)
            throw Fail($"a part of {count} bytes; at most {Array.MaxLength} can be held in one piece");
        var bytes = GC.AllocateUninitializedArray<byte>((int)count);
        Read(bytes);
        return bytes;
    }

    /// <summary>Up to <paramref name="count"/> bytes from the start, leaving the position there.</summary>
    public byte[] Peek(int count)
    {
        Position = 0;
        var bytes = ReadBytes(Math.Min(count, Length));
        Position = 0;
        return bytes;
    }

    public long ReadInt64()
    {
        Span<byte> bytes = stackalloc byte[8];
        Read(bytes);
        return BinaryPrimitives.ReadInt64LittleEndian(bytes);
    }

    public CheckpointException Fail(string problem, Exception? cause = null) => new(path, part, problem, cause);

    public void Dispose() => stream.Dispose();

    CheckpointException CutShort(long wanted) =>
        Fail($"ends at byte {Length}, where {wanted} more bytes were due from byte {Position} on; the file is cut short or damaged");
}
