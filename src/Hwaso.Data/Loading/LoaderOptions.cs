namespace Hwaso.Data.Loading;

/// <summary>How batches are made.</summary>
public sealed record LoaderOptions
{
    /// <summary>Images of a batch.</summary>
    public required int BatchSize { get; init; }

    /// <summary>What every order and choice follows from.</summary>
    public int Seed { get; init; }

    /// <summary>Threads that read and transform.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Batches that are made ahead of the consumer.</summary>
    public int Prefetch { get; init; } = 3;

    /// <summary>Whether each epoch has its own order.</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>Bytes of decoded images to keep in memory.</summary>
    public long CacheBytes { get; init; }
}
