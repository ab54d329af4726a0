using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace Hwaso.Nn;

/// <summary>
/// Threads that help a caller with its pieces of work. Kernels of a training follow within microseconds of each other, and many take less
/// time than it takes to wake a thread: helpers spin before they sleep, as long as a step's longest pause between two kernels takes.
/// </summary>
/// <remarks>
/// Each thread begins with a share of neighbouring pieces, of most kernels the same images or channels, so that it reads what it wrote
/// itself in the kernel before: what another core wrote lies in that core's caches. Then it helps with the shares of others.
/// </remarks>
sealed class HelperThreads
{
    const int SpinMicroseconds = 2000, Open = 1 << 30;

    // Looks between which a waiting thread offers its core to others: some two microseconds. Each offer is a call of the system, which
    // takes as long as a small kernel in some virtual machines.
    const int LooksInARow = 64;

    // Numbers between the shares' counters, which must not lie in one cache line.
    const int Apart = 32;

    readonly Lock starting = new();
    readonly SemaphoreSlim wake = new(0);
    Action<int, int>? piece;
    Exception? failure;
    // The last taken piece of each share.
    int[] next = [];
    int started, pieces, helpers, state, taken, generation, asleep;

    /// <summary>Does every piece once, with as many threads; false, and nothing, if another caller has the helpers.</summary>
    public bool TryRun(int threads, int pieces, Action<int, int> piece)
    {
        if (Volatile.Read(ref taken) != 0 || Interlocked.CompareExchange(ref taken, 1, 0) != 0)
            return false;
        Exception? failed;
        try
        {
            Start(threads - 1);
            (this.piece, this.pieces, helpers, failure) = (piece, pieces, threads - 1, null);
            Divide();
            Interlocked.Exchange(ref state, Open);
            Interlocked.Increment(ref generation);
            if (Volatile.Read(ref asleep) is > 0 and var sleeping)
                wake.Release(Math.Min(sleeping, threads - 1));
            Work(0);
        }
        finally
        {
            failed = End();
        }
        if (failed is not null)
            ExceptionDispatchInfo.Throw(failed);
        return true;
    }

    void Divide()
    {
        if (next.Length < (helpers + 2) * Apart)
            next = new int[(helpers + 2) * Apart];
        for (var share = 0; share <= helpers; share++)
            next[(share + 1) * Apart] = FirstOf(share) - 1;
    }

    int FirstOf(int share) => (int)((long)pieces * share / (helpers + 1));

    void Start(int count)
    {
        if (Volatile.Read(ref started) >= count)
            return;
        lock (starting)
            for (; started < count; started++)
                new Thread(Wait) { IsBackground = true, Name = $"Hwaso {started + 1}" }.Start(started + 1);
    }

    // Waits for the helpers that joined.
    Exception? End()
    {
        Interlocked.And(ref state, ~Open);
        for (var looks = 1; Volatile.Read(ref state) != 0; looks++)
            Pause(looks);
        var failed = failure;
        piece = null;
        Volatile.Write(ref taken, 0);
        return failed;
    }

    void Wait(object? number)
    {
        var (done, looks, began) = (0, 0, Stopwatch.GetTimestamp());
        while (true)
        {
            if (Volatile.Read(ref generation) is var now && now != done)
            {
                done = now;
                if (TryJoin((int)number!))
                {
                    Work((int)number);
                    Interlocked.Decrement(ref state);
                    (looks, began) = (0, Stopwatch.GetTimestamp());
                }
            }
            looks++;
            Pause(looks);
            if (looks % LooksInARow != 0 || Stopwatch.GetElapsedTime(began).TotalMicroseconds < SpinMicroseconds)
                continue;
            Interlocked.Increment(ref asleep);
            if (Volatile.Read(ref generation) == done)
                wake.Wait();
            Interlocked.Decrement(ref asleep);
            began = Stopwatch.GetTimestamp();
        }
    }

    static void Pause(int looks)
    {
        if (looks % LooksInARow == 0)
            Thread.Yield();
        else
            Thread.SpinWait(1);
    }

    bool TryJoin(int number)
    {
        for (var seen = Volatile.Read(ref state); (seen & Open) != 0; seen = Volatile.Read(ref state))
            if (Interlocked.CompareExchange(ref state, seen + 1, seen) == seen)
            {
                if (number <= helpers)
                    return true;
                Interlocked.Decrement(ref state);
                return false;
            }
        return false;
    }

    void Work(int number)
    {
        try
        {
            var work = piece!;
            for (var turn = 0; turn <= helpers; turn++)
            {
                var share = (number + turn) % (helpers + 1);
                ref var last = ref next[(share + 1) * Apart];
                for (int k = Interlocked.Increment(ref last), end = FirstOf(share + 1); k < end; k = Interlocked.Increment(ref last))
                    work(number, k);
            }
        }
#pragma warning disable CA1031 // The caller's thread rethrows it, whichever thread it occurred on. The pieces that nobody took are skipped.
        catch (Exception error)
#pragma warning restore CA1031
        {
            failure = error;
            for (var share = 0; share <= helpers; share++)
                Volatile.Write(ref next[(share + 1) * Apart], int.MaxValue / 2);
        }
    }
}
