using System.Diagnostics;
using Hwaso.Server.Http;
using Hwaso.Server.Settings;

namespace Hwaso.Server.Serving;

/// <summary>
/// Runs networks on lanes, which share the threads of the networks: a run that is alone uses all of them. Requests first take a place, of
/// which there are as many as may wait or compute; a request without one is refused at once, so that accepted ones are answered soon however
/// many come.
/// </summary>
sealed class RunQueue : IDisposable
{
    // A new measurement's share of the mean time of a run.
    const double Weight = 0.1;

    // Two runs of half the threads each finish sooner than one after the other with all of them: threads that work on one run wait for each
    // other at every step, and no thread computes while an image is read or an answer is written. More runs would only need more memory.
    const int MostLanes = 2;

    readonly ServerSettings settings;
    readonly ServerMeters meters;
    readonly Lock gate = new();
    readonly LinkedList<RunItem> waiting = [];
    readonly SemaphoreSlim work = new(0);
    readonly Thread[] lanes;
    readonly int most;
    int places;
    double meanSeconds;
    volatile bool ends;

    public RunQueue(ServerSettings settings, ServerMeters meters)
    {
        (this.settings, this.meters) = (settings, meters);
        // One batch computes, others compute beside it or wait as far as the setting allows.
        most = settings.Batch + settings.Queue;
        var threads = settings.Threads > 0 ? settings.Threads : Environment.ProcessorCount;
        // Images of a batch are to run one after the other.
        lanes = new Thread[settings.Batch > 1 ? 1 : Math.Min(MostLanes, threads)];
        for (var k = 0; k < lanes.Length; k++)
        {
            lanes[k] = new Thread(Work) { IsBackground = true, Name = $"Hwaso.Server lane {k + 1}" };
            lanes[k].Start();
        }
    }

    /// <summary>Requests that hold a place.</summary>
    public int Places => Volatile.Read(ref places);

    /// <summary>Takes a place; dispose it when the answer is computed.</summary>
    /// <exception cref="RequestFailure">All places are taken (429).</exception>
    public RunPlace Enter(ModelStatistics statistics)
    {
        if (Interlocked.Increment(ref places) <= most)
            return new RunPlace(this);
        Leave();
        throw Full(statistics);
    }

    /// <summary>
    /// Refuses a request whose body was not read yet while all places are taken; without it, a busy server would read what it refuses.
    /// </summary>
    /// <exception cref="RequestFailure">All places are taken (429).</exception>
    public void Look(ModelStatistics statistics)
    {
        if (Places >= most)
            throw Full(statistics);
    }

    /// <summary>Runs a network on a lane, beside others of the same key.</summary>
    /// <param name="key">Model and sizes; runs of one key form a batch.</param>
    /// <param name="run">The run.</param>
    /// <param name="stop">Gives up waiting, or stops the run between two steps.</param>
    /// <returns>Times of waiting and running.</returns>
    public async Task<RunTimes> RunAsync(object key, Action<CancellationToken> run, CancellationToken stop)
    {
        var item = new RunItem(key, run, stop);
        lock (gate)
        {
            if (ends)
                throw new RequestFailure(503, "the server is ending");
            item.Node = waiting.AddLast(item);
        }
        await using var registration = stop.Register(() => Drop(item));
        work.Release();
        return await item.Done.Task;
    }

    /// <summary>Ends the lanes after the batches that they run; whoever still waits is refused.</summary>
    public void Dispose()
    {
        ends = true;
        work.Release(lanes.Length);
        foreach (var lane in lanes)
            lane.Join();
        lock (gate)
            foreach (var item in waiting)
                item.Done.TrySetException(new RequestFailure(503, "the server is ending"));
        work.Dispose();
    }

    internal void Leave() => Interlocked.Decrement(ref places);

    RequestFailure Full(ModelStatistics statistics)
    {
        statistics.Reject();
        lock (gate)
            return RequestFailure.Busy("the server computes as many requests as it may; send it again after the time in Retry-After",
                most * meanSeconds / lanes.Length);
    }

    void Drop(RunItem item)
    {
        lock (gate)
        {
            if (item.Node is null)
                return;
            waiting.Remove(item.Node);
            item.Node = null;
        }
        item.Done.TrySetCanceled(item.Stop);
    }

    void Work()
    {
        while (!ends)
        {
            if (First() is not { } first)
            {
                work.Wait();
                continue;
            }
            List<RunItem> batch = [first];
            Fill(batch);
            meters.Batch(batch.Count);
            var began = Stopwatch.GetTimestamp();
            foreach (var item in batch)
                Run(item, batch.Count);
            var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds / batch.Count;
            lock (gate)
                meanSeconds = meanSeconds == 0 ? seconds : ((1 - Weight) * meanSeconds) + (Weight * seconds);
        }
    }

    static void Run(RunItem item, int batch)
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            item.Stop.ThrowIfCancellationRequested();
            item.Run(item.Stop);
            item.Done.TrySetResult(
                new RunTimes(Stopwatch.GetElapsedTime(item.Entered, began), Stopwatch.GetElapsedTime(began), batch));
        }
        catch (OperationCanceledException) when (item.Stop.IsCancellationRequested)
        {
            item.Done.TrySetCanceled(item.Stop);
        }
        // The request that waits for it reports it; the lane serves the next.
#pragma warning disable CA1031
        catch (Exception error)
#pragma warning restore CA1031
        {
            item.Done.TrySetException(error);
        }
    }

    RunItem? First()
    {
        lock (gate)
            return waiting.First is { } node ? Taken(node) : null;
    }

    void Fill(List<RunItem> batch)
    {
        while (batch.Count < settings.Batch && !ends)
        {
            lock (gate)
                for (var node = waiting.First; node is not null && batch.Count < settings.Batch;)
                {
                    var next = node.Next;
                    if (node.Value.Key.Equals(batch[0].Key))
                        batch.Add(Taken(node));
                    node = next;
                }
            var left = settings.BatchWaitMs - Stopwatch.GetElapsedTime(batch[0].Entered).TotalMilliseconds;
            if (batch.Count >= settings.Batch || left <= 0)
                return;
            work.Wait(TimeSpan.FromMilliseconds(left));
        }
    }

    RunItem Taken(LinkedListNode<RunItem> node)
    {
        waiting.Remove(node);
        node.Value.Node = null;
        return node.Value;
    }
}

/// <summary>How long a run waited and took, and how many ran beside it.</summary>
readonly record struct RunTimes(TimeSpan Queued, TimeSpan Ran, int Batch);

/// <summary>A request's place among those that are computed or wait.</summary>
sealed class RunPlace(RunQueue queue) : IDisposable
{
    int left;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref left, 1) == 0)
            queue.Leave();
    }
}

/// <summary>A run that waits.</summary>
sealed class RunItem(object key, Action<CancellationToken> run, CancellationToken stop)
{
    public object Key { get; } = key;

    public Action<CancellationToken> Run { get; } = run;

    public CancellationToken Stop { get; } = stop;

    public long Entered { get; } = Stopwatch.GetTimestamp();

    // A continuation on the lane's thread would hold up the next batch.
    public TaskCompletionSource<RunTimes> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public LinkedListNode<RunItem>? Node { get; set; }
}
