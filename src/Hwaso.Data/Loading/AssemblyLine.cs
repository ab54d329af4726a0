namespace Hwaso.Data.Loading;

/// <summary>Threads that fill batches slot by slot, a bounded number ahead; the consumer takes them in order.</summary>
sealed class AssemblyLine : IDisposable
{
    readonly object gate = new();
    readonly Dictionary<int, Work> open = [];
    readonly Thread[] threads;
    readonly LoaderOptions options;
    readonly Func<Batch> newBatch;
    readonly int end;
    int taken, startedBatch, startedSlot;
    bool stopped;

    /// <summary>Starts the threads.</summary>
    /// <param name="first">The first batch.</param>
    /// <param name="end">One past the last.</param>
    /// <param name="options">Batch size, threads and prefetch.</param>
    /// <param name="newBatch">Makes an empty batch.</param>
    /// <param name="newWorker">Makes, for each thread, what fills a slot: batch, its number, the slot.</param>
    public AssemblyLine(int first, int end, LoaderOptions options, Func<Batch> newBatch, Func<Action<Batch, int, int>> newWorker)
    {
        (this.end, this.options, this.newBatch) = (end, options, newBatch);
        taken = startedBatch = first;
        threads = new Thread[Math.Max(1, options.Threads)];
        for (var k = 0; k < threads.Length; k++)
        {
            threads[k] = new Thread(() => Run(newWorker())) { IsBackground = true, Name = $"loader {k}" };
            threads[k].Start();
        }
    }

    /// <summary>The next batch, as soon as it is whole; null after the last.</summary>
    public Batch? Take()
    {
        Work work;
        lock (gate)
        {
            if (taken >= end)
                return null;
            while (!open.TryGetValue(taken, out work!) || work.Left > 0)
                Monitor.Wait(gate);
            open.Remove(taken++);
            Monitor.PulseAll(gate);
        }
        if (work.Error is null)
            return work.Batch;
        work.Batch.Dispose();
        System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(work.Error);
        return null;
    }

    /// <summary>Stops the threads after the image each is at, and frees what nobody took.</summary>
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
            work.Batch.Dispose();
    }

    void Run(Action<Batch, int, int> fill)
    {
        while (Next() is var (work, number, slot) && work is not null)
        {
            Exception? failure = null;
            try
            {
                fill(work.Batch, number, slot);
            }
#pragma warning disable CA1031 // Whatever it is, it belongs to the consumer, at this batch.
            catch (Exception error)
#pragma warning restore CA1031
            {
                failure = error;
            }
            lock (gate)
            {
                work.Error ??= failure;
                if (--work.Left == 0)
                    Monitor.PulseAll(gate);
            }
        }
    }

    (Work? Work, int Number, int Slot) Next()
    {
        lock (gate)
        {
            while (!stopped && startedBatch < end && startedBatch - taken > options.Prefetch)
                Monitor.Wait(gate);
            if (stopped || startedBatch >= end)
                return default;
            if (!open.TryGetValue(startedBatch, out var work))
                open.Add(startedBatch, work = new Work(newBatch(), options.BatchSize));
            var job = (work, startedBatch, startedSlot);
            if (++startedSlot == options.BatchSize)
                (startedBatch, startedSlot) = (startedBatch + 1, 0);
            return job;
        }
    }

    sealed class Work(Batch batch, int slots)
    {
        public Batch Batch { get; } = batch;

        public int Left { get; set; } = slots;

        public Exception? Error { get; set; }
    }
}
