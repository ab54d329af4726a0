using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Hwaso.Checkpoints;

/// <summary>The safetensors format: a JSON header of names, types, shapes and offsets, then the bytes of the tensors.</summary>
public static class SafeTensors
{
    /// <summary>Metadata entry with the SHA-256 of a file that Hwaso wrote, by which a change made later is noticed.</summary>
    public const string DigestKey = "hwaso.sha256";

    // The limit of the format's reference implementation.
    internal const long MaxHeaderBytes = 100_000_000;

    internal const string MetadataKey = "__metadata__";

    /// <summary>Reads a file and checks it in full: header, offsets, shapes, and the digest where there is one.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">The file is not safetensors, cut short, or edited.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public static TensorFile Read(string path)
    {
        using var stream = CheckpointStream.Open(path);
        return SafeTensorsReader.Read(stream);
    }

    /// <summary>Reads the texts beside a file's tensors, from its header alone: the digest is not checked.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">The file is not safetensors, or its header is damaged.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public static IReadOnlyDictionary<string, string> ReadMetadata(string path)
    {
        using var stream = CheckpointStream.Open(path);
        return SafeTensorsReader.ReadMetadata(stream);
    }

    /// <summary>Writes tensors and texts under a temporary name, flushes to disk and renames; adds a digest of the whole file.</summary>
    /// <param name="path">The file to create or replace.</param>
    /// <param name="tensors">Names and tensors; the order is kept.</param>
    /// <param name="metadata">Texts to keep beside them, or null.</param>
    /// <exception cref="ArgumentException">A name occurs twice or is reserved.</exception>
    /// <exception cref="IOException">The disk is full or the folder cannot be written; a previous file is untouched.</exception>
    public static void Write(
        string path, IEnumerable<KeyValuePair<string, HostTensor>> tensors, IReadOnlyDictionary<string, string>? metadata = null) =>
        SafeTensorsWriter.Write(path, [.. tensors], metadata ?? new Dictionary<string, string>());

    internal static string NameOf(ElementType type) => type switch
    {
        ElementType.Bool => "BOOL",
        ElementType.UInt8 => "U8",
        ElementType.Int8 => "I8",
        ElementType.Int16 => "I16",
        ElementType.Int32 => "I32",
        ElementType.Int64 => "I64",
        ElementType.Float16 => "F16",
        ElementType.BFloat16 => "BF16",
        ElementType.Float32 => "F32",
        ElementType.Float64 => "F64",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not an element type that weight files hold"),
    };

    internal static ElementType? TypeOf(string? name) => name switch
    {
        "BOOL" => ElementType.Bool,
        "U8" => ElementType.UInt8,
        "I8" => ElementType.Int8,
        "I16" => ElementType.Int16,
        "I32" => ElementType.Int32,
        "I64" => ElementType.Int64,
        "F16" => ElementType.Float16,
        "BF16" => ElementType.BFloat16,
        "F32" => ElementType.Float32,
        "F64" => ElementType.Float64,
        _ => null,
    };
}

static class SafeTensorsReader
{
    public static TensorFile Read(CheckpointStream stream)
    {
        var head = ReadHead(stream);
        var header = SafeTensorsHeader.Parse(stream.Path, head.AsMemory(8), stream.Length - head.Length);

        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var digest = header.Metadata.GetValueOrDefault(SafeTensors.DigestKey);
        if (digest is not null)
            sha.AppendData(WithoutDigest(head, digest));

        // One pass from front to back; the header's order is the order of the tensors.
        var data = new Dictionary<string, byte[]>();
        foreach (var entry in header.Entries.OrderBy(static e => e.Begin))
        {
            var bytes = stream.ReadBytes(entry.End - entry.Begin);
            if (digest is not null)
                sha.AppendData(bytes);
            data.Add(entry.Name, bytes);
        }

        if (digest is not null && !string.Equals(digest, Convert.ToHexStringLower(sha.GetHashAndReset()), StringComparison.Ordinal))
        {
            throw new CheckpointException(
                stream.Path,
                null,
                $"the content does not match its checksum ({SafeTensors.DigestKey} in the metadata): the file was edited or damaged after "
                + "Hwaso wrote it; take an intact copy, or if the change is meant, save it without that metadata entry");
        }

        var tensors = new OrderedDictionary<string, HostTensor>();
        foreach (var entry in header.Entries)
            tensors.Add(entry.Name, new HostTensor(entry.Type, entry.Shape, data[entry.Name]));
        header.Metadata.Remove(SafeTensors.DigestKey);
        return new TensorFile(stream.Path, tensors, header.Metadata);
    }

    public static IReadOnlyDictionary<string, string> ReadMetadata(CheckpointStream stream)
    {
        var head = ReadHead(stream);
        return SafeTensorsHeader.Parse(stream.Path, head.AsMemory(8), stream.Length - head.Length).Metadata;
    }

    static byte[] ReadHead(CheckpointStream stream)
    {
        if (stream.Length < 8)
            throw stream.Fail($"{stream.Length} bytes are too few for a safetensors file; it is cut short");
        Span<byte> prefix = stackalloc byte[8];
        stream.Position = 0;
        stream.Read(prefix);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > (ulong)SafeTensors.MaxHeaderBytes)
            throw stream.Fail($"a header of {length} bytes; safetensors allows {SafeTensors.MaxHeaderBytes}: another format, or damaged");
        if (length > (ulong)stream.Remaining)
            throw stream.Fail($"a header of {length} bytes in a file of {stream.Length}; the file is cut short or damaged");
        stream.Position = 0;
        return stream.ReadBytes(8 + (long)length);
    }

    /// <summary>The header with the digest as zeros, as it was when the digest was computed.</summary>
    static byte[] WithoutDigest(byte[] head, string digest)
    {
        var copy = (byte[])head.Clone();
        var at = SafeTensorsWriter.DigestOffset;
        var place = at + digest.Length <= copy.Length ? copy.AsSpan(at, digest.Length) : [];
        if (place.SequenceEqual(Encoding.UTF8.GetBytes(digest)))
            place.Fill((byte)'0');
        return copy;
    }
}
