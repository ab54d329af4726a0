using System.Globalization;
using System.Security.Cryptography;

namespace Hwaso.Imaging.Tests;

/// <summary>
/// Kinds of files that broke other tools (mmsegmentation issue 1806, ImageSharp issue 2570, opencv issue 23584): read as OpenCV reads them,
/// or refused by name. record_exotic.py says how the files and the answers were made.
/// </summary>
public sealed class ExoticImageTests
{
    [Fact]
    public void Every_readable_kind_has_opencv_s_pixels()
    {
        var lines = File.ReadAllLines(Recorded.Path("exotic/answers.txt"));
        Assert.Equal(34, lines.Length);
        foreach (var line in lines)
        {
            var fields = line.Split(' ');
            var path = Recorded.Path($"exotic/{fields[0]}");
            var image = ImageFile.ReadRgb(path);
            var answer = string.Create(CultureInfo.InvariantCulture,
                $"{fields[0]} {image.Width} {image.Height} {Convert.ToHexStringLower(SHA256.HashData(image.Pixels))}");
            Assert.Equal(line, answer);
            Assert.Equal((image.Width, image.Height), ImageFile.Size(path));
        }
    }

    [Fact]
    public void A_name_with_spaces_and_korean_letters_or_a_wrong_extension_changes_nothing()
    {
        var folder = Directory.CreateTempSubdirectory("hwaso-imaging").FullName;
        try
        {
            foreach (var name in new[] { "가 나 다.v1.2.PNG", "reallypng.JPG" })
            {
                var path = Path.Combine(folder, name);
                File.Copy(Recorded.Path("exotic/base.png"), path);
                Assert.Equal(ImageFile.ReadRgb(Recorded.Path("exotic/base.png")).Pixels, ImageFile.ReadRgb(path).Pixels);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // Pillow's and OpenCV's formulas for print colours differ from the exact product by a level: OtherFormatTests compares the colours.
    [Fact]
    public void A_CMYK_JPEG_has_its_size() =>
        Assert.Equal(26 * 19 * 3, ImageFile.ReadRgb(Recorded.Path("exotic/jpg_cmyk.jpg")).Pixels.Length);

    [Fact]
    public void What_cannot_be_read_is_refused_by_name()
    {
        var jpeg = File.ReadAllBytes(Recorded.Path("exotic/jpg_444.jpg"));
        Refused("the file is empty", []);
        Refused("an HTML page, probably the error page of a download", "<html><body>404 Not Found</body></html>"u8.ToArray());
        Refused("a JPEG that is cut short or corrupt", jpeg[..(jpeg.Length * 2 / 3)]);
        var deep = (byte[])jpeg.Clone();
        deep[jpeg.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xff, 0xc0]) + 4] = 12;
        Refused("a JPEG of 12 bits a colour, which is not read", deep);
        var png = File.ReadAllBytes(Recorded.Path("exotic/base.png"));
        png[png.AsSpan().IndexOf("IDAT"u8) + 20] ^= 1;
        Refused("", png);
    }

    [Theory]
    [InlineData("fax", 259, 4, "a TIFF with fax compression")]
    [InlineData("JPEG", 259, 7, "a TIFF with JPEG compression")]
    [InlineData("print colours", 262, 5, "a TIFF in print colours (CMYK)")]
    [InlineData("channels", 277, 1, "a TIFF of 1 channels")]
    public void A_tiff_of_a_kind_that_is_not_read_is_named(string what, ushort tag, ushort value, string words)
    {
        var bytes = File.ReadAllBytes(Recorded.Path("exotic/tiff-raw.tif"));
        // Little-endian: the tag, 3 for 16-bit values, one value.
        byte[] entry = [(byte)tag, (byte)(tag >> 8), 3, 0, 1, 0, 0, 0];
        var at = bytes.AsSpan().IndexOf(entry);
        Assert.True(at > 0, what);
        bytes[at + 8] = (byte)value;
        Refused($"{words}, which is not read; convert it to PNG", bytes);
    }

    [Theory]
    [InlineData("tiff-raw.tif")]
    [InlineData("tiff-lzw.tif")]
    [InlineData("tiff-deflate-16.tif")]
    [InlineData("tiff-packbits.tif")]
    [InlineData("tiff-tiles.tif")]
    public void A_tiff_cut_anywhere_is_refused_by_name(string name)
    {
        var whole = File.ReadAllBytes(Recorded.Path($"exotic/{name}"));
        for (var length = 4; length < whole.Length - 16; length++)
            Refused("a TIFF that is cut short or corrupt", whole[..length]);
    }

    static void Refused(string what, byte[] file) =>
        Assert.StartsWith($"f: {what}", Assert.Throws<ImageFormatException>(() => ImageFile.DecodeRgb(file, "f")).Message,
            StringComparison.Ordinal);
}
