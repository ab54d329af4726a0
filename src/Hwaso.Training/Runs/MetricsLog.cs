using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hwaso.Common;
using Hwaso.Metrics;
using Hwaso.Reports;

namespace Hwaso.Training.Runs;

/// <summary>
/// The run's <c>metrics.jsonl</c>: a line for each logged step (<c>iteration</c>, <c>epoch</c>, <c>loss</c>, <c>learning_rate</c>,
/// <c>images_per_second</c>) and each validation (<c>iteration</c>, <c>epoch</c>, <c>miou</c>, <c>pixel_accuracy</c>, <c>confusion</c>).
/// </summary>
public sealed class MetricsLog
{
    readonly string path;
    readonly List<(long Iteration, string Line)> lines = [];

    MetricsLog(string path) => this.path = path;

    /// <summary>Opens the log of a run that goes on after a step: what was written behind it is taken back, since those steps are done again.</summary>
    /// <param name="path">The file.</param>
    /// <param name="fromStep">The last step that counts.</param>
    /// <param name="validated">Whether a validation after that very step counts.</param>
    public static MetricsLog Open(string path, long fromStep, bool validated = true)
    {
        var log = new MetricsLog(path);
        var there = File.Exists(path) ? File.ReadAllBytes(path) : null;
        if (fromStep > 0 && there is not null)
            log.lines.AddRange(Whole(there, (iteration, isValidation) => iteration < fromStep || (iteration == fromStep && (validated || !isValidation))));
        var kept = Encoding.UTF8.GetBytes(string.Concat(log.lines.Select(l => l.Line + "\n")));
        // Never half of it: the best score so far is read from here.
        if (there is null || !kept.AsSpan().SequenceEqual(there))
            AtomicFile.Write(path, kept.Length, stream => stream.Write(kept));
        return log;
    }

    /// <summary>The lines of a log as it is now, whoever is writing it; none where there is no file.</summary>
    public static IReadOnlyList<(long Iteration, string Line)> Lines(string path)
    {
        if (!File.Exists(path))
            return [];
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[stream.Length];
        return [.. Whole(bytes.AsSpan(0, stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)), (_, _) => true)];
    }

    /// <summary>The logged losses.</summary>
    public IReadOnlyList<LossPoint> Losses => Read(lines, "loss", o =>
        new LossPoint(o["iteration"]!.GetValue<long>(), o["loss"]?.GetValue<double>() ?? double.NaN, o["learning_rate"]!.GetValue<double>()));

    /// <summary>The validations.</summary>
    public IReadOnlyList<(ValidationPoint Point, ConfusionMatrix Confusion)> Validations(bool hasBackground) => ValidationsOf(lines, hasBackground);

    /// <summary>The validations among lines.</summary>
    public static IReadOnlyList<(ValidationPoint Point, ConfusionMatrix Confusion)> ValidationsOf(IEnumerable<(long Iteration, string Line)> lines, bool hasBackground) => Read(lines, "confusion", o =>
    {
        var confusion = ConfusionMatrix.FromCounts(o["confusion"]!.AsArray().Select(n => n!.GetValue<long>()).ToArray());
        return (new ValidationPoint(o["epoch"]!.GetValue<int>(), o["iteration"]!.GetValue<long>(), Scores.Of(confusion, hasBackground)), confusion);
    });

    /// <summary>Adds a step.</summary>
    public void Step(long iteration, int epoch, double loss, double learningRate, double imagesPerSecond) => Append(iteration, new JsonObject
    {
        ["iteration"] = iteration,
        ["epoch"] = epoch,
        ["loss"] = double.IsFinite(loss) ? loss : null,
        ["learning_rate"] = learningRate,
        ["images_per_second"] = Math.Round(imagesPerSecond, 3),
    });

    /// <summary>Adds a validation.</summary>
    public void Validation(long iteration, int epoch, Scores scores, ConfusionMatrix confusion) => Append(iteration, new JsonObject
    {
        ["iteration"] = iteration,
        ["epoch"] = epoch,
        ["miou"] = scores.Miou,
        ["pixel_accuracy"] = scores.PixelAccuracy,
        ["confusion"] = new JsonArray(confusion.ToCounts().Select(c => (JsonNode)c).ToArray()),
    });

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

    static T[] Read<T>(IEnumerable<(long Iteration, string Line)> lines, string key, Func<JsonObject, T> read) =>
        lines.Select(l => JsonNode.Parse(l.Line)!.AsObject()).Where(o => o.ContainsKey(key)).Select(read).ToArray();

    static bool TryIteration(string line, out long iteration, out bool isValidation)
    {
        (iteration, isValidation) = (0, false);
        try
        {
            if (JsonNode.Parse(line) is not JsonObject entry || entry["iteration"] is not JsonValue value)
                return false;
            isValidation = entry.ContainsKey("confusion");
            return value.TryGetValue(out iteration);
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
