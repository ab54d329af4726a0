using System.Globalization;
using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Data.Annotations;
using Hwaso.Metrics.Coco;

namespace Hwaso.Cli.Verbs;

/// <summary>The part of <c>hwaso score</c> that scores boxes and masks.</summary>
static class ObjectScoring
{
    const string Masks = "coco-masks";

    /// <summary>The layouts of result files of boxes and masks.</summary>
    public static IReadOnlyList<string> Layouts { get; } = ["coco-boxes", Masks];

    /// <summary>Three rising numbers of detections.</summary>
    /// <exception cref="UsageException">The text is something else.</exception>
    public static int[] Counts(string text)
    {
        var parts = text.Split(',', StringSplitOptions.TrimEntries);
        var counts = parts.Select(p => int.TryParse(p, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0).ToArray();
        return counts is [>= 1, var second, var third] && counts[0] < second && second < third ? counts
            : throw new UsageException($"--max-detections {text}: three rising numbers were wanted, such as 1,10,100");
    }

    /// <summary>Scores a result file and prints the numbers.</summary>
    public static int Run(ScoreArguments asked, bool classAgnostic, string? maxDetections, VerbContext context)
    {
        var options = new ObjectScoreOptions
        {
            Masks = asked.Layout == Masks,
            ClassAgnostic = classAgnostic,
            MaxDetections = maxDetections is null ? [1, 10, 100] : Counts(maxDetections),
            Bootstrap = asked.Bootstrap,
            Threads = context.ProcessorThreads,
        };
        var truth = CocoFile.Read(asked.Truth, options.Masks);
        var results = CocoResults.Read(asked.Predictions, outlines: true);
        var scores = ObjectScorer.Score(truth, results, options, context.Cancel);
        if (results.Entries.Count == 0)
            context.Log($"warning: {asked.Predictions} holds no detection; every object counts as missed");
        WarnOfStrays(asked, truth, results, context);
        context.Result(Json(scores, options.MaxDetections), output =>
        {
            output.WriteLine(
                $"{asked.Predictions}: {results.Entries.Count} detections, {truth.Annotations.Count} objects on {scores.Images} images");
            Print(output, scores, options.MaxDetections);
        });
        return ExitCode.Done;
    }

    /// <summary>Says what COCO's evaluation passes over in silence.</summary>
    static void WarnOfStrays(ScoreArguments asked, CocoFile truth, CocoResults results, VerbContext context)
    {
        var categories = truth.Categories.Select(c => c.Id).ToHashSet();
        var images = truth.Images.Select(i => i.Id).ToHashSet();
        Warn(asked.Predictions, "detections", "a category", results.Entries.Select(e => e.CategoryId), categories);
        Warn(asked.Truth, "annotations", "a category", truth.Annotations.Select(a => a.CategoryId), categories);
        Warn(asked.Truth, "annotations", "an image", truth.Annotations.Select(a => a.ImageId), images);

        void Warn(string file, string entries, string kind, IEnumerable<long> named, HashSet<long> listed)
        {
            long[] strays = [.. named.Where(id => !listed.Contains(id))];
            if (strays.Length > 0)
                context.Log($"warning: {file}: {strays.Length} {entries} name {kind} that {asked.Truth} does not list, the first one "
                    + $"{strays[0]}; they are left out");
        }
    }

    /// <summary>The twelve numbers as JSON, with intervals where there are some, and the average precision of each category.</summary>
    public static JsonObject Json(ObjectScores scores, IReadOnlyList<int> maxDetections)
    {
        var json = new JsonObject(scores.Numbers(maxDetections).Select(n => KeyValuePair.Create(n.Name, (JsonNode?)n.Value)));
        foreach (var (name, interval) in new[] { ("ap_interval", scores.ApInterval), ("ar100_interval", scores.ArInterval) })
            if (interval is not null)
                json[name] = new JsonArray(interval.Low, interval.High);
        json["images"] = scores.Images;
        json["categories"] = new JsonArray([.. scores.ByCategory.Select(c =>
            new JsonObject { ["id"] = c.Category.Id, ["name"] = c.Category.Name, ["ap"] = c.Ap })]);
        return json;
    }

    /// <summary>The twelve numbers as a table, and the average precision of each category.</summary>
    public static void Print(TextWriter output, ObjectScores scores, IReadOnlyList<int> maxDetections)
    {
        foreach (var (name, title, value) in scores.Numbers(maxDetections))
        {
            var interval = name switch
            {
                "ap" => scores.ApInterval,
                "ar100" => scores.ArInterval,
                _ => null,
            };
            var range = interval is null ? "" : $"  (95 % of resampled image sets: {Text(interval.Low)} to {Text(interval.High)})";
            output.WriteLine($" {title,-10} {Text(value)}{range}");
        }
        foreach (var (category, ap) in scores.ByCategory)
            output.WriteLine($"  {category.Name,-20} {Text(ap)}");
    }

    static string Text(double value) => value < 0 ? "-1, no truth counts" : value.ToString("0.0000", CultureInfo.InvariantCulture);
}
