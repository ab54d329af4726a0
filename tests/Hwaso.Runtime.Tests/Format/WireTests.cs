using Hwaso.Common;

namespace Hwaso.Runtime.Tests.Format;

/// <summary>The codec of protobuf's wire format, by the examples of its specification (protobuf.dev/programming-guides/encoding).</summary>
public sealed class WireTests
{
    [Fact]
    public void Writer_encodes_the_examples_of_the_specification()
    {
        Assert.Equal([0x08, 0x96, 0x01], Written(w => w.Int(1, 150)));
        Assert.Equal([0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67], Written(w => w.Text(2, "testing")));
        Assert.Equal([0x1a, 0x03, 0x08, 0x96, 0x01], Written(w => w.Message(3, inner => inner.Int(1, 150))));
        Assert.Equal([0x08, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], Written(w => w.Int(1, -2)));
    }

    [Fact]
    public void Reader_returns_what_the_writer_wrote()
    {
        var numbers = new[] { 0, 1, 127, 128, 300, int.MaxValue, long.MaxValue, -1, long.MinValue };
        var bytes = Written(w =>
        {
            foreach (var number in numbers)
                w.Int(1, number);
            w.Float(2, MathF.PI);
            w.Double(3, Math.E);
            w.Text(1 << 20, "Größe");
            w.Bytes(4, [1, 2, 3]);
        });
        var reader = new WireReader(bytes);
        foreach (var number in numbers)
            Assert.Equal((true, 1, number), (reader.Next(out var field), field, reader.Int()));
        Assert.Equal((true, 2, MathF.PI), (reader.Next(out var single), single, reader.Float()));
        var doubles = new List<double>();
        Assert.True(reader.Next(out _));
        reader.Doubles(doubles);
        Assert.Equal([Math.E], doubles);
        Assert.Equal((true, 1 << 20, "Größe"), (reader.Next(out var text), text, reader.Text()));
        Assert.True(reader.Next(out _));
        reader.Skip();
        Assert.False(reader.Next(out _));
    }

    [Fact]
    public void Reader_returns_packed_numbers_as_it_does_single_ones()
    {
        var reader = new WireReader(Written(w =>
        {
            w.Bytes(1, [0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05]);
            w.Int(1, 5);
        }));
        var numbers = new List<long>();
        while (reader.Next(out _))
            reader.Ints(numbers);
        // The first three are the specification's example.
        Assert.Equal([3, 270, 86942, 5], numbers);
    }

    [Theory]
    [InlineData(new byte[] { 0x08 }, "the message is cut short (byte 1 of a message of 1)")]
    [InlineData(new byte[] { 0x0d, 1, 2 }, "the message is cut short (byte 1 of a message of 3)")]
    [InlineData(new byte[] { 0x0a, 9, 1 }, "a field of 9 bytes where 1 are left (byte 2 of a message of 3)")]
    [InlineData(new byte[] { 0x00, 1 }, "a field without number (byte 1 of a message of 2)")]
    [InlineData(new byte[] { 0x0c, 1 }, "a field of wire type 4, which does not exist (byte 1 of a message of 2)")]
    [InlineData(new byte[] { 0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1 },
        "a number of more than 64 bits (byte 11 of a message of 12)")]
    public void Reader_says_what_is_damaged(byte[] message, string expected)
    {
        var error = Assert.Throws<WireFormatException>(() =>
        {
            var reader = new WireReader(message);
            while (reader.Next(out _))
                reader.Skip();
        });
        Assert.Equal(expected, error.Message);
    }

    static byte[] Written(Action<WireWriter> write)
    {
        using var writer = new WireWriter();
        write(writer);
        return writer.ToArray();
    }
}
