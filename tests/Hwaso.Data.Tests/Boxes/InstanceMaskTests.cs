using Hwaso.Data.Annotations;
using Hwaso.Data.Boxes;
using Hwaso.Imaging;
using Hwaso.Imaging.Masks;

namespace Hwaso.Data.Tests.Boxes;

public sealed class InstanceMaskTests
{
    const int Height = 37, Width = 53;

    [Theory]
    [InlineData(37, 53, false)]
    [InlineData(80, 91, true)]
    [InlineData(20, 64, true)]
    [InlineData(11, 9, false)]
    public void Mask_is_the_image_of_labels_resized_to_the_nearest_pixel_and_mirrored(int height, int width, bool mirrored)
    {
        double[] polygon = [5.2, 3.1, 40.7, 8.9, 30.3, 33.6, 9.4, 25.5];
        var outline = new CocoOutline { Polygons = [polygon] };
        var whole = new LabelMap(Width, Height, RunLengths.OfPolygons([polygon], Height, Width).ToMask());
        var wanted = Resize.Nearest(whole, width, height);

        var mask = InstanceMask.Of(outline, Height, Width, new SampledSize(height, width, 1, 1), mirrored, rounds: true);

        Assert.Contains((byte)1, mask.Bits);
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
            {
                int column = (mirrored ? width - 1 - x : x) - mask.Left, row = y - mask.Top;
                var given = (uint)column < (uint)mask.Width && (uint)row < (uint)mask.Height ? mask.Bits[row * mask.Width + column] : 0;
                Assert.Equal(wanted.Labels[y * width + x], given);
            }
    }

    [Fact]
    public void Run_lengths_of_another_size_than_the_image_and_those_that_do_not_fill_it_are_refused()
    {
        var size = new SampledSize(4, 4, 1, 1);

        Assert.Contains("run lengths of 3×4, on an image of 4×4", Error(new CocoOutline { Height = 4, Width = 3, Counts = [12] }));
        Assert.Contains("run lengths fill 9 pixels; 4×4 = 16 were wanted", Error(new CocoOutline { Height = 4, Width = 4, Counts = [9] }));
        Assert.Contains("corners", Error(new CocoOutline { Polygons = [[1, 1, 2, 2]] }));

        string Error(CocoOutline outline) =>
            Assert.Throws<FormatException>(() => InstanceMask.Of(outline, 4, 4, size, mirrored: false, rounds: true)).Message;
    }
}
