using System.Buffers.Binary;

namespace Hwaso.Imaging.Tests;

/// <summary>Formats other than PNG and JPEG; record_formats.py says how the files and the answers were made.</summary>
public sealed class OtherFormatTests
{
    // Exact: no arithmetic but libwebp's own, which Pillow uses too.
    [Theory]
    [InlineData("bmp-24.bmp")]
    [InlineData("bmp-8.bmp")]
    [InlineData("bmp-1.bmp")]
    [InlineData("bmp-gray.bmp")]
    [InlineData("gif-one.gif")]
    [InlineData("gif-two.gif")]
    [InlineData("webp-lossless.webp")]
    [InlineData("webp-alpha.webp")]
    [InlineData("webp-lossy.webp")]
    public void Pixels_are_pillow_s(string name)
    {
        var wanted = Answer(name);
        var image = ImageFile.ReadRgb(Recorded.Path(name));
        Assert.Equal((wanted.Width, wanted.Height), (image.Width, image.Height));
        Assert.Equal(wanted.Pixels, image.Pixels);
        Assert.Equal((wanted.Width, wanted.Height), ImageFile.Size(Recorded.Path(name)));
    }

    // (255 − C) · (255 − K) / 255 is rounded in one place by the one and by the other in another: one level.
    [Fact]
    public void A_CMYK_JPEG_has_pillow_s_colours() =>
        Assert.All(Answer("jpeg-cmyk.jpg").Pixels.Zip(ImageFile.ReadRgb(Recorded.Path("jpeg-cmyk.jpg")).Pixels),
            p => Assert.InRange(p.First - p.Second, -1, 1));

    [Theory]
    [InlineData("bmp-8.bmp")]
    [InlineData("gif-two.gif")]
    [InlineData("webp-lossless.webp")]
    [InlineData("webp-lossy.webp")]
    [InlineData("jpeg-cmyk.jpg")]
    public void A_file_cut_short_is_refused_by_name(string name)
    {
        var whole = File.ReadAllBytes(Recorded.Path(name));
        // Behind the last pixel, a GIF has another frame and an end mark, and a lossy WebP bits that no pixel needs.
        var needed = name.StartsWith("gif", StringComparison.Ordinal) ? whole.Length / 2 : whole.Length - 24;
        for (var length = 0; length < needed; length += 5)
        {
            var error = Record.Exception(() => ImageFile.DecodeRgb(whole.AsSpan(0, length), "some/file"));
            Assert.True(error is ImageFormatException && error.Message.StartsWith("some/file: ", StringComparison.Ordinal),
                $"{length} of {whole.Length} bytes: {error}");
        }
    }

    [Fact]
    public void A_file_of_another_kind_is_named_for_what_it_is()
    {
        void Is(string what, byte[] bytes) =>
            Assert.StartsWith($"f: {what}", Assert.Throws<ImageFormatException>(() => ImageFile.DecodeRgb(bytes, "f")).Message,
                StringComparison.Ordinal);
        Is("the file is empty", []);
        Is("an HTML page, probably the error page of a download, where a PNG, JPEG,", [.. "\n<!DOCTYPE HTML><p>"u8]);
        Is("a HEIC image", [0, 0, 0, 24, .. "ftypheic"u8, 0, 0]);
        Is("an AVIF image", [0, 0, 0, 24, .. "ftypavif"u8, 0, 0]);
        Is("a JPEG 2000 image", [0xff, 0x4f, 0xff, 0x51, 0]);
        Is("a DICOM file", [.. new byte[128], .. "DICM"u8]);
        Is("a NumPy array", [0x93, .. "NUMPY"u8]);
        Is("a Git LFS pointer, whose image was not fetched: run git lfs pull", [.. "version https://git-lfs.github.com/spec/v1"u8]);
        Is("a file of zeros alone", new byte[1000]);
        Is("no image of a kind that is known here", [.. "no image"u8]);
    }

