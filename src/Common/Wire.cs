using System.Buffers.Binary;
using System.Text;

namespace Hwaso.Common;

/// <summary>How the content of a field is encoded: the low three bits of its tag.</summary>
enum WireType
{
    /// <summary>An integer of 7 bits per byte, the lowest first.</summary>
    Varint = 0,

    /// <summary>Eight bytes, little-endian.</summary>
    Fixed64 = 1,

    /// <summary>A length as a varint, then as many bytes: text, a message, or packed numbers.</summary>
    Bytes = 2,

    /// <summary>Four bytes, little-endian.</summary>
    Fixed32 = 5,
}

/// <summary>The numbers that protobuf's wire format is made of.</summary>
/// <remarks>
/// https://protobuf.dev/programming-guides/encoding. The one codec of this repository: the source is compiled into every project that
/// reads or writes such files (ONNX models, TensorBoard events), so that none of them needs another project or package for it.
/// </remarks>
static class Wire
{
    /// <summary>The most bytes of a varint: 64 bits, 7 per byte.</summary>
    public const int MaxVarintBytes = 10;

    /// <summary>The tag that precedes a field's content.</summary>
    /// <param name="field">The field's number, from 1.</param>
    /// <param name="type">How its content is encoded.</param>
    public static ulong Tag(int field, WireType type) => ((ulong)(uint)field << 3) | (uint)type;

    /// <summary>
    /// The field number and the wire type of a tag; a number above 2³¹ − 1 is returned as 2³¹ − 1, which no message uses.
    /// </summary>
    public static (int Field, WireType Type) Split(ulong tag) => ((int)Math.Min(tag >> 3, int.MaxValue), (WireType)(tag & 7));

    /// <summary>Decodes a varint.</summary>
    /// <param name="bytes">The message.</param>
    /// <param name="position">Where the varint starts; afterwards, the first byte that was not consumed.</param>
    /// <param name="value">The number.</param>
    /// <returns>False if the bytes end within the number, or if it has more than <see cref="MaxVarintBytes"/>.</returns>
    public static bool TryReadVarint(ReadOnlySpan<byte> bytes, ref int position, out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 64 && position < bytes.Length; shift += 7)
        {
            var part = bytes[position++];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
                return true;
        }
        return false;
    }

    /// <summary>Encodes a varint.</summary>
    public static void WriteVarint(Stream to, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            to.WriteByte((byte)(value | 0x80));
        to.WriteByte((byte)value);
    }
}

/// <summary>A message that does not follow the wire format, or a field of another wire type than its reader expects.</summary>
sealed class WireFormatException(string message) : Exception(message);

/// <summary>Reads the fields of one message in order, never beyond its end. Bytes and messages are views of the input.</summary>
struct WireReader(ReadOnlyMemory<byte> bytes)
{
    readonly ReadOnlyMemory<byte> message = bytes;
    int position;
    WireType type;

    /// <summary>Advances to the next field. One of the other methods must then consume its content.</summary>
    /// <param name="field">The field's number.</param>
    /// <returns>False at the end of the message.</returns>
    /// <exception cref="WireFormatException">The tag is damaged.</exception>
    public bool Next(out int field)
    {
        field = 0;
        if (position >= message.Length)
            return false;
        (field, type) = Wire.Split(Varint());
        return field > 0 ? true : throw Broken("a field without number");
    }

    /// <summary>Reads the field as an integer.</summary>
    /// <exception cref="WireFormatException">It is not a varint.</exception>
    public long Int() => type == WireType.Varint ? (long)Varint() : throw Unexpected("a number");

    /// <summary>Reads the field as a single-precision number.</summary>
    /// <exception cref="WireFormatException">It does not have four bytes.</exception>
    public float Float() => type == WireType.Fixed32 ? BinaryPrimitives.ReadSingleLittleEndian(Take(4).Span) : throw Unexpected("a float");

    /// <summary>Reads the field as bytes, or as a message within this one.</summary>
    /// <exception cref="WireFormatException">It is not length-delimited, or longer than the rest of the message.</exception>
    public ReadOnlyMemory<byte> Bytes()
    {
        if (type != WireType.Bytes)
            throw Unexpected("bytes");
        var (length, rest) = (Varint(), message.Length - position);
        return length <= (ulong)rest ? Take((int)length) : throw Broken($"a field of {length} bytes where {rest} are left");
    }

    /// <summary>Reads the field as UTF-8 text.</summary>
    /// <inheritdoc cref="Bytes"/>
    public string Text() => Encoding.UTF8.GetString(Bytes().Span);

