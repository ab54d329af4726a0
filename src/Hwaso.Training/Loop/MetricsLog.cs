using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hwaso.Common;

namespace Hwaso.Training.Loop;

/// <summary>
/// The run's <c>metrics.jsonl</c>: a line for each logged step (<c>iteration</c>, <c>epoch</c>, <c>loss</c>, <c>learning_rate</c>,
/// <c>images_per_second</c>) and each validation (<c>iteration</c>, <c>epoch</c>, and the task's own fields).
/// </summary>
public sealed class MetricsLog
{
    readonly string path;
    readonly List<(long Iteration, string Line)> lines = [];

    MetricsLog(string path) => this.path = path;

    /// <summary>Opens the log of a run that continues after a step; removes the lines of later steps, which are done again.</summary>
    /// <param name="path">The file.</param>
    /// <param name="fromStep">The last step that counts.</param>
    /// <param name="validated">Whether a validation after that very step counts.</param>
    public static MetricsLog Open(string path, long fromStep, bool validated = true)
    {
        var log = new MetricsLog(path);
        var there = File.Exists(path) ? File.ReadAllBytes(path) : null;
        if (fromStep > 0 && there is not null)
            log.lines.AddRange(Whole(there, Counts));
        var kept = Encoding.UTF8.GetBytes(string.Concat(log.lines.Select(l => l.Line + "\n")));
        // Whole or not at all: the best validation so far is read from here.
        if (there is null || !kept.AsSpan().SequenceEqual(there))
            AtomicFile.Write(path, kept.Length, stream => stream.Write(kept));
        return log;

        bool Counts(long iteration, bool isValidation) =>
            iteration < fromStep || (iteration == fromStep && (validated || !isValidation));
    }

    /// <summary>Reads a log that a run may be writing now; empty where there is no file.</summary>
    public static MetricsLog Read(string path)
    {
        var log = new MetricsLog(path);
        if (!File.Exists(path))
            return log;
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[stream.Length];
        var read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        log.lines.AddRange(Whole(bytes.AsSpan(0, read), (_, _) => true));
        return log;
    }

    /// <summary>Reads lines of a log; those that are not whole are left out.</summary>
    public static MetricsLog Parse(string lines)
    {
        var log = new MetricsLog("");
        log.lines.AddRange(Whole(Encoding.UTF8.GetBytes(lines), (_, _) => true));
        return log;
    }

    /// <summary>The last iteration that has a line; 0 before the first.</summary>
    public long LastIteration => lines.Count == 0 ? 0 : lines[^1].Iteration;

    /// <summary>The logged steps, in order.</summary>
    public IReadOnlyList<LoggedStep> Steps =>
    [
        .. Entries(isValidation: false).Select(o => new LoggedStep(
            Iteration(o), Epoch(o), o["loss"]?.GetValue<double>() ?? double.NaN, o["learning_rate"]!.GetValue<double>(),
            o["images_per_second"]?.GetValue<double>() ?? 0)),
    ];

    /// <summary>The validations, in order.</summary>
    public IReadOnlyList<LoggedValidation> Validations =>
        [.. Entries(isValidation: true).Select(o => new LoggedValidation(Iteration(o), Epoch(o), o))];

    /// <summary>Adds a step.</summary>
    public void Step(long iteration, int epoch, double loss, double learningRate, double imagesPerSecond) => Append(iteration, new()
    {
        ["iteration"] = iteration,
        ["epoch"] = epoch,
        ["loss"] = double.IsFinite(loss) ? loss : null,
        ["learning_rate"] = learningRate,
        ["images_per_second"] = Math.Round(imagesPerSecond, 3),
    });

    /// <summary>Adds a validation.</summary>
    public void Validation(long iteration, int epoch, Validation validation)
    {
        var entry = new JsonObject { ["iteration"] = iteration, ["epoch"] = epoch };
        foreach (var (key, value) in validation.Fields)
            entry[key] = value?.DeepClone();
        Append(iteration, entry);
    }

    void Append(long iteration, JsonObject entry)
    {
        var line = entry.ToJsonString();
        lines.Add((iteration, line));
        File.AppendAllText(path, line + "\n");
    }

    // The last line may be cut short where the process was killed while it wrote.
    static List<(long Iteration, string Line)> Whole(ReadOnlySpan<byte> text, Func<long, bool, bool> counts)
    {
        var lines = new List<(long, string)>();
        foreach (var line in Encoding.UTF8.GetString(text).Split('\n'))
            if (TryIteration(line, out var iteration, out var isValidation) && counts(iteration, isValidation))
                lines.Add((iteration, line));
        return lines;
    }

    IEnumerable<JsonObject> Entries(bool isValidation) =>
        lines.Select(l => JsonNode.Parse(l.Line)!.AsObject()).Where(o => IsValidation(o) == isValidation);

    static bool IsValidation(JsonObject entry) => !entry.ContainsKey("loss");

    static long Iteration(JsonObject entry) => entry["iteration"]!.GetValue<long>();

    static int Epoch(JsonObject entry) => entry["epoch"]!.GetValue<int>();

    static bool TryIteration(string line, out long iteration, out bool isValidation)
    {
        (iteration, isValidation) = (0, false);
        try
        {
            if (JsonNode.Parse(line) is not JsonObject entry || entry["iteration"] is not JsonValue value)
                return false;
            isValidation = IsValidation(entry);
            return value.TryGetValue(out iteration);
        }
        catch (JsonException)
        {
            return false;
        }
    }
}

/// <summary>A logged step of a run.</summary>
/// <param name="Iteration">The step, counted over the whole run from 1.</param>
/// <param name="Epoch">Its epoch, from 1.</param>
/// <param name="Loss">Its training loss; NaN where it was not finite.</param>
/// <param name="LearningRate">Its learning rate.</param>
/// <param name="ImagesPerSecond">Images a second since the line before; 0 where the line does not say it.</param>
public sealed record LoggedStep(long Iteration, int Epoch, double Loss, double LearningRate, double ImagesPerSecond);

/// <summary>A logged validation of a run.</summary>
/// <param name="Iteration">Steps done by then.</param>
/// <param name="Epoch">The epoch after which it took place, from 1.</param>
/// <param name="Fields">The line's fields, the task's own among them.</param>
public sealed record LoggedValidation(long Iteration, int Epoch, JsonObject Fields);
