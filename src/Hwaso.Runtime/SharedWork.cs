using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime;

/// <summary>Work that the threads of a pool share.</summary>
abstract unsafe class SharedWork
{
    /// <summary>Works until nothing is left for this thread.</summary>
    /// <param name="number">The thread's number, the caller's is 0.</param>
    /// <param name="scratch">The thread's scratch memory.</param>
    /// <param name="mayHelp">Whether a helper may go on; null for the caller, who always does.</param>
    public abstract void Work(int number, byte* scratch, Func<bool>? mayHelp);

    /// <summary>Leaves out what nobody began.</summary>
    public abstract void Abandon();
}

/// <summary>The items of one kernel.</summary>
/// <remarks>Each thread has a share of neighbouring items, of most kernels the same part of the image, so that it reads what it wrote
/// itself in the step before; then it helps with the shares of others.</remarks>
/// <param name="threads">The number of shares.</param>
sealed unsafe class ItemWork(int threads) : SharedWork
{
    // Numbers between the shares' counters, which must not lie in one cache line.
    const int Apart = 32;

    readonly int[] next = new int[(threads + 1) * Apart];

    Kernel? kernel;

    /// <summary>The first item of a thread's share.</summary>
    public static int FirstOf(int share, int items, int threads) => (int)((long)items * share / threads);

    /// <summary>Takes a kernel.</summary>
    public void Begin(Kernel work)
    {
        kernel = work;
        for (var share = 0; share < threads; share++)
            next[(share + 1) * Apart] = FirstOf(share, work.Items, threads) - 1;
    }

    public override void Work(int number, byte* scratch, Func<bool>? mayHelp)
    {
        var work = kernel!;
        for (var turn = 0; turn < threads; turn++)
        {
            var share = (number + turn) % threads;
            ref var own = ref next[(share + 1) * Apart];
            for (int k = Interlocked.Increment(ref own), end = FirstOf(share + 1, work.Items, threads); k < end;
                k = Interlocked.Increment(ref own))
                work.Run(k, scratch);
        }
    }

    public override void Abandon()
    {
        for (var share = 0; share < threads; share++)
            Volatile.Write(ref next[(share + 1) * Apart], int.MaxValue / 2);
    }
}
