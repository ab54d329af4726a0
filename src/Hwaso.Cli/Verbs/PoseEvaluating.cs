using System.Globalization;
using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Data.Poses;
using Hwaso.Recipes;
using Hwaso.Training.Tasks.Poses;

namespace Hwaso.Cli.Verbs;

/// <summary>The part of <c>hwaso evaluate</c> that scores pose networks.</summary>
static class PoseEvaluating
{
    /// <summary>Scores a pose network and prints the numbers.</summary>
    public static int Run(EvaluateArguments asked, PoseViewArguments view, VerbContext context)
    {
        using var network = context.OpenPoses(asked.Source, [.. view.Settings]);
        var recipe = network.Recipe;
        var pose = recipe.Pose ?? new PoseRecipe();
        var layout = asked.Layout ?? (PoseLayouts.All.Contains(recipe.Data.Layout) ? recipe.Data.Layout : PoseLayouts.Coco);
        var data = PoseLayouts.Open(layout, asked.Data, asked.Split);
        if (data.Description.Count != network.Description.Count)
            throw new UsageException(
                $"{network.Source} is of {network.Description.Count} joints, {data.Name} has {data.Description.Count}; name data that fit");
        if ((view.Boxes ?? pose.Boxes) is { } boxes)
            data = data.WithBoxes(boxes, pose.BoxThreshold);
        if (data.Truth is null && data.HeadTruth is null)
            throw new UsageException($"{data.Name} has no truth to be scored with");
        var validator = new PoseValidator(network.Estimator, data, pose, Math.Max(1, recipe.Validate.Batch));
        IReadOnlyList<EstimatedPerson> people;
        using (var progress = context.Progress($"Scoring {data.Name}", data.People.Count, "people"))
            people = validator.Estimate(done => progress.Report(done), stop: context.Cancel);
        var kept = data.HeadTruth is null ? validator.WithoutTwins(people) : people;
        if (view.Results is { } file)
            validator.Write(file, kept);
        var (keypoints, heads) = validator.Score(kept, context.ProcessorThreads, asked.Bootstrap);
        context.Result(
            keypoints is not null ? PoseScoring.Json(keypoints)
                : new JsonObject(heads!.Numbers.Select(n => KeyValuePair.Create(n.Name, (JsonNode?)n.Value))),
            output =>
            {
                output.WriteLine($"{network.Source} on {data.Name}, {kept.Count} people found in {people.Count} boxes");
                if (keypoints is not null)
                    PoseScoring.Print(output, keypoints);
                else
                    foreach (var (name, value) in heads!.Numbers)
                        output.WriteLine($" {name,-12} {value?.ToString("0.00", CultureInfo.InvariantCulture) ?? "no joint counts"}");
            });
        return ExitCode.Done;
    }
}

/// <summary>The arguments of <c>hwaso evaluate</c> that are for pose networks.</summary>
/// <param name="Boxes">A detector's boxes; null for the recipe's, or true ones.</param>
/// <param name="Results">Where COCO's results are written; null for nowhere.</param>
/// <param name="Settings">Overrides of the recipe.</param>
sealed record PoseViewArguments(string? Boxes, string? Results, IReadOnlyList<string> Settings)
{
    /// <summary>Whether any was given.</summary>
    public bool Any => Boxes is not null || Results is not null || Settings.Count > 0;
}
