using System.Buffers.Binary;
using System.Text;

namespace Hwaso.Data.Matlab;

/// <summary>Takes the elements of a MAT-file one after the other: a tag with type and length, the content, and padding to 8 bytes.</summary>
ref struct MatReader(ReadOnlySpan<byte> bytes, bool little)
{
    const int Compressed = 15;

    ReadOnlySpan<byte> rest = bytes;

    // Fewer bytes than a tag are padding.
    public readonly bool AtEnd => rest.Length < 8;

    /// <summary>The next element.</summary>
    /// <exception cref="InvalidDataException">It is longer than what is left.</exception>
    public ReadOnlySpan<byte> Element(out int type)
    {
        if (rest.Length < 8)
            throw new InvalidDataException("it ends where an element was expected");
        var tag = UInt32(rest);
        // Up to four bytes are kept in the tag itself, with their length in the upper half of its first word.
        if (tag >> 16 is > 0 and var small)
        {
            if (small > 4)
                throw new InvalidDataException($"a small element of {small} bytes");
            var inside = rest.Slice(4, (int)small);
            rest = rest[8..];
            type = (int)(tag & 0xffff);
            return inside;
        }
        var length = UInt32(rest[4..]);
        if (length > rest.Length - 8)
            throw new InvalidDataException($"an element of {length} bytes where {rest.Length - 8} are left");
        var content = rest.Slice(8, (int)length);
        var padded = tag == Compressed ? (int)length : (int)length + (8 - (int)length % 8) % 8;
        rest = rest[Math.Min(rest.Length, 8 + padded)..];
        type = (int)tag;
        return content;
    }

    /// <summary>The next element's numbers, whatever type they are kept in: MATLAB takes the narrowest.</summary>
    /// <exception cref="InvalidDataException">It holds none.</exception>
    public double[] Numbers()
    {
        var content = Element(out var type);
        var width = type switch { 1 or 2 => 1, 3 or 4 => 2, 5 or 6 or 7 => 4, 9 or 12 or 13 => 8, _ => throw new InvalidDataException($"data type {type} where numbers were expected") };
        var numbers = new double[content.Length / width];
        for (var k = 0; k < numbers.Length; k++)
        {
            var at = content.Slice(k * width, width);
            numbers[k] = type switch
            {
                1 => (sbyte)at[0],
                2 => at[0],
                3 => (short)UInt16(at),
                4 => UInt16(at),
                5 => (int)UInt32(at),
                6 => UInt32(at),
                7 => BitConverter.UInt32BitsToSingle(UInt32(at)),
                9 => BitConverter.UInt64BitsToDouble(UInt64(at)),
                12 => (long)UInt64(at),
                _ => UInt64(at),
            };
        }
        return numbers;
    }

    /// <summary>The next element's bytes as letters.</summary>
    public string Text() => Encoding.UTF8.GetString(Element(out _));

    readonly ushort UInt16(ReadOnlySpan<byte> at) => little ? BinaryPrimitives.ReadUInt16LittleEndian(at) : BinaryPrimitives.ReadUInt16BigEndian(at);

    readonly uint UInt32(ReadOnlySpan<byte> at) => little ? BinaryPrimitives.ReadUInt32LittleEndian(at) : BinaryPrimitives.ReadUInt32BigEndian(at);

    readonly ulong UInt64(ReadOnlySpan<byte> at) => little ? BinaryPrimitives.ReadUInt64LittleEndian(at) : BinaryPrimitives.ReadUInt64BigEndian(at);
}
