namespace Hwaso.Data.Loading;

/// <summary>How batches are made.</summary>
public sealed record LoaderOptions
{
    /// <summary>Images of a batch, at least 1.</summary>
    public required int BatchSize { get; init; }

    /// <summary>The part of each batch that is made, where several processes share batches; null for all of it.</summary>
    public BatchShare? Share { get; init; }

    /// <summary>The seed of every order and choice.</summary>
    public int Seed { get; init; }

    /// <summary>Threads that read and transform, at least 1.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Batches that are made ahead of the consumer, at least 1.</summary>
    public int Prefetch { get; init; } = 3;

    /// <summary>Whether each epoch has its own order.</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>Which images are drawn by class; null for each once. It wants <see cref="Shuffle"/>.</summary>
    public ClassBalance? Balance { get; init; }

    /// <summary>Whether images that do not fill a batch are left out of the epoch; otherwise its last batch is smaller.</summary>
    public bool DropLast { get; init; } = true;

    /// <summary>Bytes of decoded images to keep in memory.</summary>
    public long CacheBytes { get; init; }

    /// <summary>Ends the wait for a batch, where the consumer must not wait for an image.</summary>
    public CancellationToken Stop { get; init; }

    /// <summary>
    /// Is told of each image that was made, on the thread that made it: that thread's number, and by <see
    /// cref="System.Diagnostics.Stopwatch.GetTimestamp"/> when it began and ended; null where nothing watches.
    /// </summary>
    public Action<int, long, long>? Watch { get; init; }

    internal void Check()
    {
        static void AtLeast(long value, long least, string name)
        {
            if (value < least)
                throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}; at least {least} was wanted");
        }
        AtLeast(BatchSize, 1, nameof(BatchSize));
        AtLeast(Threads, 1, nameof(Threads));
        AtLeast(Prefetch, 1, nameof(Prefetch));
        AtLeast(CacheBytes, 0, nameof(CacheBytes));
        if (Share is { } share && !(share.First >= 0 && share.Count >= 1 && share.First + share.Count <= BatchSize && DropLast))
            throw new ArgumentOutOfRangeException(nameof(Share), share, $"a share of {share} in batches of {BatchSize}, the last one "
                + "whole: part of a batch was wanted");
    }

    /// <summary>The first slot of a whole batch that is made here.</summary>
    internal int FirstSlot => Share?.First ?? 0;

    /// <summary>Slots of a batch that are made here, of as many as the batch has.</summary>
    internal int SlotsOf(int whole) => Share?.Count ?? whole;
}

/// <summary>Part of every batch.</summary>
/// <param name="First">The first of its samples, from 0.</param>
/// <param name="Count">How many.</param>
public sealed record BatchShare(int First, int Count);
