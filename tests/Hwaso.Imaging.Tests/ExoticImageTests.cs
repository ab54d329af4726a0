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
        Assert.Equal(25, lines.Length);
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

    static void Refused(string what, byte[] file) =>
        Assert.StartsWith($"f: {what}", Assert.Throws<ImageFormatException>(() => ImageFile.DecodeRgb(file, "f")).Message,
            StringComparison.Ordinal);
}
