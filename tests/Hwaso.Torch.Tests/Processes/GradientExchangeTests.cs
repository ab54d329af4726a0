using Hwaso.Tests;
using Hwaso.Torch.Processes;

namespace Hwaso.Torch.Tests.Processes;

public sealed class GradientExchangeTests : TensorTest
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Gradients_are_the_mean_over_all_processes(int size)
    {
        var results = Ranks.RunGroup(size, group =>
        {
            // Larger than a bucket, smaller than one, and a layout of its own.
            var large = Leaf(Tensor.Ones([3000, 3000]));
            var small = Leaf(Tensor.Ones([5]));
            var channelsLast = Leaf(Tensor.From([.. Enumerable.Range(0, 24).Select(k => (float)k)], 2, 3, 2, 2)
                .Contiguous(MemoryFormat.ChannelsLast));
            using var exchange = new GradientExchange(group, [large, small, channelsLast]);
            exchange.Begin();
            ((large * (group.Rank + 1.0)).Sum() + (small * small * (2.0 * group.Rank)).Sum()
                + (channelsLast * channelsLast * (1.0 + group.Rank)).Sum()).Backward();
            exchange.Finish();
            return (large.Grad!.ToArray<float>()[^1], small.Grad!.ToArray<float>(), channelsLast.Grad!.ToArray<float>());
        });

        var mean = (size - 1) / 2.0;
        foreach (var (large, small, last) in results)
        {
            Assert.Equal(mean + 1, large, 5);
            Assert.All(small, g => Assert.Equal(4 * mean, g, 5));
            Assert.All(last.Index(), g => Assert.Equal(2 * g.Index * (1 + mean), g.Item, 4));
        }
    }

    [Fact]
    public void Times_of_buckets_follow_each_other_from_the_beginning_on()
    {
        var results = Ranks.RunGroup(2, group =>
        {
            var (large, small) = (Leaf(Tensor.Ones([600, 600])), Leaf(Tensor.Ones([5])));
            using var exchange = new GradientExchange(group, [large, small]);
            var clock = System.Diagnostics.Stopwatch.StartNew();
            exchange.Begin();
            (large.Sum() + small.Sum()).Backward();
            exchange.Finish();
            return (exchange.Buckets, clock.Elapsed);
        });

        foreach (var (buckets, whole) in results)
        {
            // Each has a number more for each parameter. The large one does not fit behind the small one into the first megabyte.
            Assert.Equal([4L * 6, 4 * 360_001], buckets.Select(b => b.Bytes));
            Assert.True(buckets[0].Sent <= buckets[1].Sent);
            Assert.All(buckets, b => Assert.True(TimeSpan.Zero <= b.Sent && b.Sent <= b.Summed && b.Summed <= whole, $"{b} of {whole}"));
        }
    }

    [Fact]
    public void A_parameter_that_only_some_use_gets_their_share_and_one_that_nobody_uses_gets_none()
    {
        var results = Ranks.RunGroup(2, group =>
        {
            var (used, sometimes, never) = (Leaf(Tensor.Ones([2])), Leaf(Tensor.Ones([3])), Leaf(Tensor.Ones([4])));
            using var exchange = new GradientExchange(group, [used, sometimes, never]);
            exchange.Begin();
            (group.Rank == 0 ? used.Sum() + sometimes.Sum() : used.Sum()).Backward();
            exchange.Finish();
            return (used.Grad!.ToArray<float>(), sometimes.Grad!.ToArray<float>(), never.Grad is null);
        });

        Assert.All(results, r => Assert.Equal(([1f, 1f], [0.5f, 0.5f, 0.5f], true), r, (a, b) =>
            a.Item1.SequenceEqual(b.Item1) && a.Item2.SequenceEqual(b.Item2) && a.Item3 == b.Item3));
    }

    [Fact]
    public void Gradients_of_several_batches_are_sent_once()
    {
        var results = Ranks.RunGroup(2, group =>
        {
            var leaf = Leaf(Tensor.Ones([2]));
            using var exchange = new GradientExchange(group, [leaf]);
            (leaf * (1.0 + group.Rank)).Sum().Backward();
            var own = leaf.Grad!.ToArray<float>()[0];
            exchange.Begin();
            (leaf * 10).Sum().Backward();
            exchange.Finish();
            return (own, leaf.Grad!.ToArray<float>()[0]);
        });

        Assert.Equal([(1f, 11.5f), (2f, 11.5f)], results);
    }

    [Fact]
    public void Parameters_of_two_types_are_refused() => Ranks.RunGroup(1, group =>
        Assert.Throws<TorchException>(() => new GradientExchange(
            group, [Leaf(Tensor.Ones([2])), Leaf(Tensor.Ones([2], ScalarType.Float64))])));

    static Tensor Leaf(Tensor tensor)
    {
        tensor.RequiresGrad = true;
        return tensor;
    }
}
