using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hwaso.Runtime.Format;

/// <summary>
/// A file as memory, freed as soon as it is no longer needed. The numbers of large weights stay in the file until they are copied: their
/// pages are never touched, and so take no memory.
/// </summary>
sealed unsafe class FileBytes : MemoryManager<byte>
{
    const int MostRead = 4096, Page = 4096;

    readonly string path;
    readonly SafeFileHandle file;
    readonly int length;
    readonly List<(int Begin, int End)> left = [];
    byte* bytes;

    /// <exception cref="ModelFormatException">The file is larger than an ONNX file can be.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public FileBytes(string path)
    {
        this.path = path;
        file = File.OpenHandle(path, options: FileOptions.SequentialScan);
        try
        {
            var size = RandomAccess.GetLength(file);
            if (size > Array.MaxLength)
                throw new ModelFormatException(path, $"has {size} bytes, more than the 2 GiB of an ONNX file");
            length = (int)size;
            bytes = (byte*)NativeMemory.Alloc((nuint)size);
            ReadAllButWeights();
        }
        catch
        {
            Free();
            throw;
        }
    }

    /// <summary>Copies bytes, from the file if they were left there.</summary>
    /// <exception cref="IOException">The file cannot be read, or became shorter.</exception>
    public static void Copy(ReadOnlyMemory<byte> from, Span<byte> to)
    {
        if (IsLeft(from, out var owner, out var start))
            owner.Read(start, to[..from.Length]);
        else
            from.Span.CopyTo(to);
    }

    /// <summary>The bytes themselves if they are in memory, else a copy read from the file.</summary>
    /// <exception cref="IOException">The file cannot be read, or became shorter.</exception>
    public static ReadOnlySpan<byte> Get(ReadOnlyMemory<byte> from)
    {
        if (!IsLeft(from, out var owner, out var start))
            return from.Span;
        var copy = new byte[from.Length];
        owner.Read(start, copy);
        return copy;
    }

    public override Span<byte> GetSpan() =>
        bytes != null || length == 0 ? new(bytes, length) : throw new ObjectDisposedException(nameof(FileBytes));

    public override MemoryHandle Pin(int elementIndex = 0) => new(bytes + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing) => Free();

    static bool IsLeft(ReadOnlyMemory<byte> memory, [NotNullWhen(true)] out FileBytes? owner, out int start)
    {
        if (!MemoryMarshal.TryGetMemoryManager(memory, out owner, out start, out var count) || count == 0)
            return false;
        var after = owner.left.BinarySearch((start, int.MaxValue));
        var before = (after < 0 ? ~after : after) - 1;
        return before >= 0 && start < owner.left[before].End;
    }

    // Follows the paths to the numbers of weights: ModelProto.graph 7, then GraphProto.initializer 5 and TensorProto.raw_data 9, or, for
    // constants, GraphProto.node 1, NodeProto.attribute 5, AttributeProto.t 5 and TensorProto.raw_data 9.
    void ReadAllButWeights()
    {
        const int node = 1;
        ReadOnlySpan<int> weights = [7, 5, 9], constants = [7, node, 5, 5, 9];
        Span<int> ends = [length, 0, 0, 0, 0];
        var path = weights;
        var (level, at, ready) = (0, 0, 0);
        while (level >= 0)
        {
            if (at >= ends[level])
            {
                level--;
                continue;
            }
            // Damage is reported by the reader, which needs the bytes up to it.
            if (!Varint(ref at, ref ready, ends[level], out var tag))
                break;
            var (field, type) = Wire.Split(tag);
            if (!Content(ref at, ref ready, ends[level], type, out var size))
                break;
            if (level == 1)
                path = field == node ? constants : weights;
            if (size == 0 || field != path[level] || type != WireType.Bytes)
                at += size;
            else if (level < path.Length - 1)
                ends[++level] = at + size;
            else
            {
                if (size > MostRead)
                {
                    left.Add((at, at + size));
                    ready = Math.Max(ready, at + size);
                }
                at += size;
            }
            Need(at - 1, ref ready);
        }
        Need(length - 1, ref ready);
    }

    // The number of bytes of a field's content from here on; 0 for a varint, which is consumed.
    bool Content(ref int at, ref int ready, int end, WireType type, out int size)
    {
        ulong length = type switch { WireType.Fixed64 => 8, WireType.Fixed32 => 4, _ => 0 };
        var known = length > 0 || (type is WireType.Varint or WireType.Bytes && Varint(ref at, ref ready, end, out length));
        length = type == WireType.Varint ? 0 : length;
        size = known && length <= (ulong)(end - at) ? (int)length : -1;
        return size >= 0;
    }

    bool Varint(ref int at, ref int ready, int end, out ulong value)
    {
        Need(Math.Min(at + Wire.MaxVarintBytes, end) - 1, ref ready);
        return Wire.TryReadVarint(new ReadOnlySpan<byte>(bytes, end), ref at, out value);
    }

    // Reads the file up to a byte, in whole pages.
    void Need(int last, ref int ready)
    {
        if (last < ready)
            return;
        var end = (int)Math.Min(length, ((long)last + Page) & ~(Page - 1L));
        Read(ready, new Span<byte>(bytes + ready, end - ready));
        ready = end;
    }

    void Read(int at, Span<byte> to)
    {
        for (var done = 0; done < to.Length;)
        {
            var read = RandomAccess.Read(file, to[done..], at + done);
            if (read == 0)
                throw new EndOfStreamException($"{path}: the file became shorter during reading");
            done += read;
        }
    }

    void Free()
    {
        NativeMemory.Free(bytes);
        bytes = null;
        file.Dispose();
    }
}
