using Hwaso.Data.Layouts;
using Hwaso.Imaging;

namespace Hwaso.Data.Tests;

public sealed class FileReadingTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(-1)]
    public void Every_png_filter_is_undone_as_the_reference_decoder_does(int filter)
    {
        // Widths around the registers' sizes; smooth pixels and noise, so that every branch of the predictors is taken.
        foreach (var width in new[] { 1, 2, 3, 5, 16, 33, 100 })
            foreach (var smooth in new[] { false, true })
            {
                var pixels = Pixels(width * 9 * 3, smooth);
                var labels = Pixels(width * 9, smooth).Select(v => (byte)(v % 19)).ToArray();
                int Filter(int y) => filter < 0 ? (y * 7 + width) % 5 : filter;
                using var data = new LookAlike();
                var image = data.Make("leftImg8bit", "train", "c", "c_000000_000019_leftImg8bit.png");
                var truth = data.Make("gtFine", "train", "c", "c_000000_000019_gtFine_labelTrainIds.png");
                File.WriteAllBytes(image, PngMaker.Encode(width, pixels, 3, Filter, chunk: 37));
                File.WriteAllBytes(truth, PngMaker.Encode(width, labels, 1, Filter));
                var item = Datasets.Open("cityscapes", data.Root, "train").Read(0);
                Assert.Equal(pixels, item.Image.Pixels);
                Assert.Equal(labels, item.Labels.Labels);
                Assert.Equal(pixels, Png.ReadRgb(image).Pixels);
            }
    }

    [Fact]
    public void A_png_cut_short_or_altered_anywhere_in_its_data_is_an_error_with_its_path()
    {
        using var data = new LookAlike().Cityscapes(1);
        var split = Datasets.Open("cityscapes", data.Root, "train");
        var path = split.Samples[0].ImagePath;
        var whole = PngMaker.Encode(24, Pixels(24 * 16 * 3, smooth: false), 3, y => y % 5, chunk: 100_000);
        for (var length = 0; length < whole.Length - 4; length += 13)
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.Contains(path, Assert.Throws<ImageFormatException>(() => split.Read(0)).Message, StringComparison.Ordinal);
        }
        // From behind IDAT's name on; the last byte of the deflate stream may hold bits without meaning. The last altered is the data's
        // own check sum, Adler-32.
        foreach (var at in Enumerable.Range(0, whole.Length).Where(k => k >= 41 && k < whole.Length - 22 && k % 29 == 0)
            .Append(whole.Length - 17))
        {
            var altered = whole.ToArray();
            altered[at] ^= 0x10;
            File.WriteAllBytes(path, altered);
            var error = Record.Exception(() => split.Read(0));
            Assert.True(error is ImageFormatException && error.Message.Contains(path, StringComparison.Ordinal),
                $"byte {at} of {whole.Length}: {error?.Message}");
        }
    }

    [Fact]
    public void Files_that_are_not_images_of_the_expected_kind_are_errors_with_their_path()
    {
        using var data = new LookAlike().Cityscapes(1);
        var split = Datasets.Open("cityscapes", data.Root, "train");
        var (image, label) = (split.Samples[0].ImagePath, split.Samples[0].LabelPath!);
        void Refused(string path) =>
            Assert.Contains(path, Assert.Throws<ImageFormatException>(() => split.Read(0)).Message, StringComparison.Ordinal);
        var good = File.ReadAllBytes(image);
        foreach (var bytes in new byte[][] { [], "GIF89a"u8.ToArray(), [0xff, 0xd8, 0xff], good[..20] })
        {
            File.WriteAllBytes(image, bytes);
            Refused(image);
        }
        File.WriteAllBytes(image, good);
        Png.Write(label, new RgbImage(24, 16, [1, 2, 3, .. new byte[24 * 16 * 3 - 3]]));
        Refused(label);
        Png.WriteGray16(label, new Gray16Image(24, 16, [256, .. new ushort[24 * 16 - 1]]));
        Refused(label);
        File.Delete(label);
        Assert.Contains(label, Assert.ThrowsAny<IOException>(() => split.Read(0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_that_claims_far_more_than_the_file_can_hold_is_an_error()
    {
        using var data = new LookAlike().Cityscapes(1);
        var split = Datasets.Open("cityscapes", data.Root, "train");
        var bytes = File.ReadAllBytes(split.Samples[0].ImagePath);
        (bytes[16], bytes[20]) = (0x7f, 0x7f);
        File.WriteAllBytes(split.Samples[0].ImagePath, bytes);
        Assert.Throws<ImageFormatException>(() => split.Read(0));
    }

    static byte[] Pixels(int count, bool smooth)
    {
        var random = new Random(count);
        var pixels = new byte[count];
        random.NextBytes(pixels);
        for (var k = 0; smooth && k < count; k++)
            pixels[k] = (byte)(k / 3 * 5 % 256 + pixels[k] % 4);
        return pixels;
    }
}