    /// <summary>Reads the field as integers: one, or many packed.</summary>
    /// <exception cref="WireFormatException">It is neither.</exception>
    public void Ints(List<long> to)
    {
        if (type == WireType.Varint)
        {
            to.Add(Int());
            return;
        }
        var packed = new WireReader(Bytes());
        while (packed.position < packed.message.Length)
            to.Add((long)packed.Varint());
    }

    /// <summary>Reads the field as single-precision numbers: one, or many packed.</summary>
    /// <exception cref="WireFormatException">It is neither.</exception>
    public void Floats(List<float> to)
    {
        if (type == WireType.Fixed32)
        {
            to.Add(Float());
            return;
        }
        var packed = Bytes().Span;
        if (packed.Length % sizeof(float) != 0)
            throw Broken($"{packed.Length} bytes of packed floats");
        for (var k = 0; k < packed.Length; k += sizeof(float))
            to.Add(BinaryPrimitives.ReadSingleLittleEndian(packed[k..]));
    }

    /// <summary>Reads the field as double-precision numbers: one, or many packed.</summary>
    /// <exception cref="WireFormatException">It is neither.</exception>
    public void Doubles(List<double> to)
    {
        var packed = (type == WireType.Fixed64 ? Take(sizeof(double)) : Bytes()).Span;
        if (packed.Length % sizeof(double) != 0)
            throw Broken($"{packed.Length} bytes of packed doubles");
        for (var k = 0; k < packed.Length; k += sizeof(double))
            to.Add(BinaryPrimitives.ReadDoubleLittleEndian(packed[k..]));
    }

    /// <summary>Skips the field's content.</summary>
    /// <exception cref="WireFormatException">Its wire type does not exist, or it is longer than the rest of the message.</exception>
    public void Skip()
    {
        switch (type)
        {
            case WireType.Varint:
                Varint();
                break;
            case WireType.Fixed64:
                Take(sizeof(double));
                break;
            case WireType.Fixed32:
                Take(sizeof(float));
                break;
            case WireType.Bytes:
                Bytes();
                break;
            default:
                throw Broken($"a field of wire type {(int)type}, which does not exist");
        }
    }

    ulong Varint()
    {
        var start = position;
        if (Wire.TryReadVarint(message.Span, ref position, out var value))
            return value;
        throw Broken(position - start == Wire.MaxVarintBytes ? "a number of more than 64 bits" : "the message is cut short");
    }

    ReadOnlyMemory<byte> Take(int length)
    {
        if (length > message.Length - position)
            throw Broken("the message is cut short");
        position += length;
        return message.Slice(position - length, length);
    }

    readonly WireFormatException Unexpected(string wanted) => Broken($"a field of wire type {(int)type} where {wanted} was wanted");

    readonly WireFormatException Broken(string problem) => new($"{problem} (byte {position} of a message of {message.Length})");
}

/// <summary>Writes one message, in memory.</summary>
sealed class WireWriter : IDisposable
{
    readonly MemoryStream stream = new();

    /// <summary>Bytes written so far.</summary>
    public long Length => stream.Length;

    /// <summary>Writes an integer; negative ones take ten bytes, as protobuf's int64 does.</summary>
    public void Int(int field, long value)
    {
        Tag(field, WireType.Varint);
        Wire.WriteVarint(stream, (ulong)value);
    }

    /// <summary>Writes a single-precision number.</summary>
    public void Float(int field, float value)
    {
        Tag(field, WireType.Fixed32);
        Span<byte> bytes = stackalloc byte[sizeof(float)];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        stream.Write(bytes);
    }

    /// <summary>Writes a double-precision number.</summary>
    public void Double(int field, double value)
    {
        Tag(field, WireType.Fixed64);
        Span<byte> bytes = stackalloc byte[sizeof(double)];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
        stream.Write(bytes);
    }

    /// <summary>Writes bytes, or a message that is encoded already.</summary>
    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        Tag(field, WireType.Bytes);
        Wire.WriteVarint(stream, (ulong)value.Length);
        stream.Write(value);
    }

    /// <summary>Writes text as UTF-8.</summary>
    public void Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    /// <summary>Writes a message within this one.</summary>
    /// <param name="field">The field's number.</param>
    /// <param name="write">Writes the inner message's fields.</param>
    public void Message(int field, Action<WireWriter> write)
    {
        using var inner = new WireWriter();
        write(inner);
        Bytes(field, inner.stream.GetBuffer().AsSpan(0, (int)inner.Length));
    }

    /// <summary>Copies the message to a stream.</summary>
    public void CopyTo(Stream to) => stream.WriteTo(to);

    /// <summary>The message.</summary>
    public byte[] ToArray() => stream.ToArray();

    /// <summary>Frees the buffer.</summary>
    public void Dispose() => stream.Dispose();

    void Tag(int field, WireType type) => Wire.WriteVarint(stream, Wire.Tag(field, type));
}
