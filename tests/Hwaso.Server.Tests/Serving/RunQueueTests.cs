using Hwaso.Server.Http;
using Hwaso.Server.Serving;
using Hwaso.Server.Settings;

namespace Hwaso.Server.Tests.Serving;

/// <summary>Places, batches, and requests that leave.</summary>
public sealed class RunQueueTests : IDisposable
{
    static readonly TimeSpan patience = TimeSpan.FromSeconds(20);

    readonly ServerMeters meters = new();
    readonly ManualResetEventSlim open = new();
    readonly ManualResetEventSlim started = new();

    public void Dispose()
    {
        open.Set();
        meters.Dispose();
        open.Dispose();
        started.Dispose();
    }

    [Fact]
    public void A_request_beyond_the_places_is_refused_with_the_time_to_come_back()
    {
        using var queue = new RunQueue(new ServerSettings { Queue = 2 }, meters);
        var statistics = new ModelStatistics("m", meters);
        var places = Enumerable.Range(0, 3).Select(_ => queue.Enter(statistics)).ToArray();

        var refused = Assert.Throws<RequestFailure>(() => queue.Enter(statistics));

        Assert.Equal(429, refused.Status);
        Assert.Contains(refused.Headers, h => h.Name == "Retry-After" && int.Parse(h.Value) >= 1);
        places[0].Dispose();
        places[0].Dispose();
        Assert.Equal(2, queue.Places);
        queue.Enter(statistics).Dispose();
    }

    [Fact]
    public async Task Runs_of_one_key_are_one_batch_and_others_wait()
    {
        using var queue = new RunQueue(new ServerSettings { Batch = 3, Queue = 9 }, meters);
        var order = new List<string>();
        var busy = Busy(queue);
        var runs = new[] { "a", "b", "a", "a", "a" }.Select(
            key => queue.RunAsync(key, _ => order.Add(key), CancellationToken.None)).ToArray();

        open.Set();
        var times = await Task.WhenAll(runs).WaitAsync(patience);
        await busy;

        Assert.Equal(["a", "a", "a", "b", "a"], order);
        Assert.Equal([3, 1, 3, 3, 1], times.Select(t => t.Batch));
    }

    [Fact]
    public async Task A_run_waits_for_others_to_fill_its_batch()
    {
        using var queue = new RunQueue(new ServerSettings { Batch = 2, BatchWaitMs = 20_000, Queue = 9 }, meters);
        var first = queue.RunAsync("a", _ => { }, CancellationToken.None);
        var second = queue.RunAsync("a", _ => { }, CancellationToken.None);

        Assert.Equal([2, 2], (await Task.WhenAll(first, second).WaitAsync(patience)).Select(t => t.Batch));
    }

    [Fact]
    public async Task Two_runs_compute_beside_each_other_and_a_third_waits()
    {
        using var queue = new RunQueue(new ServerSettings { Threads = 2, Queue = 9 }, meters);
        // Both end only if they run at the same time.
        using var both = new Barrier(2);
        var ran = false;
        var first = queue.RunAsync("a", _ => Meet(), CancellationToken.None);
        var second = queue.RunAsync("a", _ => Meet(), CancellationToken.None);
        Assert.True(started.Wait(patience));
        var third = queue.RunAsync("a", _ => ran = true, CancellationToken.None);

        Assert.False(ran);
        open.Set();
        await Task.WhenAll(first, second, third).WaitAsync(patience);
        Assert.True(ran);

        void Meet()
        {
            Assert.True(both.SignalAndWait(patience));
            started.Set();
            open.Wait(patience);
        }
    }

    [Fact]
    public async Task A_request_that_leaves_while_it_waits_is_never_run()
    {
        using var queue = new RunQueue(new ServerSettings { Threads = 1, Queue = 9 }, meters);
        var busy = Busy(queue);
        using var leaves = new CancellationTokenSource();
        var ran = false;
        var waiting = queue.RunAsync("b", _ => ran = true, leaves.Token);

        await leaves.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(patience));
        open.Set();
        await busy;
        await queue.RunAsync("c", _ => { }, CancellationToken.None).WaitAsync(patience);
        Assert.False(ran);
    }

    [Fact]
    public async Task A_request_that_leaves_while_it_runs_stops_the_run()
    {
        using var queue = new RunQueue(new ServerSettings(), meters);
        using var leaves = new CancellationTokenSource();
        var run = queue.RunAsync("a", stop =>
        {
            started.Set();
            stop.WaitHandle.WaitOne(patience);
            stop.ThrowIfCancellationRequested();
        }, leaves.Token);
        Assert.True(started.Wait(patience));

        await leaves.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(patience));
    }

    [Fact]
    public async Task A_run_that_fails_fails_alone()
    {
        using var queue = new RunQueue(new ServerSettings(), meters);

        await Assert.ThrowsAsync<InvalidDataException>(
            () => queue.RunAsync("a", _ => throw new InvalidDataException(), CancellationToken.None).WaitAsync(patience));
        await queue.RunAsync("a", _ => { }, CancellationToken.None).WaitAsync(patience);
    }

    // Occupies the lane until `open` is set.
    Task<RunTimes> Busy(RunQueue queue)
    {
        var busy = queue.RunAsync("busy", stop =>
        {
            started.Set();
            open.Wait(patience, stop);
        }, CancellationToken.None);
        Assert.True(started.Wait(patience));
        return busy;
    }
}
