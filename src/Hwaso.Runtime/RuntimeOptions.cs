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

    /// <summary>
    /// The most memory for the values of one run, in bytes, up to 2 GiB: a <see cref="Session"/> that needs more is refused, a
    /// <see cref="SegmentationModel"/> labels the image in tiles.
    /// </summary>
    public long MostBytes { get; init; } = 2L << 30;
}
