using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Hwaso.Checkpoints;

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

    /// <summary>The header with the digest as zeros, as it was when the digest was taken.</summary>
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
