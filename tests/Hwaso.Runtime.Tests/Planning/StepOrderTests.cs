using Hwaso.Tests;

namespace Hwaso.Runtime.Tests.Planning;

/// <summary>Steps that may run at the same time do not share memory.</summary>
public sealed class StepOrderTests : TensorTest
{
    [Fact]
    public void Steps_at_the_same_time_neither_write_what_the_other_reads_nor_what_it_writes()
    {
        using var model = OnnxModel.Load(SessionTests.Network(), "test", new RuntimeOptions { Threads = 3 });
        var plan = model.Open([1, 3, SessionTests.Height, SessionTests.Width]).Plan;
        Assert.True(plan.Order.IsFree);
        var steps = plan.Steps;
        var makers = steps.Select((s, k) => (s.Output, k)).ToDictionary();
        var needs = new HashSet<int>[steps.Count];
        for (var k = 0; k < needs.Length; k++)
        {
            needs[k] = [];
            foreach (var maker in steps[k].Inputs.Where(makers.ContainsKey).Select(v => makers[v]))
                needs[k].UnionWith([maker, .. needs[maker]]);
        }
        var pairs = 0;
        for (var b = 0; b < steps.Count; b++)
            for (var a = 0; a < b; a++)
                if (!needs[b].Contains(a))
                {
                    pairs++;
                    Assert.False(Meet(steps[a].Output, steps[b].Output), $"{steps[a].Place} and {steps[b].Place} write the same");
                    Assert.DoesNotContain(steps[a].Inputs, v => Meet(v, steps[b].Output));
                    Assert.DoesNotContain(steps[b].Inputs, v => Meet(v, steps[a].Output));
                }
        // Branches of several layers at two resolutions.
        Assert.InRange(pairs, 20, int.MaxValue);

        bool Meet(int x, int y) => x >= 0 && plan.Offsets[x] >= 0 && plan.Offsets[y] >= 0
            && plan.Offsets[x] < plan.Offsets[y] + plan.Types[y]!.Bytes && plan.Offsets[y] < plan.Offsets[x] + plan.Types[x]!.Bytes;
    }

    [Fact]
    public void A_step_waits_for_those_that_it_needs_and_not_for_those_that_these_wait_for()
    {
        using var model = OnnxModel.Load(SessionTests.Network(), "test", new RuntimeOptions { Threads = 2 });
        var plan = model.Open([1, 3, SessionTests.Height, SessionTests.Width]).Plan;
        int[] all = [.. Enumerable.Range(0, plan.Steps.Count)];
        var followers = plan.Order.Followers(all);
        var makers = plan.Steps.Select((s, k) => (s.Output, k)).ToDictionary();
        for (var k = 0; k < all.Length; k++)
            foreach (var maker in plan.Steps[k].Inputs.Where(makers.ContainsKey).Select(v => makers[v]).Distinct())
            {
                // There is a way from the maker to the step; if it is longer than one, it is the only one.
                var longer = Reaches(followers, maker, k, isDirect: false);
                Assert.Equal(!longer, followers[maker].Contains(k));
            }
    }

    static bool Reaches(int[][] followers, int from, int to, bool isDirect) =>
        followers[from].Any(f => f == to ? isDirect : f < to && Reaches(followers, f, to, isDirect: true));
}
