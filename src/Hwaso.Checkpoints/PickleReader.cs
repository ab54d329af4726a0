using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace Hwaso.Checkpoints;

/// <summary>The operands of pickle opcodes.</summary>
sealed class PickleReader(CheckpointStream source)
{
    // Longer than any name, number or text line in a weight file.
    const int MaxLine = 4096;
    const int MaxIntegerBytes = 64;

    public byte Byte() => source.ReadByte();

    public long UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Small(stackalloc byte[2]));

    public long Int32() => BinaryPrimitives.ReadInt32LittleEndian(Small(stackalloc byte[4]));

    public long UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Small(stackalloc byte[4]));

    public long Length64()
    {
        var length = source.ReadInt64();
        return length >= 0 ? length : throw source.Fail("a length beyond 63 bits; the file is damaged");
    }

    public double BinFloat() => BinaryPrimitives.ReadDoubleBigEndian(Small(stackalloc byte[8]));

    public byte[] Bytes(long count) =>
        count >= 0 ? source.ReadBytes(count) : throw source.Fail($"{count} bytes of data; the file is damaged");

    public string Utf8(long count)
    {
        try
        {
            return Strict.GetString(Bytes(count));
        }
        catch (DecoderFallbackException e)
        {
            throw source.Fail("a text is not valid UTF-8; the file is damaged", e);
        }
    }

    /// <summary>A Python 2 string: bytes that may be text.</summary>
    public string ByteString(long count) => Encoding.Latin1.GetString(Bytes(count));

    /// <summary>Two's complement, little-endian; a <see cref="long"/> wherever it fits.</summary>
    public object Integer(long byteCount)
    {
        if (byteCount is < 0 or > MaxIntegerBytes)
            throw source.Fail($"an integer of {byteCount} bytes; the file is damaged");
        var value = new BigInteger(Bytes(byteCount));
        return value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value;
    }

    public object DecimalInteger()
    {
        var line = Line().TrimEnd('L');
        // Protocol 0 writes truth values so.
        if (line is "00" or "01")
            return line == "01";
        return long.TryParse(line, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw source.Fail("an integer is not a number; the file is damaged");
    }

    public double DecimalFloat() =>
        double.TryParse(Line(), NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw source.Fail("a number is not one; the file is damaged");

    public string Line()
    {
        var bytes = new List<byte>();
        for (var b = Byte(); b != '\n'; b = Byte())
        {
            if (bytes.Count == MaxLine)
                throw source.Fail($"a line of more than {MaxLine} bytes; the file is damaged");
            bytes.Add(b);
        }

        return Encoding.Latin1.GetString([.. bytes]).TrimEnd('\r');
    }

    static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    Span<byte> Small(Span<byte> bytes)
    {
        source.Read(bytes);
        return bytes;
    }
}
