namespace Hwaso.Imaging.Tests;

public sealed class PngKindTests
{
    const int Width = 19, Height = 13;

    public static TheoryData<string> Labelled =>
        [.. Both("gray-1", "gray-2", "gray-4", "gray-8", "indexed-1", "indexed-2", "indexed-4", "indexed-8")];

    public static TheoryData<string> Coloured => [.. Both("rgb-8", "rgb-16", "rgba-8", "grayalpha-8")];

    [Theory]
    [MemberData(nameof(Labelled))]
    public void Labels_are_the_samples_at_every_depth_interlaced_or_not(string name)
    {
        var depth = Depth(name);
        var labels = Png.ReadLabels(Recorded.Path($"{name}.png"));
        Assert.Equal((Width, Height), (labels.Width, labels.Height));
        Assert.Equal(Samples(depth, 0), labels.Labels.Select(v => (int)v));

        var info = Png.Info(Recorded.Path($"{name}.png"));
        var type = name.StartsWith("gray", StringComparison.Ordinal) ? PngColorType.Gray : PngColorType.Indexed;
        Assert.Equal((Width, Height, depth, type), (info.Width, info.Height, info.BitDepth, info.ColorType));
        Assert.Equal("Café", info.Text["Title"]);
        Assert.Equal(type == PngColorType.Indexed, info.Palette is not null);
    }

    [Theory]
    [MemberData(nameof(Labelled))]
    public void As_colour_gray_is_stretched_to_255_and_indices_are_looked_up(string name)
    {
        var depth = Depth(name);
        var pixels = Png.ReadRgb(Recorded.Path($"{name}.png")).Pixels;
        var wanted = name.StartsWith("gray", StringComparison.Ordinal)
            ? Samples(depth, 0).Select(v => v * 255 / ((1 << depth) - 1)).SelectMany(v => new[] { v, v, v })
            : Samples(depth, 0).SelectMany(v => new[] { v * 7 % 256, v * 11 % 256, v * 13 % 256 });
        Assert.Equal(wanted, pixels.Select(v => (int)v));
    }

    [Theory]
    [MemberData(nameof(Coloured))]
    public void Colours_are_read_and_are_no_labels(string name)
    {
        var path = Recorded.Path($"{name}.png");
        var pixels = ImageFile.ReadRgb(path).Pixels;
        for (var c = 0; c < 3; c++)
            Assert.Equal(Samples(8, name.StartsWith("gray", StringComparison.Ordinal) ? 0 : c),
                pixels.Where((_, k) => k % 3 == c).Select(v => (int)v));
        Assert.Contains(name.StartsWith("gray", StringComparison.Ordinal) ? "a PNG with transparent pixels" : "a colour PNG",
            Assert.Throws<ImageFormatException>(() => Png.ReadLabels(path)).Message, StringComparison.Ordinal);
        Assert.Throws<ImageFormatException>(() => Png.ReadGray16(path));
    }

    [Theory]
    [InlineData("gray-16")]
    [InlineData("gray-16-adam7")]
    public void Sixteen_bits_are_read_and_are_no_labels(string name)
    {
        var path = Recorded.Path($"{name}.png");
        Assert.Equal(Samples(16, 0).Select(v => v * 257 % 65536), Png.ReadGray16(path).Values.Select(v => (int)v));
        Assert.Contains("16-bit", Assert.Throws<ImageFormatException>(() => Png.ReadLabels(path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dup3.png")]
    [InlineData("la.png")]
    [InlineData("g16.png")]
    public void Masks_of_three_equal_channels_of_opaque_gray_and_of_16_bits_are_gray_values(string name) =>
        Assert.Equal(Png.ReadLabels(Recorded.Path("masks/g8.png")).Labels, Png.ReadLabels(Recorded.Path($"masks/{name}")).Labels);

    [Fact]
    public void A_wrong_CRC_alone_is_found_and_the_pixels_are_read()
    {
        var bytes = File.ReadAllBytes(Recorded.Path("rgb-8.png"));
        Assert.Null(Png.DamagedChunk(bytes));
        var pixels = Png.DecodeRgb(bytes, "f").Pixels;
        bytes[bytes.AsSpan().IndexOf("IEND"u8) - 8] ^= 1;
        Assert.Equal("IDAT", Png.DamagedChunk(bytes));
        Assert.Equal(pixels, Png.DecodeRgb(bytes, "f").Pixels);
        // The header has no other check sum.
        bytes[20] ^= 1;
        Assert.Contains("header", Assert.Throws<ImageFormatException>(() => Png.DecodeRgb(bytes, "f")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pillow.png")]
    [InlineData("opencv.png")]
    public void Every_filter_of_other_writers_is_undone(string name) =>
        Assert.Equal(Recorded.Rgb("photo").Pixels, Png.ReadRgb(Recorded.Path(name)).Pixels);

    [Fact]
    public void Several_texts_survive_in_any_script()
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("hwaso-imaging").FullName, "t.png");
        var text = new Dictionary<string, string>
        {
            ["scale"] = "0.01",
            ["unit"] = "20 °C, naïve",
            ["name"] = "화소 → pixel",
            ["table"] = "a\tb\nc",
        };
        Png.WriteGray16(path, new Gray16Image(2, 2), text);
        Assert.Equal(text, Png.Info(path).Text);
        foreach (var (keyword, value) in new[] { ("화소", "a"), ("", "a"), (" a", "a"), ("a  b", "a"), (new string('a', 80), "a"), ("a", ""),
            ("a", "b\0c") })
            Assert.Throws<ArgumentException>(() =>
                Png.EncodeGray16(new Gray16Image(1, 1), new Dictionary<string, string> { [keyword] = value }));
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    static IEnumerable<int> Samples(int depth, int channel) =>
        from y in Enumerable.Range(0, Height) from x in Enumerable.Range(0, Width) select (x * 3 + y * 5 + channel * 7) % (1 << depth);

    static int Depth(string name) => int.Parse(name.Split('-')[1]);

    static IEnumerable<string> Both(params string[] names) => names.Concat(names.Select(n => $"{n}-adam7"));
}
