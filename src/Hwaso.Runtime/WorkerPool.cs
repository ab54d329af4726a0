using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime;

/// <summary>Threads that models compute with: one model's own, or shared by several.</summary>
/// <remarks>A run that is alone uses all threads. Runs at the same time share them: each has its caller's thread, and some of the others.
/// </remarks>
public sealed unsafe class WorkerPool : IDisposable
{
    // The steps of a run follow within microseconds of each other: waking a thread takes longer than spinning.
    const int Spins = 4000;

    readonly Thread[] threads;
    readonly Team[] teams;
    readonly SemaphoreSlim wake = new(0);
    readonly RunGate gate = new();
    int generation, asleep;
    volatile bool ends;

    /// <summary>Starts the threads.</summary>
    /// <param name="threads">The number of threads, including the caller's; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is below 1.</exception>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        this.threads = new Thread[threads - 1];
        // As many runs as can have a second thread each.
        teams = [.. Enumerable.Range(0, Math.Max(1, threads / 2)).Select(_ => new Team(threads))];
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
    internal void Leave()
    {
        gate.Leave();
        // Threads that helped nobody look whether they may now.
        Interlocked.Increment(ref generation);
    }

    // Threads that may help a caller: every run has one of its own.
    int Helpers => Threads - Math.Max(1, gate.Runs);

    /// <summary>Computes all items of a kernel.</summary>
    /// <param name="work">The kernel.</param>
    /// <param name="memory">The address of each thread's scratch memory, the caller's first.</param>
    internal void Run(Kernel work, nint[] memory)
    {
        var items = work.Items;
        if (items <= 1 || Helpers < 1 || Take() is not { } team)
        {
            for (var k = 0; k < items; k++)
                work.Run(k, (byte*)memory[0]);
            return;
        }
        team.Items.Begin(work);
        Share(team, team.Items, items - 1, memory);
    }

    /// <summary>Computes all steps of a run.</summary>
    /// <param name="steps">The steps.</param>
    /// <param name="memory">The address of each thread's scratch memory, the caller's first.</param>
    /// <param name="stop">Cancels the run.</param>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    internal void Run(StepWork steps, nint[] memory, CancellationToken stop)
    {
        steps.Begin(stop);
        if (Take() is { } team)
            Share(team, steps, threads.Length, memory);
        else
            steps.Work(0, (byte*)memory[0], null);
        stop.ThrowIfCancellationRequested();
    }

    Team? Take() => ends ? null : Array.Find(teams, t => t.TryTake());

    void Share(Team team, SharedWork work, int most, nint[] memory)
    {
        Exception? failed;
        try
        {
            team.Begin(work, memory);
            Interlocked.Increment(ref generation);
            // Those that may not help sleep on.
            var sleeping = Volatile.Read(ref asleep) - (threads.Length - Helpers);
            if (sleeping > 0 && most > 0)
                wake.Release(Math.Min(sleeping, most));
            team.Work(0, null);
        }
        finally
        {
            failed = team.End();
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
        var (done, spins) = (0, 0);
        // A thread that may not help falls asleep, however many kernels others run.
        var mayHelp = () => number <= Helpers;
        while (!ends)
        {
            if (Volatile.Read(ref generation) is var now && now != done)
            {
                done = now;
                if (mayHelp() && Help(number, mayHelp))
                    spins = 0;
            }
            if (spins++ < Spins)
            {
                Thread.SpinWait(8);
                continue;
            }
            Interlocked.Increment(ref asleep);
            // A thread that is woken without work, because another kernel's caller saw it asleep too, sleeps on without spinning.
            if (Volatile.Read(ref generation) == done && !ends)
                wake.Wait();
            Interlocked.Decrement(ref asleep);
        }
    }

    // Each thread looks at the teams in an order of its own, so that all of them get help.
    bool Help(int number, Func<bool> mayHelp)
    {
        var helped = false;
        for (var k = 0; k < teams.Length; k++)
            if (teams[(number + k) % teams.Length] is var team && team.TryJoin())
            {
                helped = true;
                team.Work(number, mayHelp);
                team.Leave();
            }
        return helped;
    }

    /// <summary>The threads that share some work.</summary>
    sealed class Team(int threads)
    {
        const int Open = 1 << 30;

        SharedWork? shared;
        nint[] scratch = [];
        Exception? failure;
        int state, taken;

        /// <summary>The items of a kernel, for callers that have one kernel.</summary>
        public ItemWork Items { get; } = new(threads);

        /// <summary>Takes the team for a caller; false if another has it.</summary>
        public bool TryTake() => Volatile.Read(ref taken) == 0 && Interlocked.CompareExchange(ref taken, 1, 0) == 0;

        /// <summary>Lets threads join.</summary>
        public void Begin(SharedWork work, nint[] memory)
        {
            (shared, scratch, failure) = (work, memory, null);
            Interlocked.Exchange(ref state, Open);
        }

        /// <summary>Waits for the threads that joined, and gives the team back.</summary>
        /// <returns>What failed, on whichever thread; null for nothing.</returns>
        public Exception? End()
        {
            // The gate is closed for those that come now.
            Interlocked.And(ref state, ~Open);
            var wait = new SpinWait();
            while (Volatile.Read(ref state) != 0)
                wait.SpinOnce(sleep1Threshold: -1);
            var failed = failure;
            shared = null;
            Volatile.Write(ref taken, 0);
            return failed;
        }

        public bool TryJoin()
        {
            for (var seen = Volatile.Read(ref state); (seen & Open) != 0; seen = Volatile.Read(ref state))
                if (Interlocked.CompareExchange(ref state, seen + 1, seen) == seen)
                    return true;
            return false;
        }

        public void Leave() => Interlocked.Decrement(ref state);

        /// <summary>Works until nothing is left, or a helper is needed elsewhere.</summary>
        public void Work(int number, Func<bool>? mayHelp)
        {
            var work = shared!;
            try
            {
                work.Work(number, (byte*)scratch[number], mayHelp);
            }
            // The caller's thread rethrows it, whichever thread it occurred on. What nobody took is skipped.
            catch (Exception error)
            {
                failure = error;
                work.Abandon();
            }
        }
    }
}
