using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using Hwaso.Common;

namespace Hwaso.Checkpoints;

static class SafeTensorsWriter
{
    // The digest covers every byte of the file, itself as zeros.
    static readonly string EmptyDigest = new('0', 2 * SHA256.HashSizeInBytes);

    public static void Write(
        string path, List<KeyValuePair<string, HostTensor>> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        // Wide elements first, so that every tensor is aligned to its element; the header keeps the caller's order.
        var laidOut = tensors.OrderByDescending(static t => ElementSize.Of(t.Value.Type)).ToList();
        var begins = new Dictionary<string, long>();
        var dataLength = 0L;
        foreach (var (name, tensor) in laidOut)
        {
            if (name == SafeTensors.MetadataKey || !begins.TryAdd(name, dataLength))
                throw new ArgumentException($"{path}: the name {name} is reserved or occurs twice", nameof(tensors));
            dataLength += tensor.Data.Length;
        }

        var head = Head(tensors, begins, metadata);
        if (head.Length - 8 > SafeTensors.MaxHeaderBytes)
        {
            throw new ArgumentException(
                $"{path}: a header of {head.Length} bytes; readers accept {SafeTensors.MaxHeaderBytes}", nameof(metadata));
        }

        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData(head);
        foreach (var (_, tensor) in laidOut)
            sha.AppendData(tensor.Data.Span);
        // The digest is the first thing in the header, at a fixed place.
        var digest = Convert.ToHexStringLower(sha.GetHashAndReset());
        for (var i = 0; i < digest.Length; i++)
            head[DigestOffset + i] = (byte)digest[i];

        AtomicFile.Write(path, head.Length + dataLength, stream =>
        {
            stream.Write(head);
            foreach (var (_, tensor) in laidOut)
                stream.Write(tensor.Data.Span);
        });
    }

    /// <summary>Where the digest's 64 characters begin in a file of ours, counted from the file's start.</summary>
    public static int DigestOffset { get; } = 8 + $$"""{"{{SafeTensors.MetadataKey}}":{"{{SafeTensors.DigestKey}}":" """.TrimEnd().Length;

    static byte[] Head(
        List<KeyValuePair<string, HostTensor>> tensors, Dictionary<string, long> begins, IReadOnlyDictionary<string, string> metadata)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        json.WriteStartObject(SafeTensors.MetadataKey);
        json.WriteString(SafeTensors.DigestKey, EmptyDigest);
        foreach (var (key, text) in metadata.Where(static m => m.Key != SafeTensors.DigestKey))
            json.WriteString(key, text);
        json.WriteEndObject();
        foreach (var (name, tensor) in tensors)
        {
            json.WriteStartObject(name);
            json.WriteString("dtype", SafeTensors.NameOf(tensor.Type));
            json.WriteStartArray("shape");
            foreach (var size in tensor.Shape)
                json.WriteNumberValue(size);
            json.WriteEndArray();
            json.WriteStartArray("data_offsets");
            json.WriteNumberValue(begins[name]);
            json.WriteNumberValue(begins[name] + tensor.Data.Length);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.Flush();

        // Spaces after the JSON bring the data to a multiple of eight.
        var head = new byte[8 + ((buffer.WrittenCount + 7) / 8 * 8)];
        head.AsSpan().Fill((byte)' ');
        BinaryPrimitives.WriteInt64LittleEndian(head, head.Length - 8);
        buffer.WrittenSpan.CopyTo(head.AsSpan(8));
        return head;
    }
}
