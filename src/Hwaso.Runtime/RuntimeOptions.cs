namespace Hwaso.Runtime;

/// <summary>How a model computes.</summary>
public sealed record RuntimeOptions
{
    /// <summary>Threads, the caller's included; 0 is one per processor. Of no account with a <see cref="Pool"/>.</summary>
    public int Threads { get; init; }

    /// <summary>Threads shared with other models; null gives the model its own. Whoever made it disposes it.</summary>
    public WorkerPool? Pool { get; init; }

    /// <summary>The vectors to compute with.</summary>
    public SimdPath Path { get; init; }

    /// <summary>The most memory that one run may take, in bytes; an image that needs more is refused.</summary>
    public long MostBytes { get; init; } = 8L << 30;
}
