using System.Globalization;
using System.Text.Json.Nodes;
using Hwaso.Inference;
using Hwaso.Metrics;
using Hwaso.Recipes;
using Hwaso.Reports;
using Hwaso.Training.Loop;
using Hwaso.Training.Tasks;

namespace Hwaso.Training.Studies;

/// <summary>Several runs in one table: what came out, and the settings in which they differ.</summary>
public sealed class RunComparison
{
    const double Gi = 1L << 30;

    // A table has room for these; all of them are in the JSON.
    const int MostSettings = 6;

    // Names and places say nothing about a result.
    static readonly string[] unimportant =
        ["name", "description", "threads", "data.workers", "data.cache_mb", "train.log_every", "save.every"];

    readonly List<(string Folder, RunSummary Summary, Dictionary<string, string> Settings)> runs = [];

    /// <summary>Reads runs, finished or under way.</summary>
    /// <param name="folders">Their folders.</param>
    /// <param name="failed">Receives each folder that cannot be compared, and the others are; null to end at the first.</param>
    /// <exception cref="FileNotFoundException">A folder holds no run.</exception>
    /// <exception cref="RecipeException">A run's recipe cannot be read.</exception>
    /// <exception cref="InvalidDataException">A run's result cannot be read.</exception>
    public RunComparison(IEnumerable<string> folders, Action<RunFailure>? failed = null)
    {
        foreach (var folder in folders)
            try
            {
                var run = new RunFolder(folder);
                var summary = SummaryOf(run);
                runs.Add((folder, summary, RecipeSettings.Of(Recipe.Load(run.Recipe)).ToDictionary(s => s.Key, s => s.Value)));
            }
            catch (Exception error) when (failed is not null
                && error is IOException or UnauthorizedAccessException or RecipeException or InvalidDataException
                // A line of the log that somebody edited.
                or ArgumentException or InvalidOperationException or NullReferenceException)
            {
                failed(new RunFailure(folder, error.Message));
            }
        var keys = runs.SelectMany(r => r.Settings.Keys).Distinct().Except(unimportant);
        Differing = [.. keys.Where(key => runs.Select(r => r.Settings.GetValueOrDefault(key)).Distinct().Count() > 1)];
    }

    /// <summary>How many runs are compared.</summary>
    public int Count => runs.Count;

    /// <summary>The settings in which they differ, by their keys' paths.</summary>
    public IReadOnlyList<string> Differing { get; }

    /// <summary>The table, the best mIoU first.</summary>
    public string ToMarkdown()
    {
        var measures = Measure.All.Where(m => runs.Any(r => r.Summary.Scores.ContainsKey(m.Name))).ToArray();
        var shown = Differing.Take(MostSettings).ToArray();
        string[] heads =
        [
            "run", .. measures.Select(m => $"{m.Title} %"),
            "best epoch", "steps", "parameters (M)", "multiply-adds (2^30)", "time", "images/s",
            .. shown,
        ];
        var ordered = runs.OrderByDescending(r => r.Summary.Scores.GetValueOrDefault(Measure.All[0].Name, -1));
        var rows = ordered.Select(r => (IReadOnlyList<string>)
        [
            r.Folder,
            .. measures.Select(m => Format.Percent(r.Summary.Scores.TryGetValue(m.Name, out var score) ? score : null, "0.00")),
            r.Summary.BestEpoch == 0 ? Format.Missing : $"{r.Summary.BestEpoch}",
            r.Summary.Finished ? Format.Count(r.Summary.Step) : $"{Format.Count(r.Summary.Step)}, under way",
            Number(r.Summary.Parameters / 1e6, "0.000"), Number(r.Summary.Macs / Gi, "0.000"),
            r.Summary.Seconds is { } seconds ? Format.Duration(TimeSpan.FromSeconds(seconds)) : Format.Missing,
            Number(r.Summary.ImagesPerSecond, "0.0"),
            .. shown.Select(key => r.Settings.GetValueOrDefault(key, Format.Missing)),
        ]).ToArray();
        var rest = Differing.Count - shown.Length;
        return MarkdownTable.Text(heads, rows) + (rest > 0 ? $"{rest} more settings differ; --json lists them.\n" : "");
    }

    /// <summary>
    /// The rows for programs, in the order given: the fields of <c>result.json</c> with <c>run</c>, the folder, and <c>settings</c>, those
    /// that differ.
    /// </summary>
    public JsonArray ToJson() => [.. runs.Select(r =>
    {
        var settings = new JsonObject();
        foreach (var key in Differing)
            settings[key] = r.Settings.GetValueOrDefault(key);
        var json = r.Summary.ToJson();
        json.Insert(0, "run", r.Folder);
        json["settings"] = settings;
        return (JsonNode)json;
    })];

    /// <summary>A run in a line: its result if it is finished, else what its recipe and its log say.</summary>
    /// <exception cref="FileNotFoundException">The folder holds no run.</exception>
    /// <exception cref="RecipeException">The run's recipe cannot be read.</exception>
    /// <exception cref="InvalidDataException">The run's result cannot be read.</exception>
    public static RunSummary SummaryOf(RunFolder run)
    {
        if (File.Exists(run.Result))
            return RunSummary.Read(run.Result);
        if (!File.Exists(run.Recipe))
            throw new FileNotFoundException(
                $"{run.Root}: no run: neither {Path.GetFileName(run.Result)} nor {Path.GetFileName(run.Recipe)} is in it");
        var file = RecipeFile.Load(run.Recipe);
        var log = MetricsLog.Read(run.Metrics);
        (int Epoch, Validation? Validation) best = default;
        foreach (var logged in log.Validations)
            if (TrainingTasks.Read(file, logged.Fields) is var validation && validation.IsBetterThan(best.Validation))
                best = (logged.Epoch, validation);
        return new RunSummary
        {
            Name = file.Recipe.Name,
            Model = file.Recipe.Model.Name ?? file.Recipe.Model.Family!,
            Seed = file.Recipe.Seed,
            Finished = false,
            Step = log.LastIteration,
            BestEpoch = best.Epoch,
            Scores = RunSummary.Named(best.Validation),
        };
    }

    static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? Format.Missing;
}

/// <summary>A folder that is not compared with the others.</summary>
/// <param name="Folder">The folder.</param>
/// <param name="Problem">The reason, which names it.</param>
public sealed record RunFailure(string Folder, string Problem);
