using Hwaso.Imaging.Masks;

namespace Hwaso.Imaging.Tests;

/// <summary>Masks as run lengths against bitmaps; pycocotools' answers are in Hwaso.Training.Tests.</summary>
public sealed class RunLengthTests
{
    [Fact]
    public void Bitmaps_come_back_through_counts_and_text()
    {
        var random = new Random(11);
        for (var round = 0; round < 200; round++)
        {
            int height = random.Next(0, 30), width = random.Next(0, 30), share = random.Next(0, 11);
            byte[] bitmap = [.. Enumerable.Range(0, height * width).Select(_ => random.Next(10) < share ? (byte)1 : (byte)0)];
            var mask = RunLengths.Of(bitmap, height, width);

            Assert.Equal(bitmap, mask.ToMask());
            Assert.Equal(bitmap.Count(p => p == 1), mask.Area);
            Assert.Equal(mask.Counts.ToArray(), RunLengthText.Read(RunLengthText.Write(mask), height, width).Counts.ToArray());
        }
    }

    [Fact]
    public void Merging_and_overlaps_are_those_of_bitmaps()
    {
        var random = new Random(12);
        for (var round = 0; round < 100; round++)
        {
            const int Height = 14, Width = 11;
            byte[] a = Bitmap(), b = Bitmap();
            RunLengths first = RunLengths.Of(a, Height, Width), second = RunLengths.Of(b, Height, Width);
            byte[] all = [.. a.Zip(b, (p, q) => (byte)(p | q))], both = [.. a.Zip(b, (p, q) => (byte)(p & q))];

            Assert.Equal(all, RunLengths.Merge([first, second], intersect: false).ToMask());
            Assert.Equal(both, RunLengths.Merge([first, second], intersect: true).ToMask());
            Assert.Equal((double)both.Sum(p => p) / Math.Max(all.Sum(p => p), 1), first.Overlap(second, crowd: false));
            Assert.Equal((double)both.Sum(p => p) / Math.Max(a.Sum(p => p), 1), first.Overlap(second, crowd: true));

            byte[] Bitmap() => [.. Enumerable.Range(0, Height * Width).Select(_ => (byte)random.Next(2))];
        }
    }

    [Fact]
    public void Runs_that_do_not_fill_their_mask_are_refused()
    {
        Assert.Contains("fill 7 pixels; 2×3 = 6", Assert.Throws<FormatException>(() => new RunLengths(2, 3, 4, 3)).Message);
        Assert.Throws<FormatException>(() => new RunLengths(2, 3, 4));
        Assert.Throws<FormatException>(() => new RunLengths(2, 3, uint.MaxValue, 7));
        Assert.Throws<FormatException>(() => new RunLengths(-1, 3));
        Assert.Throws<FormatException>(() => RunLengthText.Read("0`n1", 2, 3));
    }

    [Theory]
    [InlineData("`")]
    [InlineData("ppppppppppppp0")]
    [InlineData("oooooooo0")]
    [InlineData(" ")]
    [InlineData("1é")]
    [InlineData("O")]
    public void Text_that_is_none_is_refused(string text) => Assert.Throws<FormatException>(() => RunLengthText.Read(text, 2, 3));

    [Fact]
    public void Polygons_that_are_none_are_refused()
    {
        Assert.Contains("three corners", Assert.Throws<FormatException>(() => RunLengths.OfPolygons([[1, 2, 3, 4]], 5, 5)).Message);
        Assert.Throws<FormatException>(() => RunLengths.OfPolygons([[1, 2, 3, 4, 5, 6, 7]], 5, 5));
        Assert.Throws<FormatException>(() => RunLengths.OfPolygons([[1, 2, 3, double.NaN, 5, 6]], 5, 5));
        Assert.Throws<FormatException>(() => RunLengths.OfPolygons([[1, 2, 3, 1e300, 5, 6]], 5, 5));
        Assert.Equal(0, RunLengths.OfPolygons([], 5, 5).Area);
    }

    [Theory]
    [InlineData(MaskPasting.Authors)]
    [InlineData(MaskPasting.Mmdetection)]
    [InlineData(MaskPasting.Torchvision)]
    public void A_full_mask_fills_its_box_and_nothing_else(MaskPasting form)
    {
        float[] full = [.. Enumerable.Repeat(1f, 28 * 28)];
        var image = MaskPaste.Over(form, full, 28, 10, 5, 50, 35, 40, 60);

        for (var y = 0; y < 40; y++)
            for (var x = 0; x < 60; x++)
            {
                var value = image[y * 60 + x];
                if (x is > 11 and < 48 && y is > 6 and < 33)
                    Assert.Equal(1, value, 1e-5);
                else if (x is < 7 or > 53 || y is < 3 or > 38)
                    Assert.Equal(0, value);
            }
        // Boxes outside, turned round and endless are harmless.
        Assert.All(MaskPaste.Over(form, full, 28, 500, 500, 600, 600, 40, 60), v => Assert.Equal(0, v));
        MaskPaste.Over(form, full, 28, 50, 35, 10, 5, 40, 60);
        MaskPaste.Over(form, full, 28, -1e20f, -1e20f, 1e20f, 1e20f, 40, 60);
        Assert.All(MaskPaste.Over(form, full, 28, float.NaN, 0, 5, 5, 40, 60), v => Assert.Equal(0, v));
    }
}
