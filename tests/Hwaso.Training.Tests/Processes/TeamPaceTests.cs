using Hwaso.Training.Processes;

namespace Hwaso.Training.Tests.Processes;

public sealed class TeamPaceTests
{
    [Theory]
    [InlineData(new[] { 1.0, 1.0, 1.3 }, 2, 0.3)]
    [InlineData(new[] { 2.0, 1.0 }, 0, 1.0)]
    public void A_process_that_needs_a_fifth_more_than_the_others_is_named(double[] seconds, int rank, double share)
    {
        var pace = After(10, seconds);

        Assert.Equal(rank, pace.Slowest!.Value.Rank);
        Assert.Equal(share, pace.Slowest!.Value.Share, 1e-9);
        Assert.EndsWith($"% waiting, process {rank} is {100 * share:0} % slower", pace.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Nobody_is_named_where_all_are_about_as_fast_or_few_steps_are_done()
    {
        Assert.Null(After(10, [1, 1.19]).Slowest);
        Assert.Null(After(4, [1, 3]).Slowest);
        Assert.Equal("", After(4, [1, 3]).Text);
    }

    [Fact]
    public void A_process_that_becomes_slow_is_named_within_a_few_steps_and_one_that_recovers_is_not()
    {
        var pace = After(50, [1, 1]);
        Take(pace, 5, [1, 2]);
        Assert.Equal(1, pace.Slowest!.Value.Rank);

        Take(pace, 30, [1, 1]);
        Assert.Null(pace.Slowest);
    }

    [Fact]
    public void Waiting_does_not_count_as_own_work()
    {
        var pace = new TeamPace(2);
        pace.Begin(TimeSpan.FromHours(1));
        pace.End(TimeSpan.FromHours(1) - TimeSpan.FromSeconds(2));

        // The clock moved by less than the two seconds that the wait is said to have been shorter.
        Assert.InRange(pace.Own, 2, 30);
    }

    static TeamPace After(int steps, double[] seconds)
    {
        var pace = new TeamPace(seconds.Length);
        Take(pace, steps, seconds);
        return pace;
    }

    static void Take(TeamPace pace, int steps, double[] seconds)
    {
        for (var k = 0; k < steps; k++)
            pace.Take(seconds);
    }
}
