using System.Buffers.Binary;

namespace Hwaso.Imaging.Tests;

public sealed class DamageTests
{
    [Theory]
    [InlineData("pillow.png")]
    [InlineData("indexed-4-adam7.png")]
    [InlineData("gray-16.png")]
    [InlineData("420.jpg")]
    [InlineData("progressive.jpg")]
    [InlineData("gray.jpg")]
    public void A_file_cut_at_any_byte_is_refused_by_name(string name)
    {
        var whole = File.ReadAllBytes(Recorded.Path(name));
        // The last four bytes of a PNG are the check sum of the empty end chunk: without them nothing is missing.
        for (var length = 0; length < whole.Length - (whole[0] == 0xff ? 0 : 4); length++)
        {
            var error = Record.Exception(() => Decode(whole[..length]));
            Assert.True(error is ImageFormatException && error.Message.Contains("some/file", StringComparison.Ordinal),
                $"{length} of {whole.Length} bytes: {error}");
        }
    }

    [Theory]
    [InlineData("pillow.png")]
    [InlineData("indexed-4-adam7.png")]
    [InlineData("420.jpg")]
    [InlineData("progressive.jpg")]
    public void A_flipped_bit_is_an_image_or_an_error(string name)
    {
        var bytes = File.ReadAllBytes(Recorded.Path(name));
        for (var bit = 0; bit < bytes.Length * 8; bit += 3)
        {
            bytes[bit / 8] ^= (byte)(1 << bit % 8);
            var error = Record.Exception(() => Decode(bytes));
            Assert.True(error is null or ImageFormatException, $"bit {bit}: {error}");
            bytes[bit / 8] ^= (byte)(1 << bit % 8);
        }
    }

    [Fact]
    public void A_png_that_claims_a_gigabyte_is_refused_without_making_room()
    {
        var bytes = File.ReadAllBytes(Recorded.Path("rgb-8.png"));
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(16), 20_000);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(20), 20_000);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(29), Crc(bytes.AsSpan(12, 17)));
        RefusedAtOnce(bytes);
    }

    [Fact]
    public void A_jpeg_that_claims_a_gigabyte_is_refused_without_making_room()
    {
        var bytes = File.ReadAllBytes(Recorded.Path("420.jpg"));
        // The frame header: FF C0, length, precision, height, width.
        var frame = bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xff, 0xc0]);
        BinaryPrimitives.WriteInt16BigEndian(bytes.AsSpan(frame + 5), 20_000);
        BinaryPrimitives.WriteInt16BigEndian(bytes.AsSpan(frame + 7), 20_000);
        RefusedAtOnce(bytes);
    }

    [Fact]
    public void A_large_image_of_one_colour_is_not_taken_for_a_bomb()
    {
        var image = new RgbImage(6000, 5000);
        Assert.Equal(image.Width, Png.DecodeRgb(Png.Encode(image, 9), "flat").Width);
        Assert.Equal(image.Width, Jpeg.Decode(Jpeg.Encode(image, 50), "flat").Width);
    }

    static void RefusedAtOnce(byte[] bytes)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("claims 20000×20000", Assert.Throws<ImageFormatException>(() => Decode(bytes)).Message, StringComparison.Ordinal);
        // The file itself, the exception and its text; the image would be 1.2 GB.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    static void Decode(byte[] bytes)
    {
        if (bytes is [0xff, ..])
            Jpeg.Decode(bytes, "some/file");
        else
            Png.DecodeRgb(bytes, "some/file");
    }

    /// <summary>CRC-32 as PNG's annex D gives it, bit by bit.</summary>
    static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? 0xedb88320 ^ crc >> 1 : crc >> 1;
        }
        return ~crc;
    }
}
