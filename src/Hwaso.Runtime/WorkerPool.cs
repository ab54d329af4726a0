using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime;

/// <summary>Threads that models compute with: one model's own, or shared by several.</summary>
/// <remarks>One run at a time uses all threads. A run that starts meanwhile computes on its caller's thread alone.</remarks>
public sealed unsafe class WorkerPool : IDisposable
{
    // The steps of a run follow within microseconds of each other: waking a thread takes longer than spinning.
    const int Spins = 4000;
    const int Open = 1 << 30;

    readonly Thread[] threads;
    readonly SemaphoreSlim wake = new(0);
    readonly RunGate gate = new();
    Kernel? kernel;
    nint[] scratch = [];
    Exception? failure;
    int next, state, generation, asleep, busy;
    volatile bool ends;

    /// <summary>Starts the threads.</summary>
    /// <param name="threads">The number of threads, including the caller's; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is below 1.</exception>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        this.threads = new Thread[threads - 1];
        for (var k = 0; k < this.threads.Length; k++)
        {
            var number = k + 1;
            try
            {
                this.threads[k] = new Thread(() => Work(number)) { IsBackground = true, Name = $"Hwaso.Runtime {number}" };
                this.threads[k].Start();
            }
            catch
            {
                End(k);
                throw;
            }
        }
    }

    /// <summary>The number of threads, including the caller's.</summary>
    public int Threads { get; }

    /// <summary>Ends the threads; models that use the pool then compute on the caller's thread alone.</summary>
    /// <exception cref="InvalidOperationException">A session runs on the pool.</exception>
    public void Dispose()
    {
        if (gate.Close("a worker pool"))
            End(threads.Length);
    }

    /// <summary>Begins a run of several kernels, during which the pool cannot be disposed.</summary>
    /// <returns>Whether <see cref="Leave"/> has to follow; false after <see cref="Dispose"/>.</returns>
    internal bool TryEnter() => gate.TryEnter();

    /// <summary>Ends a run.</summary>
    internal void Leave() => gate.Leave();

    /// <summary>Computes all items of a kernel.</summary>
    /// <param name="work">The kernel.</param>
    /// <param name="memory">The address of each thread's scratch memory, the caller's first.</param>
    internal void Run(Kernel work, nint[] memory)
    {
        var items = work.Items;
        if (items <= 1 || threads.Length == 0 || ends || Interlocked.CompareExchange(ref busy, 1, 0) != 0)
        {
            for (var k = 0; k < items; k++)
                work.Run(k, (byte*)memory[0]);
            return;
        }
        Exception? failed;
        try
        {
            (kernel, scratch, failure) = (work, memory, null);
            Volatile.Write(ref next, -1);
            Interlocked.Increment(ref generation);
            Interlocked.Exchange(ref state, Open);
            var sleeping = Volatile.Read(ref asleep);
            if (sleeping > 0)
                wake.Release(Math.Min(sleeping, items - 1));
            Take(0);
        }
        finally
        {
            // Wait for the threads that joined; the gate is closed for the others.
            Interlocked.And(ref state, ~Open);
            var wait = new SpinWait();
            while (Volatile.Read(ref state) != 0)
                wait.SpinOnce(sleep1Threshold: -1);
            failed = failure;
            kernel = null;
            Volatile.Write(ref busy, 0);
        }
        if (failed is OutOfMemoryException)
            throw new InsufficientMemoryException($"a kernel lacks memory: {failed.Message}", failed);
        if (failed is not null)
            throw new InvalidOperationException($"a kernel failed: {failed.Message}", failed);
    }

    void End(int started)
    {
        ends = true;
        wake.Release(Math.Max(1, started));
        for (var k = 0; k < started; k++)
            threads[k].Join();
        wake.Dispose();
    }

    void Work(int number)
    {
        var done = 0;
        while (!ends)
        {
            var spins = 0;
            while (Volatile.Read(ref generation) == done && !ends)
                if (spins++ < Spins)
                    Thread.SpinWait(8);
                else
                {
                    Interlocked.Increment(ref asleep);
                    if (Volatile.Read(ref generation) == done && !ends)
                        wake.Wait();
                    Interlocked.Decrement(ref asleep);
                }
            done = Volatile.Read(ref generation);
            if (!Join())
                continue;
            Take(number);
            Interlocked.Decrement(ref state);
        }
    }

    bool Join()
    {
        for (var seen = Volatile.Read(ref state); (seen & Open) != 0; seen = Volatile.Read(ref state))
            if (Interlocked.CompareExchange(ref state, seen + 1, seen) == seen)
                return true;
        return false;
    }

    void Take(int number)
    {
        try
        {
            var work = kernel!;
            var memory = (byte*)scratch[number];
            for (int k = Interlocked.Increment(ref next), items = work.Items; k < items; k = Interlocked.Increment(ref next))
                work.Run(k, memory);
        }
        // The caller's thread rethrows it, whichever thread it occurred on. The items that nobody took are skipped.
        catch (Exception error)
        {
            failure = error;
            Volatile.Write(ref next, int.MaxValue / 2);
        }
    }
}
