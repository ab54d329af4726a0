using Hwaso.Training.Studies;

namespace Hwaso.Training.Tests.Studies;

public sealed class SpreadTests
{
    [Fact]
    public void Spread_is_mean_and_sample_deviation()
    {
        // numpy: np.std([2, 4, 4, 4, 5, 5, 7, 9], ddof=1) = 2.138089935299395.
        var spread = Spread.Of([2, 4, 4, 4, 5, 5, 7, 9]);
        Assert.Equal(5, spread.Mean);
        Assert.Equal(2.138089935299395, spread.Deviation!.Value, 1e-14);
    }

    [Fact]
    public void Spread_of_one_has_no_deviation_and_of_none_no_mean()
    {
        Assert.Equal((3.0, null), (Spread.Of([3]).Mean, Spread.Of([3]).Deviation));
        Assert.Equal((null, null), (Spread.Of([]).Mean, Spread.Of([]).Deviation));
    }
}
