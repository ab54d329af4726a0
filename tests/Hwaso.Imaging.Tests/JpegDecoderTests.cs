using SkiaSharp;

namespace Hwaso.Imaging.Tests;

/// <summary>JPEGs that managed code decodes: pixels are those of libjpeg-turbo in SkiaSharp, and errors name the place.</summary>
public sealed unsafe class JpegDecoderTests
{
    public static TheoryData<SKJpegEncoderDownsample, bool> Kinds => new()
    {
        { SKJpegEncoderDownsample.Downsample444, false },
        { SKJpegEncoderDownsample.Downsample422, false },
        { SKJpegEncoderDownsample.Downsample420, false },
        { SKJpegEncoderDownsample.Downsample444, true },
    };

    // Equal in every byte: the same fixed-point transform, upsampling and colours. Quality 5 has the largest factors, 100 the smallest.
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Pixels_are_libjpeg_turbo_s(SKJpegEncoderDownsample chroma, bool gray)
    {
        var random = new Random(14);
        foreach (var (width, height) in new[] { (1, 1), (3, 5), (4, 4), (5, 9), (16, 16), (17, 33), (64, 8), (100, 77), (131, 70) })
            foreach (var quality in new[] { 5, 50, 92, 100 })
                foreach (var noise in new[] { 0, 30, 600 })
                {
                    var file = Encode(width, height, gray ? 1 : 4, quality, chroma, random, noise);
                    var image = Jpeg.Decode(file, "f");
                    Assert.Equal((width, height), (image.Width, image.Height));
                    Assert.True(Turbo(file).AsSpan().SequenceEqual(image.Pixels), $"{width}×{height}, quality {quality}, noise {noise}");
                }
    }

    [Theory]
    [InlineData("444.jpg", "45×35")]
    [InlineData("422.jpg", "45×35")]
    [InlineData("420.jpg", "45×35")]
    [InlineData("gray.jpg", "45×35")]
    [InlineData("exotic/jpg_restart.jpg", "26×19")]
    public void Entropy_data_that_end_early_or_late_are_refused_with_their_place(string name, string size)
    {
        var (head, scan) = Split(name);
        for (var length = 0; length < scan.Length; length++)
        {
            // A byte of FF alone would make the end mark a part of the data.
            if (length > 0 && scan[length - 1] == 0xff)
                continue;
            var message = Refused([.. head, .. scan[..length], 0xff, 0xd9]);
            Assert.Contains("f: a JPEG that is cut short or corrupt (", message, StringComparison.Ordinal);
            Assert.Matches($@"line \d+, column \d+ of {size}\); fetch or export it again", message);
        }
        Assert.Contains("more data than its pixels need", Refused([.. head, .. scan, 1, 2, 0xff, 0xd9]), StringComparison.Ordinal);
        // Fill bytes before the end mark, and one restart marker too many, change no pixel.
        var whole = Jpeg.Decode(File.ReadAllBytes(Recorded.Path(name)), "f").Pixels;
        Assert.Equal(whole, Jpeg.Decode([.. head, .. scan, 0xff, 0xff, 0xff, 0xd9], "f").Pixels);
        Assert.Equal(whole, Jpeg.Decode([.. head, .. scan, 0xff, 0xd0, 0xff, 0xd9], "f").Pixels);
    }

    [Fact]
    public void A_wrong_restart_marker_is_refused_and_fill_bytes_before_one_are_not()
    {
        var (head, scan) = Split("exotic/jpg_restart.jpg");
        var at = scan.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xff, 0xd0]);
        byte[] filled = [.. head, .. scan[..at], 0xff, 0xff, .. scan[at..], 0xff, 0xd9];
        Assert.Equal(ImageFile.ReadRgb(Recorded.Path("exotic/jpg_restart.jpg")).Pixels, Jpeg.Decode(filled, "f").Pixels);
        scan[at + 1] = 0xd5;
        Assert.Contains("a restart marker is missing at line 0, column 16 of 26×19", Refused([.. head, .. scan, 0xff, 0xd9]),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Bits_that_are_no_code_are_refused_with_their_place()
    {
        var (head, scan) = Split("444.jpg");
        // Ones alone are no code of any table (T.81, C.2).
        for (var k = scan.Length / 2 & ~1; k < scan.Length; k++)
            scan[k] = (byte)(k % 2 == 0 ? 0xff : 0);
        Assert.Matches(@"bits that mean nothing at line \d+, column \d+ of 45×35", Refused([.. head, .. scan, 0xff, 0, 0xff, 0xd9]));
    }

    static string Refused(byte[] file) => Assert.Throws<ImageFormatException>(() => Jpeg.Decode(file, "f")).Message;

    /// <summary>What stands before the entropy-coded data of a file with one scan, and those data.</summary>
    static (byte[] Head, byte[] Scan) Split(string name)
    {
        var file = File.ReadAllBytes(Recorded.Path(name));
        var at = file.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xff, 0xda]);
        at += 2 + (file[at + 2] << 8 | file[at + 3]);
        return (file[..at], file[at..^2]);
    }

    static byte[] Encode(int width, int height, int channels, int quality, SKJpegEncoderDownsample chroma, Random random, int noise)
    {
        var pixels = new byte[width * height * channels];
        for (var k = 0; k < pixels.Length; k++)
        {
            var (x, y, c) = (k / channels % width, k / channels / width, k % channels);
            pixels[k] = c == 3 ? (byte)255 : (byte)Math.Clamp(3 * x * (c + 1) + 2 * y * (3 - c) + random.Next(-noise, noise + 1), 0, 255);
        }
        fixed (byte* source = pixels)
        {
            var info = new SKImageInfo(width, height, channels == 1 ? SKColorType.Gray8 : SKColorType.Rgba8888, SKAlphaType.Opaque, null);
            using var map = new SKPixmap(info, (nint)source);
            using var data = map.Encode(new SKJpegEncoderOptions(quality, chroma, SKJpegEncoderAlphaOption.Ignore));
            return data!.ToArray();
        }
    }

    static byte[] Turbo(byte[] file)
    {
        using var data = SKData.CreateCopy(file);
        using var codec = SKCodec.Create(data);
        var info = new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Opaque, null);
        var rgba = new byte[info.BytesSize];
        fixed (byte* target = rgba)
            Assert.Equal(SKCodecResult.Success, codec.GetPixels(info, (nint)target));
        return [.. rgba.Where((_, k) => k % 4 != 3)];
    }
}
