using System.Globalization;
using System.Text.RegularExpressions;
using Hwaso.Inference;

namespace Hwaso.Training.Loop;

/// <summary>How far a run is, read from its files, whether it is under way or not.</summary>
public sealed partial record RunStatus
{
    const string Failed = "failed at step ", Stopped = "stopped after step ";

    /// <summary>Whether it trains, and how it ended if it does not.</summary>
    public required RunState State { get; init; }

    /// <summary>When its first session began; null before the first line of its log.</summary>
    public DateTimeOffset? Started { get; init; }

    /// <summary>Its steps in all; null before a session began.</summary>
    public long? Steps { get; init; }

    /// <summary>Its epochs in all; null before a session began.</summary>
    public int? Epochs { get; init; }

    /// <summary>Images of one step; null before a session began.</summary>
    public int? ImagesPerStep { get; init; }

    /// <summary>Why it failed, in a sentence or two; null where it did not.</summary>
    public string? Problem { get; init; }

    /// <summary>The lines of its log, without the files that were saved.</summary>
    public IReadOnlyList<string> Lines { get; init; } = [];

    /// <summary>Reads a run's lock, result and log.</summary>
    /// <param name="folder">The run's folder.</param>
    public static RunStatus Read(RunFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        // Before the log: a run that ends between the two looks has written its last line by then.
        var trains = RunLock.IsHeld(folder);
        var lines = File.Exists(folder.Log) ? ReadLines(folder.Log) : [];
        var last = lines.Count == 0 ? "" : lines[^1].Text;
        var plan = lines.Select(l => PlanLine().Match(l.Text)).LastOrDefault(m => m.Success);
        var state = trains ? RunState.Training
            : File.Exists(folder.Result) ? RunState.Ended
            : last.StartsWith(Stopped, StringComparison.Ordinal) ? RunState.Stopped
            : RunState.Failed;
        return new RunStatus
        {
            State = state,
            Started = lines.Count == 0 ? null : lines[0].Time,
            Epochs = plan is null ? null : int.Parse(plan.Groups[1].ValueSpan, CultureInfo.InvariantCulture),
            Steps = plan is null ? null : long.Parse(plan.Groups[2].ValueSpan, CultureInfo.InvariantCulture),
            ImagesPerStep = plan is null ? null : int.Parse(plan.Groups[3].ValueSpan, CultureInfo.InvariantCulture),
            Problem = state != RunState.Failed ? null
                : last.StartsWith(Failed, StringComparison.Ordinal) ? last
                : "its process ended without a last word, as a killed one does; resume it to continue from its last checkpoint",
            Lines = [.. lines.Where(l => !l.Text.Contains(": saved ", StringComparison.Ordinal)).Select(l => l.Text)],
        };
    }

    // A run writes lines meanwhile; the last may be cut short.
    static List<(DateTimeOffset Time, string Text)> ReadLines(string path)
    {
        var lines = new List<(DateTimeOffset, string)>();
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(stream);
            while (reader.ReadLine() is { } line)
                if (line.Split("  ", 2) is [var time, var text]
                    && DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.None, out var at))
                    lines.Add((at, text));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // What could be read is what is known.
        }
        return lines;
    }

    // As RunLog writes it.
    [GeneratedRegex(@"^(\d{1,9}) epochs of \d+ steps, (\d{1,18}) steps of (\d{1,9}) images")]
    private static partial Regex PlanLine();
}

/// <summary>What a run does, or how it ended.</summary>
public enum RunState
{
    /// <summary>A process trains it.</summary>
    Training,

    /// <summary>It was trained to its end.</summary>
    Ended,

    /// <summary>It ended by an error, or its process was killed.</summary>
    Failed,

    /// <summary>Someone stopped it; it can be resumed.</summary>
    Stopped,
}
