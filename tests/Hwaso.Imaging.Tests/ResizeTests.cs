namespace Hwaso.Imaging.Tests;

public sealed class ResizeTests
{
    public static TheoryData<int, int> Sizes =>
        new() { { 74, 58 }, { 18, 14 }, { 53, 20 }, { 100, 41 }, { 1, 1 }, { 37, 60 }, { 9, 7 }, { 37, 29 }, { 200, 3 } };

    // All comparisons are of every byte: OpenCV's bilinear for 8 bits is fixed-point arithmetic, which leaves nothing to chance.
    [Theory]
    [MemberData(nameof(Sizes))]
    public void Bilinear_is_opencv_s(int width, int height) =>
        Assert.Equal(Recorded.Rgb($"source_{width}x{height}").Pixels, Resize.Bilinear(Recorded.Rgb("source"), width, height).Pixels);

    [Fact]
    public void Bilinear_is_opencv_s_at_exactly_half_and_from_one_pixel()
    {
        Assert.Equal(Recorded.Rgb("even_18x14").Pixels, Resize.Bilinear(Recorded.Rgb("even"), 18, 14).Pixels);
        Assert.Equal(Recorded.Rgb("dot_5x4").Pixels, Resize.Bilinear(Recorded.Rgb("dot"), 5, 4).Pixels);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Nearest_is_opencv_s(int width, int height)
    {
        Assert.Equal(Recorded.Labels($"labels_{width}x{height}").Labels, Resize.Nearest(Recorded.Labels("labels"), width, height).Labels);
        Assert.Equal(Recorded.Gray16($"wide_{width}x{height}").Values, Resize.Nearest(Recorded.Gray16("wide"), width, height).Values);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_crop_is_the_window_of_the_whole_and_leaves_what_lies_beyond(int width, int height)
    {
        var (image, labels, wide) = (Recorded.Rgb($"source_{width}x{height}"), Recorded.Labels($"labels_{width}x{height}"),
            Recorded.Gray16($"wide_{width}x{height}"));
        foreach (var (x, y) in new[] { (0, 0), (width / 3, height / 2), (width - 1, height - 1) })
        {
            var rgb = new RgbImage(31, 17, Enumerable.Repeat((byte)99, 31 * 17 * 3).ToArray());
            var map = new LabelMap(31, 17, Enumerable.Repeat((byte)98, 31 * 17).ToArray());
            var values = new Gray16Image(31, 17, Enumerable.Repeat((ushort)9797, 31 * 17).ToArray());
            Resize.BilinearCrop(Recorded.Rgb("source"), width, height, x, y, rgb);
            Resize.NearestCrop(Recorded.Labels("labels"), width, height, x, y, map);
            Resize.NearestCrop(Recorded.Gray16("wide"), width, height, x, y, values);
            for (var k = 0; k < 31 * 17; k++)
            {
                var (across, down) = (x + k % 31, y + k / 31);
                var inside = across < width && down < height;
                var at = down * width + across;
                Assert.Equal(inside ? image.Pixels[(3 * at)..(3 * at + 3)] : [99, 99, 99], rgb.Pixels[(3 * k)..(3 * k + 3)]);
                Assert.Equal(inside ? labels.Labels[at] : 98, map.Labels[k]);
                Assert.Equal(inside ? wide.Values[at] : 9797, values.Values[k]);
            }
        }
    }

    [Fact]
    public void A_window_of_a_huge_scaled_image_costs_no_more_than_the_window()
    {
        var window = new RgbImage(3, 2);
        Resize.BilinearCrop(Recorded.Rgb("source"), int.MaxValue, int.MaxValue, int.MaxValue - 3, int.MaxValue - 2, window);
        var corner = Recorded.Rgb("source").Pixels[^3..];
        Assert.Equal(Enumerable.Repeat(corner, 6).SelectMany(c => c), window.Pixels);
    }

    [Theory]
    [InlineData(0, 5, 0, 0)]
    [InlineData(5, -1, 0, 0)]
    [InlineData(5, 5, -1, 0)]
    [InlineData(5, 5, 0, 5)]
    public void A_window_that_does_not_begin_inside_is_refused(int width, int height, int x, int y)
    {
        Assert.Throws<ArgumentException>(() => Resize.BilinearCrop(new RgbImage(4, 4), width, height, x, y, new RgbImage(2, 2)));
        Assert.Throws<ArgumentException>(() => Resize.NearestCrop(new LabelMap(4, 4), width, height, x, y, new LabelMap(2, 2)));
    }

    [Fact]
    public void One_buffer_for_both_images_is_refused()
    {
        var image = new RgbImage(4, 4);
        Assert.Throws<ArgumentException>(() => Resize.BilinearCrop(image, 8, 8, 0, 0, image));
    }
}