    [Theory]
    [InlineData(0xc0, 12, 3, "a JPEG of 12 bits a colour")]
    [InlineData(0xc3, 8, 3, "a lossless JPEG")]
    [InlineData(0xc9, 8, 3, "a JPEG with arithmetic coding")]
    [InlineData(0xc5, 8, 3, "a hierarchical JPEG")]
    [InlineData(0xc0, 8, 2, "a JPEG of 2 channels")]
    public void A_JPEG_of_a_kind_that_is_not_read_is_named(byte frame, byte bits, byte channels, string what)
    {
        var bytes = File.ReadAllBytes(Recorded.Path("444.jpg"));
        var at = bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xff, 0xc0]);
        (bytes[at + 1], bytes[at + 4], bytes[at + 9]) = (frame, bits, channels);
        Assert.StartsWith($"f: {what}, which is not read; convert it",
            Assert.Throws<ImageFormatException>(() => ImageFile.DecodeRgb(bytes, "f")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("444.jpg", 0)]
    [InlineData("444.jpg", 3)]
    [InlineData("rgb-8.png", 0)]
    [InlineData("webp-lossless.webp", 0)]
    public void Orientation_is_found_in_every_format_and_behind_fill_bytes(string name, int fill)
    {
        byte[] tiff = [.. "II*\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0];
        var plain = File.ReadAllBytes(Recorded.Path(name));
        byte[] turned = Path.GetExtension(name) switch
        {
            // T.81, B.1.1.2: any number of bytes FF may stand before a marker.
            ".jpg" => [0xff, 0xd8, .. Enumerable.Repeat((byte)0xff, fill), 0xff, 0xe1, 0, (byte)(tiff.Length + 8), .. "Exif\0\0"u8,
                .. tiff, .. plain[2..]],
            ".png" => [.. plain[..^12], 0, 0, 0, (byte)tiff.Length, .. "eXIf"u8, .. tiff, 0, 0, 0, 0, .. plain[^12..]],
            _ => [.. plain, .. "EXIF"u8, (byte)tiff.Length, 0, 0, 0, .. tiff],
        };
        Assert.Equal(1, ExifOrientation.Of(plain));
        Assert.Equal(6, ExifOrientation.Of(turned));
        if (fill > 0)
            Assert.Equal(ImageFile.DecodeRgb(plain, "f").Pixels, ImageFile.DecodeRgb(turned, "f").Pixels);
    }

    /// <summary>Bytes changed anywhere, fields set to extremes: an image or an error, in bounded time and memory.</summary>
    [Theory]
    [InlineData("bmp-24.bmp")]
    [InlineData("bmp-8.bmp")]
    [InlineData("gif-one.gif")]
    [InlineData("gif-two.gif")]
    [InlineData("webp-lossless.webp")]
    [InlineData("webp-lossy.webp")]
    [InlineData("webp-alpha.webp")]
    [InlineData("jpeg-cmyk.jpg")]
    [InlineData("420.jpg")]
    [InlineData("exotic/jpg_restart.jpg")]
    [InlineData("exotic/tiff-lzw.tif")]
    [InlineData("exotic/tiff-deflate-16.tif")]
    [InlineData("exotic/tiff-packbits.tif")]
    [InlineData("exotic/tiff-tiles.tif")]
    [InlineData("progressive.jpg")]
    [InlineData("indexed-4-adam7.png")]
    [InlineData("rgb-16-adam7.png")]
    [InlineData("grayalpha-8.png")]
    public void A_mutated_file_is_an_image_or_an_error(string name)
    {
        var whole = File.ReadAllBytes(Recorded.Path(name));
        var random = new Random(20261126);
        uint[] extremes = [0, 1, 0x7fffffff, 0x80000000, uint.MaxValue, 0xffff, 0x10000];
        for (var round = 0; round < 400; round++)
        {
            var bytes = (byte[])whole.Clone();
            for (var change = random.Next(1, 4); change > 0; change--)
            {
                var at = random.Next(bytes.Length - 4);
                switch (random.Next(4))
                {
                    case 0:
                        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), extremes[random.Next(extremes.Length)]);
                        break;
                    case 1:
                        bytes = [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + random.Next(1, 9))..], 0, 0, 0, 0];
                        break;
                    default:
                        // Headers are short: half of the changes go there.
                        bytes[random.Next(2) == 0 ? at : random.Next(Math.Min(64, bytes.Length))] = (byte)random.Next(256);
                        break;
                }
            }
            var before = GC.GetAllocatedBytesForCurrentThread();
            var error = Record.Exception(() => ImageFile.DecodeRgb(bytes, "f"));
            Assert.True(error is null or ImageFormatException, $"round {round}: {error}");
            // What is believed of any file: 64 MiB of pixels, once as four bytes and once as three.
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200 << 20);
            _ = ExifOrientation.Of(bytes);
            _ = Png.DamagedChunk(bytes);
        }
    }

    static RgbImage Answer(string name) => Png.ReadRgb(Recorded.Path(Path.ChangeExtension(name, ".png")));
}
