using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>Threads that take numbered pieces of work as they come free, as many threads as operators use.</summary>
static class Workers
{
    static readonly HelperThreads helpers = new();

    /// <summary>Does every piece once; <paramref name="piece"/> gets the number of the thread, from 0, and of the piece.</summary>
    public static void Run(int threads, int pieces, Action<int, int> piece)
    {
        if (threads == 1 || pieces == 1)
        {
            for (var k = 0; k < pieces; k++)
                piece(0, k);
            return;
        }
        // Another caller, of another training or from within a piece, may have the helpers.
        if (helpers.TryRun(Math.Min(threads, pieces), pieces, piece))
            return;
        var next = -1;
        Parallel.For(0, Math.Min(threads, pieces), thread =>
        {
            for (var k = Interlocked.Increment(ref next); k < pieces; k = Interlocked.Increment(ref next))
                piece(thread, k);
        });
    }

    /// <summary>The number of threads that some multiply-adds are worth; waking one takes as long as some tens of thousands.</summary>
    public static int For(long multiplyAdds) => (int)Math.Clamp(multiplyAdds >> 17, 1, TorchInfo.Threads);
}
