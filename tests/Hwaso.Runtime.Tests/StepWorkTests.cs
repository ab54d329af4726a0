using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Tests;

/// <summary>Threads compute several steps at the same time, but none before those that it needs.</summary>
public sealed class StepWorkTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_item_runs_once_and_after_the_steps_that_its_step_needs(int threads)
    {
        using var pool = new WorkerPool(threads);
        var random = new Random(5);
        for (var round = 0; round < 60; round++)
        {
            var (needs, followers) = Graph(random, steps: random.Next(1, 120));
            var items = needs.Select(_ => random.Next(1, 2 * threads + 2)).ToArray();
            var (done, wrong) = (new int[needs.Length], 0);
            var kernels = needs.Select((own, step) => (Kernel)new Step(items[step], _ =>
            {
                if (own.Any(s => Volatile.Read(ref done[s]) != items[s]))
                    Interlocked.Increment(ref wrong);
                Interlocked.Increment(ref done[step]);
            })).ToArray();
            var work = new StepWork(kernels, followers, threads);
            for (var run = 0; run < 3; run++)
            {
                Array.Clear(done);
                pool.Run(work, new nint[threads], default);
                Assert.Equal(0, wrong);
                Assert.Equal(items, done);
            }
        }
    }

    [Fact]
    public void Independent_steps_run_at_the_same_time()
    {
        using var pool = new WorkerPool(2);
        using var both = new Barrier(2);
        // Two steps of one item that wait for each other.
        var kernel = new Step(1, _ => Assert.True(both.SignalAndWait(TimeSpan.FromSeconds(60))));
        pool.Run(new StepWork([kernel, kernel], [[], []], 2), new nint[2], default);
        Assert.Equal(1, both.CurrentPhaseNumber);
    }

    [Fact]
    public void A_step_that_fails_ends_the_run_and_the_next_one_is_whole()
    {
        using var pool = new WorkerPool(3);
        var (fails, done) = (true, 0);
        var kernels = Enumerable.Range(0, 20).Select(step => (Kernel)new Step(4, _ =>
        {
            if (step == 10 && fails)
                throw new InsufficientMemoryException("here");
            Interlocked.Increment(ref done);
        })).ToArray();
        int[][] followers = [.. Enumerable.Range(1, 19).Select(s => new[] { s }), []];
        var work = new StepWork(kernels, followers, 3);
        Assert.Throws<InsufficientMemoryException>(() => pool.Run(work, new nint[3], default));
        Assert.Equal(40, done);
        (fails, done) = (false, 0);
        pool.Run(work, new nint[3], default);
        Assert.Equal(80, done);
    }

    [Fact]
    public void A_run_that_is_cancelled_midway_begins_no_further_step()
    {
        using var pool = new WorkerPool(2);
        using var stop = new CancellationTokenSource();
        var done = 0;
        var kernels = Enumerable.Range(0, 20).Select(step => (Kernel)new Step(2, _ =>
        {
            if (step == 10)
                stop.Cancel();
            Interlocked.Increment(ref done);
        })).ToArray();
        int[][] followers = [.. Enumerable.Range(1, 19).Select(s => new[] { s }), []];
        Assert.Throws<OperationCanceledException>(() => pool.Run(new StepWork(kernels, followers, 2), new nint[2], stop.Token));
        Assert.InRange(done, 21, 24);
    }

    [Fact]
    public void A_step_that_is_added_before_another_runs_after_what_that_one_needs_and_ends_before_it()
    {
        using var pool = new WorkerPool(3);
        var random = new Random(6);
        for (var round = 0; round < 60; round++)
        {
            var (needs, followers) = Graph(random, steps: random.Next(1, 80));
            var (done, wrong, added, before) = (new int[needs.Length], 0, 0, random.Next(needs.Length));
            var kernels = needs.Select((own, step) => (Kernel)new Step(3, _ =>
            {
                if (own.Any(s => Volatile.Read(ref done[s]) != 3) || (step == before && Volatile.Read(ref added) != 4))
                    Interlocked.Increment(ref wrong);
                Interlocked.Increment(ref done[step]);
            })).ToArray();
            var watcher = new Step(4, _ =>
            {
                if (needs[before].Any(s => Volatile.Read(ref done[s]) != 3) || Volatile.Read(ref done[before]) != 0)
                    Interlocked.Increment(ref wrong);
                Interlocked.Increment(ref added);
            });
            pool.Run(new StepWork(kernels, followers, 3).Preceded(kernels[before], watcher), new nint[3], default);
            Assert.Equal(0, wrong);
            Assert.Equal(4, added);
            Assert.All(done, d => Assert.Equal(3, d));
        }
    }

    // Each step needs some of the earlier ones.
    static (int[][] Needs, int[][] Followers) Graph(Random random, int steps)
    {
        var needs = Enumerable.Range(0, steps)
            .Select(s => Enumerable.Range(0, s).Where(_ => random.Next(s) < 2).ToArray()).ToArray();
        return (needs, [.. Enumerable.Range(0, steps).Select(s => Enumerable.Range(0, steps).Where(t => needs[t].Contains(s)).ToArray())]);
    }

    sealed unsafe class Step(int items, Action<int> item) : Kernel
    {
        public override int Items => items;

        public override long ScratchBytes => 0;

        public override void Run(int number, byte* scratch) => item(number);
    }
}
