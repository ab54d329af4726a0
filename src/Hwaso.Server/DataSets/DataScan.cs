using System.Collections.Concurrent;
using Hwaso.Data;
using Hwaso.Data.Checking;
using Hwaso.Imaging;

namespace Hwaso.Server.DataSets;

/// <summary>
/// Reads every label once in the background, begun by the first request that wants to know: first the classes of each image, then what
/// <c>hwaso dataset check</c> finds.
/// </summary>
sealed class DataScan(DataFolder data) : IDisposable
{
    readonly CancellationTokenSource stop = new();
    readonly ConcurrentDictionary<DataImage, ImageContent> contents = new();
    readonly Lock gate = new();
    volatile DatasetReport? report;
    Dictionary<string, List<DatasetProblem>> problems = [];
    Task? work;
    int counted, looked;

    /// <summary>Files read and files to read, of both passes.</summary>
    public (int Done, int Of) Progress
    {
        get
        {
            Begin();
            return (Volatile.Read(ref counted) + Volatile.Read(ref looked), 2 * data.All.Count);
        }
    }

    /// <summary>Why the scan ended early; null where it did not.</summary>
    public string? Problem { get; private set; }

    /// <summary>Whether everything was read.</summary>
    public bool IsDone => work is { IsCompleted: true };

    /// <summary>The check's report; null until it is done.</summary>
    public DatasetReport? Report => report;

    /// <summary>The classes of an image; null until its label was read, or where it has none that can be read.</summary>
    public ImageContent? ContentOf(DataImage image) => contents.GetValueOrDefault(image);

    /// <summary>The problems of an image's files.</summary>
    public IReadOnlyList<DatasetProblem> ProblemsOf(DataImage image)
    {
        var (found, sample) = (Volatile.Read(ref problems), image.Sample);
        return found.Count == 0 ? [] :
        [
            .. new[] { sample.ImagePath, sample.LabelPath, sample.InstancePath }.OfType<string>()
                .SelectMany(path => found.GetValueOrDefault(path) ?? []),
        ];
    }

    /// <summary>Begins to read, if nobody has.</summary>
    public void Begin()
    {
        lock (gate)
            work ??= Task.Factory.StartNew(Run, stop.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Counts an image again, whose label was written; its label's problems were of the old one.</summary>
    public void Renew(DataImage image)
    {
        Count(image);
        lock (gate)
            if (image.Sample.LabelPath is { } path && problems.ContainsKey(path))
            {
                var without = new Dictionary<string, List<DatasetProblem>>(problems);
                without.Remove(path);
                Volatile.Write(ref problems, without);
            }
    }

    public void Dispose()
    {
        stop.Cancel();
        try
        {
            work?.Wait();
        }
        catch (AggregateException)
        {
            // It was cancelled.
        }
        stop.Dispose();
    }

    void Run()
    {
        try
        {
            foreach (var image in data.All)
            {
                stop.Token.ThrowIfCancellationRequested();
                Count(image);
                Interlocked.Increment(ref counted);
            }
            var found = DatasetCheck.Run(
                data.Layout, data.Root, [.. data.Splits], progress: (done, _) => Volatile.Write(ref looked, Math.Min(done, data.All.Count)),
                stop: stop.Token);
            lock (gate)
                Volatile.Write(ref problems, found.Problems.GroupBy(p => p.Path).ToDictionary(g => g.Key, g => g.ToList()));
            report = found;
        }
        catch (Exception error) when (error is not (OperationCanceledException or OutOfMemoryException))
        {
            Problem = data.Relative(error.Message);
        }
        Volatile.Write(ref looked, data.All.Count);
    }

    void Count(DataImage image)
    {
        if (image.Sample.LabelPath is not { } path)
        {
            contents.TryRemove(image, out _);
            return;
        }
        try
        {
            var (labels, table) = (image.Table.Read(path), image.Table);
            contents[image] = ImageContent.Of(labels, table);
        }
        catch (Exception error) when (error is DatasetException or ImageFormatException or IOException or UnauthorizedAccessException)
        {
            // The check says why.
            contents.TryRemove(image, out _);
        }
    }
}

/// <summary>What is in an image's label.</summary>
/// <param name="Pixels">Its pixels.</param>
/// <param name="Ignored">Pixels that are ignored, or of no class.</param>
/// <param name="Classes">The classes that occur, with their pixels.</param>
sealed record ImageContent(int Pixels, int Ignored, IReadOnlyList<(byte Class, int Pixels)> Classes)
{
    public static ImageContent Of(LabelMap labels, LabelTable table)
    {
        var values = new int[256];
        foreach (var value in labels.Labels)
            values[value]++;
        var counts = new int[256];
        for (var v = 0; v < values.Length; v++)
            counts[table.MeaningOf(v) ?? ClassList.Ignore] += values[v];
        return new ImageContent(labels.Labels.Length, counts[ClassList.Ignore],
            [.. counts.Take(ClassList.Ignore).Index().Where(c => c.Item > 0).Select(c => ((byte)c.Index, c.Item))]);
    }
}
