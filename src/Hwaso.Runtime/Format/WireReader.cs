using System.Buffers.Binary;
using System.Text;

namespace Hwaso.Runtime.Format;

/// <summary>Reads one message of protobuf's wire format, and never beyond its end; what it hands out are views of the file.</summary>
struct WireReader(ReadOnlyMemory<byte> bytes, string place)
{
    readonly ReadOnlyMemory<byte> message = bytes;
    int position;
    WireType type;

    /// <summary>Whether there is another field; its number.</summary>
    public bool Next(out int field)
    {
        field = 0;
        if (position >= message.Length)
            return false;
        var key = Varint();
        (field, type) = ((int)Math.Min(key >> 3, int.MaxValue), (WireType)(key & 7));
        return field > 0 ? true : throw Broken("a field without number");
    }

    /// <summary>The field as a number.</summary>
    public long Int() => type == WireType.Varint ? (long)Varint() : throw Wrong("a number");

    /// <summary>The field as a single-precision number.</summary>
    public float Float() => type == WireType.Fixed32 ? BinaryPrimitives.ReadSingleLittleEndian(Take(4).Span) : throw Wrong("a float");

    /// <summary>The field as bytes, or as a message within this one.</summary>
    public ReadOnlyMemory<byte> Bytes()
    {
        if (type != WireType.Bytes)
            throw Wrong("bytes");
        var length = Varint();
        return length <= (ulong)(message.Length - position) ? Take((int)length) : throw Broken($"a field of {length} bytes where {message.Length - position} are left");
    }

    /// <summary>The field as text.</summary>
    public string Text() => Encoding.UTF8.GetString(Bytes().Span);

    /// <summary>The field as numbers: one, or many packed.</summary>
    public void Ints(List<long> to)
    {
        if (type == WireType.Varint)
        {
            to.Add(Int());
            return;
        }
        var packed = new WireReader(Bytes(), place);
        while (packed.position < packed.message.Length)
            to.Add((long)packed.Varint());
    }

    /// <summary>The field as single-precision numbers: one, or many packed.</summary>
    public void Floats(List<float> to)
    {
        if (type == WireType.Fixed32)
        {
            to.Add(Float());
            return;
        }
        var packed = Bytes().Span;
        if (packed.Length % 4 != 0)
            throw Broken($"{packed.Length} bytes of packed floats");
        for (var k = 0; k < packed.Length; k += 4)
            to.Add(BinaryPrimitives.ReadSingleLittleEndian(packed[k..]));
    }

    /// <summary>The field as double-precision numbers: one, or many packed.</summary>
    public void Doubles(List<double> to)
    {
        var packed = (type == WireType.Fixed64 ? Take(8) : Bytes()).Span;
        if (packed.Length % 8 != 0)
            throw Broken($"{packed.Length} bytes of packed doubles");
        for (var k = 0; k < packed.Length; k += 8)
            to.Add(BinaryPrimitives.ReadDoubleLittleEndian(packed[k..]));
    }

    /// <summary>Passes the field over.</summary>
    public void Skip()
    {
        switch (type)
        {
            case WireType.Varint:
                Varint();
                break;
            case WireType.Fixed64:
                Take(8);
                break;
            case WireType.Fixed32:
                Take(4);
                break;
            case WireType.Bytes:
                Bytes();
                break;
            default:
                throw Broken($"a field of wire type {(int)type}, which is none");
        }
    }

    ulong Varint()
    {
        var span = message.Span;
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (position >= span.Length)
                throw Broken("the file is cut short");
            var part = span[position++];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
                return value;
        }
        throw Broken("a number of more than 64 bits");
    }

    ReadOnlyMemory<byte> Take(int length)
    {
        if (length > message.Length - position)
            throw Broken("the file is cut short");
        position += length;
        return message.Slice(position - length, length);
    }

    readonly ModelFormatException Wrong(string wanted) => Broken($"a field of wire type {(int)type} where {wanted} was wanted");

    readonly ModelFormatException Broken(string problem) => new(place, $"{problem} (byte {position} of a message of {message.Length}); this is no ONNX file, or a damaged one");
}
