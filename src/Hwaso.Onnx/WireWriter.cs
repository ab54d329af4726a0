using System.Buffers.Binary;
using System.Text;

namespace Hwaso.Onnx;

/// <summary>Writes one message of protobuf's wire format.</summary>
sealed class WireWriter : IDisposable
{
    readonly MemoryStream stream = new();

    public long Length => stream.Length;

    public void Int(int field, long value)
    {
        Varint((uint)field << 3);
        Varint((ulong)value);
    }

    public void Float(int field, float value)
    {
        Varint(((uint)field << 3) | 5);
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        stream.Write(bytes);
    }

    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        Varint(((uint)field << 3) | 2);
        Varint((ulong)value.Length);
        stream.Write(value);
    }

    public void Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    /// <summary>A message within this one.</summary>
    public void Message(int field, Action<WireWriter> write)
    {
        using var inner = new WireWriter();
        write(inner);
        Bytes(field, inner.stream.GetBuffer().AsSpan(0, (int)inner.Length));
    }

    public void CopyTo(Stream to) => stream.WriteTo(to);

    public byte[] ToArray() => stream.ToArray();

    public void Dispose() => stream.Dispose();

    void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            stream.WriteByte((byte)(value | 0x80));
        stream.WriteByte((byte)value);
    }
}
