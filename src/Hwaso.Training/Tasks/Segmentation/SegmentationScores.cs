using System.Text.Json.Nodes;
using Hwaso.Data;
using Hwaso.Metrics;
using Hwaso.Training.Loop;

namespace Hwaso.Training.Tasks.Segmentation;

/// <summary>The validations of segmentation: a confusion matrix as scores, and as a line of <c>metrics.jsonl</c>.</summary>
static class SegmentationScores
{
    const string MiouKey = "miou", AccuracyKey = "pixel_accuracy", ConfusionKey = "confusion";

    /// <summary>The measure that decides which weights are the best.</summary>
    public static Measure Main => Measure.All[0];

    /// <summary>The validation of a confusion matrix.</summary>
    public static Validation Of(ConfusionMatrix confusion, ClassList classes)
    {
        var scores = Scores.Of(confusion, classes.HasBackground);
        return Of(scores, new JsonObject
        {
            [MiouKey] = scores.Miou,
            [AccuracyKey] = scores.PixelAccuracy,
            [ConfusionKey] = new JsonArray([.. confusion.ToCounts().Select(c => (JsonNode)c)]),
        }) with
        {
            Curves =
            [
                .. classes.Names.Zip(scores.Classes).Where(c => c.Second.Iou is not null)
                    .Select(c => ($"iou/{c.First.Replace(' ', '_')}", c.Second.Iou!.Value)),
            ],
        };
    }

    /// <summary>Reads a validation back.</summary>
    public static Validation Read(JsonObject fields, ClassList classes) => Of(Scores.Of(Confusion(fields), classes.HasBackground), fields);

    /// <summary>Reads a validation back without its classes; without them, the score of the foreground is not defined.</summary>
    public static Validation Read(JsonObject fields) => Of(Scores.Of(Confusion(fields)), fields);

    /// <summary>The counts of a validation.</summary>
    public static ConfusionMatrix Confusion(JsonObject fields) =>
        ConfusionMatrix.FromCounts(fields[ConfusionKey]!.AsArray().Select(n => n!.GetValue<long>()).ToArray());

    static Validation Of(Scores scores, JsonObject fields)
    {
        var all = Measure.All.Select(m => new Score(m.Name, m.Title, m.Of(scores))).ToArray();
        return new Validation { All = all, Shown = [.. all.Where(s => s.Name is MiouKey or AccuracyKey)], Fields = fields };
    }
}
