namespace Hwaso.Imaging.Tests;

public sealed class HeatMapTests
{
    [Fact]
    public void The_ends_are_viridis_ends_and_its_middle_is_in_the_middle()
    {
        var pixels = HeatMap.Render([-2, 0, 2], 3, 1).Pixels;
        Assert.Equal(new byte[] { 68, 1, 84, 33, 144, 141, 253, 231, 37 }, pixels);
    }

    [Fact]
    public void Higher_values_are_lighter()
    {
        var values = Enumerable.Range(0, 200).Select(k => k / 7f).ToArray();
        var pixels = HeatMap.Render(values, 200, 1).Pixels;
        // Relative luminance (ITU-R BT.709). A rounded colour may be half a level off in each channel: half a level in all.
        var lightness = Enumerable.Range(0, 200)
            .Select(k => 0.2126 * pixels[3 * k] + 0.7152 * pixels[3 * k + 1] + 0.0722 * pixels[3 * k + 2]).ToArray();
        Assert.All(lightness.Zip(lightness.Skip(1)), pair => Assert.True(pair.Second > pair.First - 0.5));
        Assert.True(lightness[^1] - lightness[0] > 180);
    }

    [Fact]
    public void What_is_no_number_is_gray_and_what_is_out_of_range_has_the_colour_of_its_end()
    {
        var pixels = HeatMap.Render([float.NaN, -5, 9, float.NegativeInfinity, float.PositiveInfinity], 5, 1, 0, 1).Pixels;
        Assert.Equal(new byte[] { 128, 128, 128, 68, 1, 84, 253, 231, 37, 68, 1, 84, 253, 231, 37 }, pixels);
    }

    [Fact]
    public void Equal_values_and_no_values_are_drawn_too()
    {
        Assert.Equal(new byte[] { 68, 1, 84, 68, 1, 84 }, HeatMap.Render([3, 3], 2, 1).Pixels);
        Assert.Equal(new byte[] { 128, 128, 128, 253, 231, 37 }, HeatMap.Render([float.NaN, float.PositiveInfinity], 2, 1).Pixels);
        // The largest range of floats overflows a float, and must not overflow here.
        Assert.Equal(new byte[] { 68, 1, 84, 33, 144, 141, 253, 231, 37 },
            HeatMap.Render([float.MinValue, 0, float.MaxValue], 3, 1).Pixels);
    }

    [Fact]
    public void A_size_or_range_that_does_not_fit_is_refused()
    {
        Assert.Throws<ArgumentException>(() => HeatMap.Render([1, 2, 3], 2, 2));
        Assert.Throws<ArgumentException>(() => HeatMap.Render([1], 1, 1, 2, 1));
        Assert.Throws<ArgumentException>(() => HeatMap.Render([1], 1, 1, float.NaN));
    }
}
