using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Planning;

namespace Hwaso.Runtime;

/// <summary>The steps of a run: a thread begins a step as soon as those that it needs have ended, while other threads still compute
/// others.</summary>
/// <remarks>The threads meet at the end of a run, not at the end of each step. A step's items are divided into a share for each thread. A
/// thread goes on with what needs the step that it ended, whose result is in its caches; else with a step that cannot be divided, else
/// with its share of another step, and last with the share of another thread.</remarks>
sealed unsafe class StepWork : SharedWork
{
    // Steps that a thread looks at to find one that can begin.
    const int MostSeen = 48;

    // Turns of a waiting thread before it lets others have its processor.
    const int Spins = 2000;

    readonly Kernel[] kernels;
    readonly int[][] followers;
    readonly int[] waits, items, waiting, left;
    // The last taken item of each share, [shares][steps].
    readonly int[] next;
    readonly int shares;

    CancellationToken stop;
    int first, ended;
    volatile bool isAbandoned;

    /// <param name="kernels">The steps' kernels; of those that may run at the same time, the most urgent comes first.</param>
    /// <param name="followers">For each step, those that wait for it.</param>
    /// <param name="threads">The number of threads.</param>
    public StepWork(Kernel[] kernels, int[][] followers, int threads)
    {
        (this.kernels, this.followers, shares) = (kernels, followers, threads);
        (items, waits) = (Array.ConvertAll(kernels, k => k.Items), new int[kernels.Length]);
        (waiting, left, next) = (new int[kernels.Length], new int[kernels.Length], new int[kernels.Length * threads]);
        foreach (var follower in followers.SelectMany(f => f))
            waits[follower]++;
    }

    /// <summary>The steps of a plan.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="steps">Which of its steps have kernels.</param>
    /// <param name="kernels">Their kernels.</param>
    /// <param name="lanes">Numbers of a vector.</param>
    /// <param name="threads">The number of threads.</param>
    public static StepWork Of(ExecutionPlan plan, int[] steps, Kernel[] kernels, int lanes, int threads)
    {
        var followers = plan.Order.Followers(steps);
        // The most urgent is what the most work waits for.
        var urgency = new double[steps.Length];
        for (var k = steps.Length - 1; k >= 0; k--)
            urgency[k] = StepCost.Of(plan, plan.Steps[steps[k]], lanes).Weight
                + followers[k].Select(f => urgency[f]).DefaultIfEmpty().Max();
        var order = Enumerable.Range(0, steps.Length).OrderByDescending(k => urgency[k]).ToArray();
        var place = new int[order.Length];
        for (var k = 0; k < order.Length; k++)
            place[order[k]] = k;
        return new StepWork([.. order.Select(k => kernels[k])],
            [.. order.Select(k => Array.ConvertAll(followers[k], f => place[f]))], threads);
    }

    /// <summary>These steps with one more, which waits for what another one waits for, and ends before that one begins.</summary>
    /// <param name="kernel">The other step's kernel.</param>
    /// <param name="added">The kernel of the step that is added.</param>
    public StepWork Preceded(Kernel kernel, Kernel added)
    {
        var at = Array.IndexOf(kernels, kernel);
        // The added step takes the other's place; it and all behind it move on by one.
        int Moved(int step) => step >= at ? step + 1 : step;
        var all = kernels.ToList();
        var then = followers.Select(f => f.Contains(at) ? [.. f.Select(Moved), at] : Array.ConvertAll(f, Moved)).ToList();
        all.Insert(at, added);
        then.Insert(at, [at + 1]);
        return new StepWork([.. all], [.. then], shares);
    }

    /// <summary>Prepares a run.</summary>
    public void Begin(CancellationToken cancellation)
    {
        stop = cancellation;
        waits.CopyTo(waiting, 0);
        items.CopyTo(left, 0);
        for (var share = 0; share < shares; share++)
            for (var step = 0; step < kernels.Length; step++)
                next[(share * kernels.Length) + step] = ItemWork.FirstOf(share, items[step], shares) - 1;
        (first, ended, isAbandoned) = (0, 0, false);
    }

    public override void Work(int number, byte* scratch, Func<bool>? mayHelp)
    {
        int spins = 0, step = -1, share = 0;
        while (!isAbandoned && Volatile.Read(ref ended) < kernels.Length && mayHelp?.Invoke() != false)
        {
            if (stop.IsCancellationRequested)
                isAbandoned = true;
            else if (step >= 0 || TryFind(number, out step, out share))
            {
                step = Compute(number, step, ref share, scratch);
                spins = 0;
            }
            else if (spins++ < Spins)
                Thread.SpinWait(1);
            else
                Thread.Yield();
        }
    }

    public override void Abandon() => isAbandoned = true;

    // Computes what is left of a share; returns a step that can begin now and has a share for this thread, or -1.
    int Compute(int number, int step, ref int share, byte* scratch)
    {
        var (kernel, end, done) = (kernels[step], ItemWork.FirstOf(share + 1, items[step], shares), 0);
        ref var own = ref next[(share * kernels.Length) + step];
        for (var k = Interlocked.Increment(ref own); k < end && !isAbandoned; k = Interlocked.Increment(ref own), done++)
            kernel.Run(k, scratch);
        if (done == 0 || Interlocked.Add(ref left[step], -done) != 0)
            return -1;
        var then = -1;
        foreach (var follower in followers[step])
            if (Interlocked.Decrement(ref waiting[follower]) == 0 && then < 0 && OwnShare(number, follower) is >= 0 and var mine)
                (then, share) = (follower, mine);
        Interlocked.Increment(ref ended);
        return then;
    }

    bool TryFind(int number, out int step, out int share)
    {
        share = 0;
        var known = Volatile.Read(ref first);
        var from = known;
        for (; from < kernels.Length && Volatile.Read(ref left[from]) == 0; from++)
        {
        }
        if (from != known)
            Volatile.Write(ref first, from);
        // What cannot be divided first: several threads can still share the others later.
        var end = Math.Min(from + MostSeen, kernels.Length);
        for (var divided = 0; divided < 2; divided++)
            for (step = from; step < end; step++)
                if (Volatile.Read(ref waiting[step]) == 0 && items[step] >= shares == (divided == 1)
                    && (share = OwnShare(number, step)) >= 0)
                    return true;
        for (step = from; step < end; step++)
            if (Volatile.Read(ref waiting[step]) == 0)
                for (share = 0; share < shares; share++)
                    if (HasItems(share, step))
                        return true;
        (step, share) = (-1, 0);
        return false;
    }

    // A thread's own share, or, where there are fewer items than threads, any.
    int OwnShare(int number, int step)
    {
        if (items[step] >= shares)
            return HasItems(number, step) ? number : -1;
        for (var share = 0; share < shares; share++)
            if (HasItems(share, step))
                return share;
        return -1;
    }

    bool HasItems(int share, int step) =>
        Volatile.Read(ref next[(share * kernels.Length) + step]) + 1 < ItemWork.FirstOf(share + 1, items[step], shares);
}
