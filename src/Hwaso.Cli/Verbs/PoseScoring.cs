using System.Globalization;
using System.Text.Json.Nodes;
using Hwaso.Data.Annotations;
using Hwaso.Data.Poses;
using Hwaso.Metrics;
using Hwaso.Metrics.Coco;

namespace Hwaso.Cli.Verbs;

/// <summary>The part of <c>hwaso score</c> that scores poses.</summary>
static class PoseScoring
{
    /// <summary>The layouts of result files of poses.</summary>
    public static IReadOnlyList<string> Layouts { get; } = ["coco-keypoints", "mpii"];

    /// <summary>Scores a result file and prints the numbers.</summary>
    public static int Run(ScoreArguments asked, VerbContext context) =>
        asked.Layout == "mpii" ? Heads(asked, context) : Keypoints(asked, context);

    /// <summary>The ten numbers as JSON, with intervals where there are some.</summary>
    public static JsonObject Json(KeypointScores scores)
    {
        var json = new JsonObject(scores.Numbers.Select(n => KeyValuePair.Create(n.Name, (JsonNode?)n.Value)));
        Add("ap_interval", scores.ApInterval);
        Add("ar_interval", scores.ArInterval);
        json["images"] = scores.Images;
        json["people"] = scores.People.Count;
        return json;

        void Add(string name, Interval? interval)
        {
            if (interval is not null)
                json[name] = new JsonArray(interval.Low, interval.High);
        }
    }

    /// <summary>The ten numbers as a table.</summary>
    public static void Print(TextWriter output, KeypointScores scores)
    {
        foreach (var (name, title, value) in scores.Numbers)
        {
            var interval = name switch
            {
                "ap" => scores.ApInterval,
                "ar" => scores.ArInterval,
                _ => null,
            };
            var range = interval is null ? "" : $"  (95 % of resampled image sets: {Text(interval.Low)} to {Text(interval.High)})";
            output.WriteLine($" {title,-10} {(value < 0 ? "-1, no truth counts" : Text(value))}{range}");
        }
    }

    static string Text(double value) => value.ToString("0.0000", CultureInfo.InvariantCulture);

    static int Keypoints(ScoreArguments asked, VerbContext context)
    {
        var truth = CocoFile.Read(asked.Truth);
        var results = CocoResults.Read(asked.Predictions);
        var scores = KeypointScorer.Score(
            truth, results, new KeypointScoreOptions { Bootstrap = asked.Bootstrap, Threads = context.ProcessorThreads }, context.Cancel);
        if (results.Entries.Count == 0)
            context.Log($"warning: {asked.Predictions} holds no detection; every person counts as missed");
        foreach (var warning in Warnings(truth, results))
            context.Log($"warning: {warning}");
        context.Result(Json(scores), output =>
        {
            output.WriteLine(
                $"{asked.Predictions}: {results.Entries.Count} detections, {scores.People.Count} people on {scores.Images} images");
            Print(output, scores);
        });
        return ExitCode.Done;
    }

    // pycocotools passes over both without a word.
    static IEnumerable<string> Warnings(CocoFile truth, CocoResults results)
    {
        var categories = truth.Categories.Select(c => c.Id).ToHashSet();
        if (results.Entries.Where(e => !categories.Contains(e.CategoryId)).ToArray() is [var first, ..] others)
            yield return $"{results.Path}: entry [{first.Index}]: category {first.CategoryId} is not among those of {truth.Path} "
                + $"({string.Join(", ", categories.Order().Take(5))}{(categories.Count > 5 ? ", …" : "")}); entries that do not count "
                + $"for that reason: {others.Length} of {results.Entries.Count}";
        var images = truth.Images.Select(i => i.Id).ToHashSet();
        if (truth.Annotations.Index().Where(a => !images.Contains(a.Item.ImageId)).ToArray() is [var lost, ..] all)
            yield return $"{truth.Path}: annotations[{lost.Index}] (id {lost.Item.Id}): image {lost.Item.ImageId} is not among the "
                + $"{images.Count} images; annotations that do not count for that reason: {all.Length} of {truth.Annotations.Count}; hwaso "
                + "dataset check lists them";
    }

    static int Heads(ScoreArguments asked, VerbContext context)
    {
        var truth = MpiiTruth.Read(asked.Truth);
        var scores = HeadScores.Of(truth, MpiiTruth.ReadPredictions(asked.Predictions, truth.Joints.Count), asked.Predictions);
        context.Result(new JsonObject(scores.Numbers.Select(n => KeyValuePair.Create(n.Name, (JsonNode?)n.Value))), output =>
        {
            output.WriteLine($"{asked.Predictions}: PCKh of {truth.People} people");
            foreach (var (name, value) in scores.Numbers)
            {
                var text = value?.ToString("0.00", CultureInfo.InvariantCulture) ?? "no joint counts";
                output.WriteLine($" {(name == "mean_0_1" ? "mean at 0.1" : name),-12} {text}");
            }
        });
        return ExitCode.Done;
    }
}
