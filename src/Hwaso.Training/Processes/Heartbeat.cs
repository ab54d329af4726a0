using System.Collections.Concurrent;
using System.Diagnostics;
using Hwaso.Torch;
using Hwaso.Torch.Processes;

namespace Hwaso.Training.Processes;

/// <summary>
/// Says every second that this process lives, and notices which other one does not: after an error of the network, that is what tells the
/// process that died or hangs from those that wait for it. It has a connection of its own, so that no waiting call stands before it.
/// </summary>
sealed class Heartbeat : IDisposable
{
    static readonly TimeSpan beat = TimeSpan.FromSeconds(1);

    // A process that failed writes its reason just before or after the others' connections break.
    static readonly TimeSpan grace = TimeSpan.FromSeconds(3);

    readonly ProcessPlace place;
    readonly TimeSpan patience;
    readonly ProcessStore store;
    readonly Thread thread;
    readonly CancellationTokenSource end = new();
    readonly ConcurrentDictionary<int, (string Value, long Since)> seen = [];
    readonly string self;
    volatile string? failure;
    long heard = Stopwatch.GetTimestamp();

    /// <summary>Begins to beat.</summary>
    /// <exception cref="TorchException">The meeting place cannot be reached.</exception>
    public Heartbeat(ProcessPlace place, TimeSpan patience)
    {
        (this.place, this.patience) = (place, patience);
        store = new ProcessStore(place.Host, place.Port, keeps: false, patience);
        self = FormattableString.Invariant($"{Environment.MachineName}, process id {Environment.ProcessId}");
        store.Set($"name/{place.Rank}", self);
        thread = new Thread(Beat) { IsBackground = true, Name = "heartbeat" };
        thread.Start();
    }

    /// <summary>Throws where another process is known to be gone.</summary>
    /// <exception cref="ProcessException">Its message names the process.</exception>
    public void Check()
    {
        if (failure is { } known)
            throw new ProcessException(known);
        if (Silent(patience) is { } silent)
            throw new ProcessException(silent);
    }

    /// <summary>The process that an error of the network comes from, in words.</summary>
    public string Blame(string error)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < grace; Thread.Sleep(50))
            if (failure is { } known)
                return known;
        return Silent(4 * beat) ?? $"a process did not answer within {patience.TotalSeconds:0} s, or its connection broke: {error}";
    }

    /// <summary>Says why this process ends.</summary>
    public void Fail(string reason)
    {
        failure ??= $"process {place.Rank} ({self}) failed: {reason}";
        // The table may hang; this process must not.
        Task.Run(() =>
        {
            try
            {
                store.Set("failed", failure);
            }
            catch (TorchException)
            {
                // Nobody is left to read it.
            }
        }).Wait(grace);
    }

    /// <summary>Ends it. After a failure process 0, which keeps the table, waits until the others can have read the reason.</summary>
    public void Dispose()
    {
        if (failure is not null && place.Rank == 0)
            Thread.Sleep(grace);
        end.Cancel();
        // A beat that hangs on a dead connection is left behind.
        if (thread.Join(grace))
            store.Dispose();
    }

    void Beat()
    {
        try
        {
            for (var number = 0L; !end.IsCancellationRequested; number++)
            {
                store.Set($"alive/{place.Rank}", $"{number}");
                if (store.Get("failed") is { } reason)
                    failure ??= reason;
                for (var rank = 0; rank < place.Size; rank++)
                    if (rank != place.Rank && store.Get($"alive/{rank}") is { } value
                        && (!seen.TryGetValue(rank, out var before) || before.Value != value))
                        seen[rank] = (value, Stopwatch.GetTimestamp());
                Interlocked.Exchange(ref heard, Stopwatch.GetTimestamp());
                end.Token.WaitHandle.WaitOne(beat);
            }
        }
        catch (TorchException)
        {
            if (!end.IsCancellationRequested)
                failure ??= $"process 0 at {place.Host}:{place.Port} is gone";
        }
    }

    // The process that has been silent longest, where that is longer than the limit: after an error a few beats, before it the patience, so
    // that a link that is cut for a while ends nothing.
    string? Silent(TimeSpan limit)
    {
        if (place.Rank > 0 && Stopwatch.GetElapsedTime(Interlocked.Read(ref heard)) is var quiet && quiet > limit)
            return FormattableString.Invariant($"process 0 at {place.Host}:{place.Port} has been silent for {quiet.TotalSeconds:0} s");
        var longest = seen.Select(s => (Rank: s.Key, Quiet: Stopwatch.GetElapsedTime(s.Value.Since))).OrderByDescending(s => s.Quiet)
            .FirstOrDefault();
        return longest.Quiet > limit
            ? FormattableString.Invariant($"process {longest.Rank} of {place.Size} has been silent for {longest.Quiet.TotalSeconds:0} s: ")
                + "it died, hangs, or its network is cut"
            : null;
    }
}
