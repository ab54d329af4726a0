using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace Hwaso.Data.Loading;

/// <summary>Threads that fill batches slot by slot, a bounded number ahead; the consumer takes them in order.</summary>
sealed class AssemblyLine<TBatch> : IDisposable
    where TBatch : class, IBatch
{
    readonly object gate = new();
    readonly Dictionary<int, Work> open = [];
    readonly List<Thread> threads = [];
    readonly Func<int, TBatch> newBatch;
    readonly int end, prefetch;
    int taken, startedBatch, startedSlot;
    bool stopped;

    /// <summary>Starts the threads.</summary>
    /// <param name="first">The first batch.</param>
    /// <param name="end">One past the last.</param>
    /// <param name="options">Threads and prefetch.</param>
    /// <param name="newBatch">Makes the empty batch of a given number.</param>
    /// <param name="newWorker">Makes a thread's function that fills a slot, given the batch, its number and the slot.</param>
    public AssemblyLine(
        int first, int end, LoaderOptions options, Func<int, TBatch> newBatch, Func<Action<TBatch, int, int>> newWorker)
    {
        (this.end, prefetch, this.newBatch) = (end, options.Prefetch, newBatch);
        taken = startedBatch = first;
        try
        {
            for (var k = 0; k < options.Threads; k++)
            {
                // A worker's buffers are made here, so that a failure reaches the caller.
                var worker = newWorker();
                var number = k;
                var thread = new Thread(() => Run(worker, number, options.Watch)) { IsBackground = true, Name = $"loader {k}" };
                thread.Start();
                threads.Add(thread);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The next batch, as soon as it is whole; null after the last.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was requested before or during the wait.</exception>
    public TBatch? Take(CancellationToken cancel)
    {
        using var wake = cancel.UnsafeRegister(_ => Wake(), null);
        Work work;
        lock (gate)
        {
            if (taken >= end)
                return null;
            cancel.ThrowIfCancellationRequested();
            while (!open.TryGetValue(taken, out work!) || work.Left > 0)
            {
                cancel.ThrowIfCancellationRequested();
                Monitor.Wait(gate);
            }
            open.Remove(taken++);
            Monitor.PulseAll(gate);
        }
        if (work.Error is null)
            return work.Batch;
        work.Batch?.Dispose();
        ExceptionDispatchInfo.Throw(work.Error);
        return null;
    }

    /// <summary>Stops each thread after its current image, and disposes the batches that were not taken.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            stopped = true;
            Monitor.PulseAll(gate);
        }
        foreach (var thread in threads)
            thread.Join();
        foreach (var work in open.Values)
            work.Batch?.Dispose();
        open.Clear();
    }

    void Wake()
    {
        lock (gate)
            Monitor.PulseAll(gate);
    }

    void Run(Action<TBatch, int, int> fill, int thread, Action<int, long, long>? watch)
    {
        while (Next() is var (work, number, slot) && work is not null)
        {
            var began = Stopwatch.GetTimestamp();
            var failure = Attempt(() => fill(work.Batch!, number, slot));
            watch?.Invoke(thread, began, Stopwatch.GetTimestamp());
            lock (gate)
            {
                work.Fail(failure, slot);
                if (--work.Left == 0)
                    Monitor.PulseAll(gate);
            }
        }
    }

    (Work? Work, int Number, int Slot) Next()
    {
        lock (gate)
            while (true)
            {
                while (!stopped && startedBatch < end && startedBatch - taken > prefetch)
                    Monitor.Wait(gate);
                if (stopped || startedBatch >= end)
                    return default;
                if (!open.TryGetValue(startedBatch, out var work) && !Begin(out work))
                    continue;
                var job = (work, startedBatch, startedSlot);
                if (++startedSlot == work.Batch!.Count)
                    (startedBatch, startedSlot) = (startedBatch + 1, 0);
                return job;
            }
    }

    /// <summary>Opens the next batch; one for which there is no memory is finished at once, with that as its error.</summary>
    bool Begin(out Work work)
    {
        work = new Work();
        var opened = work;
        work.Fail(Attempt(() => opened.Batch = newBatch(startedBatch)), slot: 0);
        open.Add(startedBatch, work);
        if (work.Batch is { } batch)
        {
            work.Left = batch.Count;
            return true;
        }
        startedBatch++;
        Monitor.PulseAll(gate);
        return false;
    }

    static Exception? Attempt(Action action)
    {
        try
        {
            action();
            return null;
        }
#pragma warning disable CA1031 // Whatever it is, it belongs to the consumer, at this batch.
        catch (Exception error)
#pragma warning restore CA1031
        {
            return error;
        }
    }

    sealed class Work
    {
        int failedSlot = int.MaxValue;

        public TBatch? Batch { get; set; }

        public int Left { get; set; }

        public Exception? Error { get; private set; }

        /// <summary>Of several failures the one of the first image stays, whichever thread was quicker.</summary>
        public void Fail(Exception? error, int slot)
        {
            if (error is not null && slot < failedSlot)
                (Error, failedSlot) = (error, slot);
        }
    }
}

/// <summary>Samples of one step.</summary>
interface IBatch : IDisposable
{
    /// <summary>N.</summary>
    int Count { get; }
}
