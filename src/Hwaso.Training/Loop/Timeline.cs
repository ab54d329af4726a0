using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Hwaso.Common;
using Hwaso.Torch;
using Hwaso.Torch.Processes;

namespace Hwaso.Training.Loop;

/// <summary>
/// Records when a training process did what, for the viewers of Chrome traces (chrome://tracing, ui.perfetto.dev): what the training thread
/// does on one track, each bucket of gradients that travels on a track of its own. Times count from 1970, so that the files of several
/// processes of a machine lie on one scale.
/// </summary>
public sealed class Timeline
{
    /// <summary>The steps of a session that are recorded; later ones are not, so that a file stays small enough for a viewer.</summary>
    public const int MostSteps = 1000;

    /// <summary>The first steps of a session, which are recorded with their layers and operators: thousands each.</summary>
    public const int MostDetailed = 10;

    internal const string BackwardName = "backward";

    const string StepName = "step";

    // Tracks. Few runs have more buckets, or threads that read images, than that.
    const int Training = 0, Buckets = 1, Loaders = 5_000, OtherThreads = 10_000;

    readonly string path;
    readonly int process;
    readonly long began = Stopwatch.GetTimestamp();
    readonly double beganUs = Math.Floor((DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).TotalMicroseconds);
    // Threads that read images add to them, too: locked.
    readonly List<Entry> entries = [];
    int steps, buckets;
    LayerTimes? layers;

    /// <summary>Begins to record, and writes a file without events, so that a wrong path fails before the training.</summary>
    /// <param name="path">The file.</param>
    /// <param name="process">The process's number, from 0.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be written.</exception>
    public Timeline(string path, int process)
    {
        ArgumentNullException.ThrowIfNull(path);
        (this.path, this.process) = (path, process);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        Write();
    }

    /// <summary>The file of a process: the given one for process 0, name-1.json for process 1, and so on.</summary>
    public static string FileOf(string path, int process) => process == 0 ? path : Path.Combine(Path.GetDirectoryName(path) ?? "",
        FormattableString.Invariant($"{Path.GetFileNameWithoutExtension(path)}-{process}{Path.GetExtension(path)}"));

    /// <summary>Records something that the training thread does until the result is disposed.</summary>
    /// <param name="timeline">Where to; null to record nothing.</param>
    /// <param name="name">What it does.</param>
    public static TimelineSpan Span(Timeline? timeline, string name) =>
        timeline is null || timeline.steps > MostSteps ? default : new TimelineSpan(timeline, name, Stopwatch.GetTimestamp());

    /// <summary>Records a step, and counts it.</summary>
    public static TimelineSpan Step(Timeline? timeline)
    {
        if (timeline is not null && timeline.steps++ < MostDetailed && !Door.IsObserved)
            timeline.layers = new LayerTimes();
        return Span(timeline, StepName);
    }

    /// <summary>Does work that is recorded as one span.</summary>
    public static T Within<T>(Timeline? timeline, string name, Func<T> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        using var span = Span(timeline, name);
        return work();
    }

    /// <summary>Records how the buckets of an exchange travelled.</summary>
    /// <param name="began">When the exchange began, by <see cref="Stopwatch.GetTimestamp"/>.</param>
    /// <param name="times">Its buckets.</param>
    public void Add(long began, IReadOnlyList<BucketTimes> times)
    {
        ArgumentNullException.ThrowIfNull(times);
        if (steps > MostSteps)
            return;
        buckets = Math.Max(buckets, times.Count);
        foreach (var (k, bucket) in times.Index())
            Add(new Entry("exchange", "exchange", Buckets + k, Us(began) + bucket.Sent.TotalMicroseconds,
                Us(began) + bucket.Summed.TotalMicroseconds, bucket.Bytes, null));
    }

    /// <summary>Records that a thread of the loader made an image.</summary>
    /// <param name="thread">The thread's number, from 0.</param>
    /// <param name="from">When it began, by <see cref="Stopwatch.GetTimestamp"/>.</param>
    /// <param name="to">When it ended.</param>
    public void Image(int thread, long from, long to)
    {
        if (Volatile.Read(ref steps) <= MostSteps)
            Add(new Entry("image", "loader", Loaders + thread, Us(from), Us(to), 0, null));
    }

    /// <summary>Writes all that was recorded.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be written.</exception>
    public void Write()
    {
        var events = new JsonArray(Named("process_name", Training, FormattableString.Invariant($"process {process}")),
            Named("thread_name", Training, "training"));
        for (var k = 0; k < buckets; k++)
            events.Add(Named("thread_name", Buckets + k, FormattableString.Invariant($"gradients, bucket {k + 1}")));
        Entry[] recorded;
        lock (entries)
            recorded = [.. entries];
        foreach (var track in recorded.Select(e => e.Track).Where(t => t >= Loaders).Distinct().Order())
            events.Add(Named("thread_name", track, track > OtherThreads ? "backward pass on a thread of a device"
                : FormattableString.Invariant($"loader, thread {track - Loaders + 1}")));
        foreach (var e in recorded)
        {
            var record = new JsonObject
            {
                ["name"] = e.Name,
                ["cat"] = e.Category,
                ["ph"] = "X",
                ["pid"] = process,
                ["tid"] = e.Track,
                ["ts"] = beganUs + Rounded(e.FromUs),
                ["dur"] = Rounded(e.ToUs) - Rounded(e.FromUs),
            };
            if (e.Bytes > 0)
                record["args"] = new JsonObject { ["bytes"] = e.Bytes };
            if (e.Kind is not null)
                record["args"] = new JsonObject { ["kind"] = e.Kind };
            events.Add(record);
        }
        var text = new JsonObject { ["displayTimeUnit"] = "ms", ["traceEvents"] = events }.ToJsonString();
        AtomicFile.Write(path, Encoding.UTF8.GetBytes(text));
    }

    internal void Add(string name, long from)
    {
        var to = Stopwatch.GetTimestamp();
        Add(new Entry(name, "step", Training, Us(from), Us(to), 0, null));
        if (name == BackwardName)
            layers?.Backward(from, to);
        if (name != StepName || layers is null)
            return;
        foreach (var span in layers.End())
            Add(new Entry(span.Name, span.Category, span.Thread == 0 ? Training : OtherThreads + span.Thread, Us(span.From),
                Us(span.To), 0, span.Kind));
        layers = null;
    }

    void Add(Entry entry)
    {
        lock (entries)
            entries.Add(entry);
    }

    double Us(long timestamp) => Stopwatch.GetElapsedTime(began, timestamp).TotalMicroseconds;

    // A double of the size of today's microseconds holds quarters exactly: so spans that nest do so in the file, too.
    static double Rounded(double us) => Math.Floor(us * 4) / 4;

    JsonObject Named(string what, int track, string name) => new()
    {
        ["name"] = what,
        ["ph"] = "M",
        ["pid"] = process,
        ["tid"] = track,
        ["args"] = new JsonObject { ["name"] = name },
    };

    readonly record struct Entry(string Name, string Category, int Track, double FromUs, double ToUs, long Bytes, string? Kind);
}

/// <summary>Something that the training thread does; recorded when disposed.</summary>
public readonly struct TimelineSpan : IDisposable
{
    readonly Timeline? timeline;
    readonly string? name;
    readonly long from;

    internal TimelineSpan(Timeline timeline, string name, long from) => (this.timeline, this.name, this.from) = (timeline, name, from);

    /// <summary>Ends it.</summary>
    public void Dispose() => timeline?.Add(name!, from);
}
