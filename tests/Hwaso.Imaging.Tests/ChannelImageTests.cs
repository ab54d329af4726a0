namespace Hwaso.Imaging.Tests;

/// <summary>
/// Files of any number of channels. Each value of the fixtures follows from its place: (3701 x + 10103 y + 5303 c) mod 2^bits; they were
/// written by a program of its own, with and without planes, predictor and compression.
/// </summary>
public sealed class ChannelImageTests
{
    [Theory]
    [InlineData("six-16.tif", 6, 16)]
    [InlineData("six-16-planes.tif", 6, 16)]
    [InlineData("five-8.tif", 5, 8)]
    [InlineData("colours-and-infrared-8-planes.tif", 4, 8)]
    [InlineData("rgba-16.png", 4, 16)]
    [InlineData("rgba-8.png", 4, 8)]
    [InlineData("gray-16.png", 1, 16)]
    [InlineData("gray-alpha-8.png", 2, 8)]
    public void Every_channel_is_read_with_all_its_bits(string name, int channels, int bits)
    {
        var image = ImageFile.ReadChannels(Path(name), channels);
        Assert.Equal((9, 16, channels, bits), (image.Width, image.Height, image.Channels, image.Bits));
        Assert.Equal(Values(channels, bits), image.Words?.Select(v => (int)v) ?? image.Bytes!.Select(v => (int)v));
        ImageFile.CheckChannels(Path(name), channels);
    }

    [Theory]
    [InlineData("rgba-8.png", 8)]
    [InlineData("rgba-16.png", 16)]
    [InlineData("rgb-8.png", 8)]
    public void Gray_is_made_of_colours_by_BT_601(string name, int bits)
    {
        var image = ImageFile.ReadChannels(Path(name), 1);
        var channels = name.StartsWith("rgba", StringComparison.Ordinal) ? 4 : 3;
        var values = Values(channels, bits).Chunk(channels);
        var gray = values.Select(v => (int)Math.Floor(0.5 + (0.299 * v[0] + 0.587 * v[1] + 0.114 * v[2])));
        Assert.Equal(gray, image.Words?.Select(v => (int)v) ?? image.Bytes!.Select(v => (int)v));
    }

    [Theory]
    [InlineData("rgb-8.png", 4, "has 3 channels a pixel, 4 were wanted")]
    [InlineData("six-16.tif", 4, "has 6 channels a pixel, 4 were wanted")]
    [InlineData("six-16.tif", 1, "has 6 channels a pixel, 1 were wanted")]
    [InlineData("gray-16.png", 2, "has 1 channel a pixel, 2 were wanted")]
    [InlineData("six-16.tif", 3, "a TIFF of 6 channels that are no colours, where colours were wanted; a network takes all of them with "
        + "model.in_channels: 6")]
    public void Another_number_of_channels_is_refused(string name, int wanted, string words)
    {
        var error = Assert.Throws<ImageFormatException>(() => ImageFile.ReadChannels(Path(name), wanted));
        Assert.StartsWith($"{Path(name)}: {words}", error.Message, StringComparison.Ordinal);
        if (wanted != 3)
            Assert.Equal(error.Message, Assert.Throws<ImageFormatException>(() => ImageFile.CheckChannels(Path(name), wanted)).Message);
    }

    [Fact]
    public void A_picture_shows_the_first_three_channels_or_gray()
    {
        Assert.Equal(Values(6, 16).Chunk(6).SelectMany(v => v[..3]).Select(v => (byte)(v >> 8)),
            ImageFile.ReadStored(Path("six-16.tif")).ToRgb().Pixels);
        Assert.Equal(Values(2, 8).Chunk(2).SelectMany(v => Enumerable.Repeat((byte)v[0], 3)),
            ImageFile.ReadStored(Path("gray-alpha-8.png")).ToRgb().Pixels);
        // The planes of a TIFF are read as colours too.
        Assert.Equal(Values(4, 8).Chunk(4).SelectMany(v => v[..3]).Select(v => (byte)v),
            ImageFile.ReadRgb(Path("colours-and-infrared-8-planes.tif")).Pixels);
        var colours = new RgbImage(2, 2);
        Assert.Same(colours.Pixels, new ChannelImage(colours).ToRgb().Pixels);
    }

    [Fact]
    public void A_TIFF_cut_anywhere_is_refused_by_name()
    {
        foreach (var name in new[] { "six-16.tif", "six-16-planes.tif" })
        {
            var whole = File.ReadAllBytes(Path(name));
            var cut = System.IO.Path.GetTempFileName();
            try
            {
                for (var length = 4; length < whole.Length - 16; length += 7)
                {
                    File.WriteAllBytes(cut, whole[..length]);
                    Assert.Throws<ImageFormatException>(() => ImageFile.ReadStored(cut));
                }
            }
            finally
            {
                File.Delete(cut);
            }
        }
    }

    static string Path(string name) => Recorded.Path($"channels/{name}");

    static IEnumerable<int> Values(int channels, int bits) =>
        from y in Enumerable.Range(0, 16)
        from x in Enumerable.Range(0, 9)
        from c in Enumerable.Range(0, channels)
        select ((x * 3701) + (y * 10103) + (c * 5303)) % (1 << bits);
}
