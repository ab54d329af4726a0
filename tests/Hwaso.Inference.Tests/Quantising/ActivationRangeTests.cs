using Hwaso.Inference.Quantising;

namespace Hwaso.Inference.Tests.Quantising;

/// <summary>Ranges of 8 bits for numbers that were seen.</summary>
public sealed class ActivationRangeTests
{
    [Theory]
    [InlineData(RangeRule.Percentile)]
    [InlineData(RangeRule.Entropy)]
    public void Numbers_without_outliers_keep_their_range(RangeRule rule)
    {
        var range = new ActivationRange();
        range.Add([.. Numbers(100_000).Select(v => v * 3)]);
        var code = range.Code(rule);
        // 0 to 3, to a bin of 3 / 2048 and one ten-thousandth at the end.
        Assert.Equal(3.0 / 255, code.Scale, 0.03 * 3 / 255);
        Assert.Equal(0, code.Zero);
    }

    [Theory]
    [InlineData(RangeRule.Percentile)]
    [InlineData(RangeRule.Entropy)]
    public void A_few_outliers_do_not_cost_the_others_their_levels(RangeRule rule)
    {
        var range = new ActivationRange();
        var normal = Numbers(200_000).Zip(Numbers(200_000, 2), (a, b) => (float)(Math.Sqrt(-2 * Math.Log(1 - a)) * Math.Cos(Math.Tau * b)));
        range.Add([.. normal, 60, -50, 55]);
        var code = range.Code(rule);
        // Of normal numbers one in ten thousand is beyond 3.7, of three hundred thousand the largest about 4.7.
        Assert.InRange(code.Scale * 255, 4, 12);
        Assert.InRange(code.Zero, 90, 165);
    }

    [Fact]
    public void The_order_of_small_and_large_numbers_hardly_matters()
    {
        var (up, down) = (new ActivationRange(), new ActivationRange());
        float[][] parts = [[.. Numbers(5000).Select(v => v - 0.5f)], [.. Numbers(5000, 3).Select(v => (8 * v) - 2)]];
        up.Add(parts[0]);
        up.Add(parts[1]);
        down.Add(parts[1]);
        down.Add(parts[0]);
        var (a, b) = (up.Code(RangeRule.Percentile), down.Code(RangeRule.Percentile));
        // Bins are at most twice as wide.
        Assert.Equal(a.Scale, b.Scale, 0.01f * a.Scale);
        Assert.InRange(a.Zero - b.Zero, -1, 1);
    }

    [Fact]
    public void Zeros_and_what_is_not_finite_have_no_range()
    {
        var range = new ActivationRange();
        range.Add([0, 0, float.NaN, float.PositiveInfinity]);
        Assert.Equal((1f, 0), (range.Code(RangeRule.Percentile).Scale, range.Code(RangeRule.Entropy).Zero));
    }

    static float[] Numbers(int count, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle())];
    }
}
