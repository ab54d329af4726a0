namespace Hwaso.Runtime.Core;

/// <summary>Counts the runs that use something, so that it is not disposed under them.</summary>
sealed class RunGate
{
    const int Closed = -1;

    int runs;

    /// <summary>Whether it was disposed.</summary>
    public bool IsClosed => Volatile.Read(ref runs) == Closed;

    /// <summary>Runs that have begun and not ended.</summary>
    public int Runs => Math.Max(0, Volatile.Read(ref runs));

    /// <summary>Begins a run; <see cref="Leave"/> ends it.</summary>
    /// <returns>False if it was disposed.</returns>
    public bool TryEnter()
    {
        for (var seen = Volatile.Read(ref runs); seen != Closed; seen = Volatile.Read(ref runs))
            if (Interlocked.CompareExchange(ref runs, seen + 1, seen) == seen)
                return true;
        return false;
    }

    /// <summary>Ends a run.</summary>
    public void Leave() => Interlocked.Decrement(ref runs);

    /// <summary>Refuses all further runs.</summary>
    /// <param name="what">What is disposed, for the message.</param>
    /// <returns>False if it was disposed before.</returns>
    /// <exception cref="InvalidOperationException">A run is in progress.</exception>
    public bool Close(string what) => Interlocked.CompareExchange(ref runs, Closed, 0) switch
    {
        Closed => false,
        0 => true,
        var now => throw new InvalidOperationException($"{what} is in use by {now} runs; wait for them, or cancel them, before Dispose"),
    };
}
