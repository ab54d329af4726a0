namespace Hwaso.Imaging.Tests;

public sealed class CodecTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("hwaso-imaging").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 5)]
    [InlineData(64, 33)]
    public void A_colour_png_comes_back_as_it_was(int width, int height)
    {
        var image = Noise(width, height);
        Png.Write(At("a.png"), image);
        var back = ImageFile.ReadRgb(At("a.png"));
        Assert.Equal((width, height), (back.Width, back.Height));
        Assert.Equal(image.Pixels, back.Pixels);
        Assert.Equal((width, height), ImageFile.Size(At("a.png")));
        Assert.Equal(["a.png"], Directory.EnumerateFiles(folder).Select(Path.GetFileName));
    }

    [Fact]
    public void Indices_survive_whatever_the_palette_says()
    {
        var labels = new LabelMap(5, 3, [0, 1, 2, 255, 254, 19, 18, 17, 0, 0, 1, 1, 2, 2, 3]);
        Png.WriteIndexed(At("l.png"), labels, Palette.Voc);
        Assert.Equal(labels.Labels, Png.ReadLabels(At("l.png")).Labels);
        Png.WriteGray(At("g.png"), labels);
        Assert.Equal(labels.Labels, Png.ReadLabels(At("g.png")).Labels);

        var info = Png.Info(At("l.png"));
        Assert.Equal((PngColorType.Indexed, 8), (info.ColorType, info.BitDepth));
        Assert.Equal((224, 224, 192), info.Palette![255]);
        Assert.Equal((0, 128, 0), info.Palette[2]);
        Assert.Equal(new byte[] { 0, 128, 0 }, Png.ReadRgb(At("l.png")).Pixels[6..9]);
    }

    [Fact]
    public void Sixteen_bit_values_and_their_text_survive()
    {
        var depth = new Gray16Image(3, 2, [0, 1, 256, 65535, 24001, 26003]);
        Png.WriteGray16(At("d.png"), depth, new Dictionary<string, string> { ["scale"] = "0.01" });
        Assert.Equal(depth.Values, Png.ReadGray16(At("d.png")).Values);
        Assert.Equal("0.01", Png.Info(At("d.png")).Text["scale"]);
    }

    [Fact]
    public void A_png_of_colours_or_of_values_above_255_is_no_label_map()
    {
        Png.Write(At("c.png"), Noise(4, 4));
        Assert.Contains("colour PNG", Refused(() => Png.ReadLabels(At("c.png"))), StringComparison.Ordinal);
        Png.WriteGray16(At("d.png"), new Gray16Image(2, 2, [0, 255, 256, 0]));
        Assert.Contains("a 16-bit gray PNG where class indices from 0 to 255 were expected: pixel (0, 1) is 256",
            Refused(() => Png.ReadLabels(At("d.png"))), StringComparison.Ordinal);
    }

    [Fact]
    public void A_jpeg_comes_back_nearly_as_it_was()
    {
        var image = Gradient(64, 48);
        Jpeg.Write(At("a.jpg"), image);
        var back = ImageFile.ReadRgb(At("a.jpg"));
        Assert.Equal((64, 48), (back.Width, back.Height));
        // Quality 95 quantises the gradient's few frequencies by 1 to 5 levels; 4 is seen at most here.
        Assert.All(image.Pixels.Zip(back.Pixels), p => Assert.InRange(p.First - p.Second, -8, 8));
        Assert.Equal((64, 48), ImageFile.Size(At("a.jpg")));
    }

    [Theory]
    [InlineData("png")]
    [InlineData("jpg")]
    public void A_file_cut_short_is_an_error_that_names_it(string kind)
    {
        var path = At($"cut.{kind}");
        var whole = kind == "png" ? Png.Encode(Noise(40, 30)) : Jpeg.Encode(Noise(40, 30));
        for (var length = 0; length < whole.Length - 2; length += 7)
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.Contains(path, Refused(() => ImageFile.ReadRgb(path)), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("png")]
    [InlineData("jpg")]
    public void A_damaged_file_is_an_image_or_an_error_but_never_a_crash(string kind)
    {
        var random = new Random(1);
        var whole = kind == "png" ? Png.Encode(Noise(24, 24)) : Jpeg.Encode(Noise(24, 24));
        for (var round = 0; round < 500; round++)
        {
            var bytes = (byte[])whole.Clone();
            for (var flips = 0; flips < 3; flips++)
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(At("x"), bytes);
            try
            {
                ImageFile.ReadRgb(At("x"));
            }
            catch (ImageFormatException)
            {
                // Said what is wrong: as good as an image.
            }
        }
    }

    [Fact]
    public void Another_kind_of_file_is_told_by_its_first_bytes()
    {
        File.WriteAllText(At("t.png"), "no image");
        Assert.Contains("no image of a kind that is known here", Refused(() => ImageFile.ReadRgb(At("t.png"))), StringComparison.Ordinal);
        Jpeg.Write(At("named.png"), Gradient(8, 8));
        Assert.Equal(8, ImageFile.ReadRgb(At("named.png")).Width);
        Assert.Contains("a JPEG where a PNG was expected: JPEG blurs labels; export the masks as PNG",
            Refused(() => Png.ReadLabels(At("named.png"))), StringComparison.Ordinal);
    }

    [Fact]
    public void An_unwritable_folder_is_an_io_error_with_the_path()
    {
        var error = Assert.Throws<IOException>(() => Png.Write(At("none/a.png"), Noise(2, 2)));
        Assert.Contains(At("none/a.png"), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_overlay_mixes_colours_and_leaves_ignored_pixels()
    {
        var image = new RgbImage(2, 1, [100, 100, 100, 7, 8, 9]);
        var blended = Overlay.Blend(image, new LabelMap(2, 1, [1, 255]), Palette.Voc);
        Assert.Equal(new byte[] { 114, 50, 50, 7, 8, 9 }, blended.Pixels);
        Assert.Throws<ArgumentException>(() => Overlay.Blend(image, new LabelMap(1, 1), Palette.Voc));
    }

    string At(string name) => Path.Combine(folder, name);

    static string Refused(Action read) => Assert.Throws<ImageFormatException>(read).Message;

    static RgbImage Noise(int width, int height)
    {
        var image = new RgbImage(width, height);
        new Random(width * 1000 + height).NextBytes(image.Pixels);
        return image;
    }

    static RgbImage Gradient(int width, int height)
    {
        var image = new RgbImage(width, height);
        for (var k = 0; k < image.Pixels.Length; k++)
            image.Pixels[k] = (byte)(k / 3 % width * 2 + k / 3 / width + k % 3 * 20);
        return image;
    }
}
