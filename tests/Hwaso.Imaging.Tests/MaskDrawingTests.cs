using Hwaso.Imaging.Masks;

namespace Hwaso.Imaging.Tests;

public sealed class MaskDrawingTests
{
    [Fact]
    public void The_image_shows_through_overlapping_masks_as_through_the_last()
    {
        var stored = new RgbImage(3, 1, [10, 20, 30, 10, 20, 30, 10, 20, 30]);
        var image = new RgbImage(3, 1, [.. stored.Pixels]);

        MaskDrawing.Draw(image, stored, RunLengths.Of([1, 1, 0], 1, 3), (200, 100, 0));
        MaskDrawing.Draw(image, stored, RunLengths.Of([0, 1, 0], 1, 3), (0, 0, 250));

        Assert.Equal([105, 60, 15, 5, 10, 140, 10, 20, 30], image.Pixels);
    }

    [Fact]
    public void A_mask_of_another_size_is_refused()
    {
        var image = new RgbImage(3, 1);

        var error = Assert.Throws<ArgumentException>(() => MaskDrawing.Draw(image, image, RunLengths.Of([1, 1], 1, 2), (0, 0, 0)));

        Assert.Contains("a mask of 2×1 pixels on an image of 3×1", error.Message, StringComparison.Ordinal);
    }
}
