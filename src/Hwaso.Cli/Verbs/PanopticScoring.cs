using System.Globalization;
using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Data.Panoptic;
using Hwaso.Metrics.Coco;
using Hwaso.Metrics.Scoring;

namespace Hwaso.Cli.Verbs;

/// <summary>The part of <c>hwaso score</c> that scores panoptic segments.</summary>
static class PanopticScoring
{
    /// <summary>Whether the predictions are a file of COCO's panoptic form; of that layout there may be label PNGs, too.</summary>
    public static bool Is(ScoreArguments asked) =>
        asked.Layout == "coco-panoptic" && asked.Predictions.EndsWith(".json", StringComparison.OrdinalIgnoreCase)
        && (asked is { Split: null, Against: null, Confusion: null, Values: PredictedValues.Labels } ? true
            : throw new UsageException("--split, --values, --against and --confusion are for label PNGs; leave them out with a file of "
                + "panoptic segments"));

    /// <summary>Scores a file and prints the numbers.</summary>
    public static int Run(ScoreArguments asked, VerbContext context)
    {
        var (truth, found) = (PanopticFile.Read(asked.Truth), PanopticFile.Read(asked.Predictions));
        PanopticScores scores;
        using (var progress = context.Progress($"Scoring {asked.Predictions}", truth.Entries.Count, "images"))
            scores = PanopticScorer.Score(truth, found, context.ProcessorThreads, done => progress.Report(done), context.Cancel);
        context.Result(Json(scores), output =>
        {
            output.WriteLine($"{asked.Predictions}: {scores.Images} images");
            Print(output, scores);
        });
        return ExitCode.Done;
    }

    /// <summary>The scores as JSON; −1 where no category counts.</summary>
    public static JsonObject Json(PanopticScores scores)
    {
        var json = new JsonObject();
        foreach (var (end, quality) in new[] { ("", scores.All), ("_things", scores.Things), ("_stuff", scores.Stuff) })
            (json["pq" + end], json["sq" + end], json["rq" + end]) = (quality.Pq, quality.Sq, quality.Rq);
        json["images"] = scores.Images;
        json["categories"] = new JsonArray([.. scores.ByCategory.Select(c => new JsonObject
        {
            ["id"] = c.Category.Id,
            ["name"] = c.Category.Name,
            ["thing"] = c.Category.IsThing,
            ["pq"] = c.Quality.Pq,
            ["sq"] = c.Quality.Sq,
            ["rq"] = c.Quality.Rq,
            ["matched"] = c.Matched,
            ["missed"] = c.Missed,
            ["invented"] = c.Invented,
        })]);
        return json;
    }

    /// <summary>The scores as a table in percent.</summary>
    public static void Print(TextWriter output, PanopticScores scores)
    {
        output.WriteLine($"{"",-20} {"PQ",6} {"SQ",6} {"RQ",6}  categories");
        foreach (var (name, quality) in new[] { ("all", scores.All), ("things", scores.Things), ("stuff", scores.Stuff) })
            output.WriteLine($"{name,-20} {Text(quality.Pq)} {Text(quality.Sq)} {Text(quality.Rq)}  {quality.Categories}");
        foreach (var each in scores.ByCategory.Where(c => c.Quality.Categories > 0))
            output.WriteLine(
                $"  {each.Category.Name,-18} {Text(each.Quality.Pq)} {Text(each.Quality.Sq)} {Text(each.Quality.Rq)}  {each.Matched} matched, "
                + $"{each.Missed} missed, {each.Invented} invented");
    }

    static string Text(double value) => value < 0 ? "    -1" : (100 * value).ToString("0.00", CultureInfo.InvariantCulture).PadLeft(6);
}
