using Hwaso.Training.Tasks.Segmentation;

namespace Hwaso.Training.Tests.Tasks.Segmentation;

public sealed class OverlapTests
{
    const int Items = 8;

    [Fact]
    public void While_an_item_is_worked_on_the_next_is_read_and_the_last_is_finished()
    {
        // In the round of each item but the first and the last, all three stages wait for each other: if they were not at work together,
        // nobody came.
        var together = Enumerable.Range(0, Items).Select(_ => new CountdownEvent(3)).ToArray();
        void Meet(int round)
        {
            if (round is < 1 or >= Items - 1)
                return;
            together[round].Signal();
            Assert.True(together[round].Wait(TimeSpan.FromSeconds(60)),
                $"round {round}: {3 - together[round].CurrentCount} of 3 stages at work");
        }
        var finished = new List<(int, int)>();
        Overlap.Run(
            Items,
            item => { Meet(item - 1); return item; },
            item => { Meet(item); return 10 * item; },
            (item, answer) => { Meet(item + 1); finished.Add((item, answer)); },
            progress: null, CancellationToken.None);

        Assert.Equal(Enumerable.Range(0, Items).Select(k => (k, 10 * k)), finished);
    }

    [Fact]
    public void No_more_than_three_items_are_in_memory()
    {
        var (alive, most) = (0, 0);
        var gate = new Lock();
        Overlap.Run(
            100,
            item =>
            {
                lock (gate)
                    most = Math.Max(most, ++alive);
                return item;
            },
            item => item,
            (_, _) =>
            {
                lock (gate)
                    alive--;
            },
            progress: null, CancellationToken.None);
        Assert.Equal(0, alive);
        // One is read, one worked on, one finished, and one is handed over from the second to the third.
        Assert.InRange(most, 1, 4);
    }

    [Theory]
    [InlineData("read")]
    [InlineData("work")]
    [InlineData("finish")]
    public void What_goes_wrong_in_any_stage_ends_the_others_too(string stage)
    {
        var running = 0;
        T Step<T>(string name, int item, T result)
        {
            Interlocked.Increment(ref running);
            try
            {
                return name == stage && item == 3 ? throw new InvalidDataException($"item {item}") : result;
            }
            finally
            {
                Interlocked.Decrement(ref running);
            }
        }
        var error = Assert.Throws<InvalidDataException>(() => Overlap.Run(
            Items, item => Step("read", item, item), item =>
            Step("work", item, item), (item, _) => Step("finish", item, 0), progress: null, CancellationToken.None));
        Assert.Equal(("item 3", 0), (error.Message, Volatile.Read(ref running)));
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() =>
            Overlap.Run(Items, item => item, item => item, (_, _) => { }, progress: null, stop.Token));
    }
}
