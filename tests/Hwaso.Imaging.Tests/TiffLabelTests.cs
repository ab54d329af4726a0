namespace Hwaso.Imaging.Tests;

/// <summary>TIFFs as masks, written by Pillow and OpenCV: masks/truth.png has the indices of all (record_masks.py).</summary>
public sealed class TiffLabelTests
{
    [Theory]
    [InlineData("gray-8.tif")]
    [InlineData("gray-16.tif")]
    [InlineData("gray-16-lzw.tif")]
    [InlineData("palette.tif")]
    [InlineData("equal-channels.tif")]
    [InlineData("opaque.tif")]
    public void Indices_are_exact_to_the_last_one(string name)
    {
        var (wanted, labels) = (Png.ReadLabels(Recorded.Path("masks/truth.png")), ImageFile.ReadLabels(Recorded.Path($"masks/{name}")));
        Assert.Equal((wanted.Width, wanted.Height), (labels.Width, labels.Height));
        Assert.Equal(wanted.Labels, labels.Labels);
    }

    [Theory]
    [InlineData("above-255.tif", "a TIFF of 16 bits where class indices from 0 to 255 were expected: pixel (3, 2) is 300")]
    [InlineData("coloured.tif", "a colour TIFF of 8 bits where class indices were expected: pixel (2, 1) is (1, 2, 3)")]
    [InlineData("transparent.tif", "a TIFF with transparent pixels where class indices were expected: pixel (4, 3) is not opaque")]
    public void What_holds_no_indices_is_refused_with_the_pixel(string name, string words)
    {
        var path = Recorded.Path($"masks/{name}");
        Assert.StartsWith($"{path}: {words}", Assert.Throws<ImageFormatException>(() => ImageFile.ReadLabels(path)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void White_as_zero_is_refused_because_programs_differ()
    {
        var bytes = File.ReadAllBytes(Recorded.Path("masks/gray-8.tif"));
        // Little-endian: tag 262, 3 for 16-bit values, one value, which is 1.
        var at = bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[6, 1, 3, 0, 1, 0, 0, 0, 1]);
        bytes[at + 8] = 0;
        var path = Path.GetTempFileName();
        File.WriteAllBytes(path, bytes);
        try
        {
            Assert.Contains("a TIFF whose 0 is white, where class indices were expected",
                Assert.Throws<ImageFormatException>(() => ImageFile.ReadLabels(path)).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
