using SkiaSharp;

namespace Hwaso.Imaging.Tests;

/// <summary>Written JPEGs: libjpeg-turbo in SkiaSharp is the other encoder and the other decoder.</summary>
public sealed unsafe class JpegEncoderTests
{
    // Equal in every byte: colours, halving, transform and rounding are libjpeg's, so that rendered data sets keep their pixels.
    // From quality 90 on chroma keeps its resolution; 1 has the largest factors, 100 the smallest.
    [Theory]
    [InlineData(1)]
    [InlineData(50)]
    [InlineData(85)]
    [InlineData(95)]
    [InlineData(100)]
    public void A_file_decodes_to_the_pixels_of_libjpeg_turbo_s(int quality)
    {
        var random = new Random(quality);
        foreach (var (width, height) in new[] { (1, 1), (3, 5), (8, 16), (9, 10), (16, 16), (17, 33), (64, 8), (129, 70), (200, 131) })
            foreach (var noise in new[] { 0, 30, 600 })
            {
                var image = Picture(width, height, noise, random);
                var file = Jpeg.Encode(image, quality);
                var wanted = Turbo(TurboFile(image, quality));
                Assert.True(wanted.AsSpan().SequenceEqual(Turbo(file)), $"{width}×{height}, noise {noise}");
                Assert.True(wanted.AsSpan().SequenceEqual(Jpeg.Decode(file, "f").Pixels), $"{width}×{height}, noise {noise}, read here");
            }
    }

    // Optimised tables, which SkiaSharp makes, save a few hundredths of a photograph and more of a plain picture, whose files are small.
    [Fact]
    public void A_file_is_hardly_larger_than_one_with_tables_of_its_own()
    {
        var image = Picture(400, 300, 30, new Random(1));
        foreach (var quality in new[] { 50, 85, 95 })
            Assert.InRange((double)Jpeg.Encode(image, quality).Length / TurboFile(image, quality).Length, 0.99, 1.1);
    }

    [Fact]
    public void A_side_that_no_decoder_reads_is_refused()
    {
        Assert.Contains("65501×1 pixels is too large for a JPEG", Assert.Throws<ArgumentException>(() =>
            Jpeg.Encode(new RgbImage(65_501, 1))).Message, StringComparison.Ordinal);
        Assert.Equal(65_500, Jpeg.Decode(Jpeg.Encode(new RgbImage(65_500, 1)), "f").Width);
    }

    static RgbImage Picture(int width, int height, int noise, Random random)
    {
        var image = new RgbImage(width, height);
        for (var k = 0; k < image.Pixels.Length; k++)
        {
            var (x, y, c) = (k / 3 % width, k / 3 / width, k % 3);
            image.Pixels[k] = (byte)Math.Clamp(3 * x * (c + 1) % 256 + 2 * y * (3 - c) % 200 + random.Next(-noise, noise + 1), 0, 255);
        }
        return image;
    }

    static byte[] TurboFile(RgbImage image, int quality)
    {
        byte[] rgba = [.. image.Pixels.Chunk(3).SelectMany(p => new byte[] { p[0], p[1], p[2], 255 })];
        fixed (byte* source = rgba)
        {
            var info = new SKImageInfo(image.Width, image.Height, SKColorType.Rgba8888, SKAlphaType.Opaque, null);
            using var map = new SKPixmap(info, (nint)source);
            using var data = map.Encode(new SKJpegEncoderOptions(quality,
                quality < 90 ? SKJpegEncoderDownsample.Downsample420 : SKJpegEncoderDownsample.Downsample444,
                SKJpegEncoderAlphaOption.Ignore));
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
