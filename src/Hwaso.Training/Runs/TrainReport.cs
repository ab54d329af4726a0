using Hwaso.Data;
using Hwaso.Recipes;
using Hwaso.Reports;

namespace Hwaso.Training.Runs;

/// <summary>Makes a finished run's page: curves from its log, scores of its best validation, pictures by its best weights.</summary>
static class TrainReport
{
    public static void Write(
        string path, Recipe recipe, RunSummary summary, ReportExamples examples, SegmentationDataset validation, MetricsLog log, TrainResult result, IReadOnlyList<string> warnings)
    {
        var validations = log.Validations(validation.Classes.HasBackground);
        var best = validations.Count == 0 ? default : validations.MaxBy(v => v.Point.Scores.Miou ?? -1);
        RunReport.Write(path, new RunReportData
        {
            Title = recipe.Name,
            Subtitle = $"{recipe.Model.Name ?? recipe.Model.Family} on {validation.Name}",
            Classes = validation.Classes.Entries,
            Recipe = RecipeSettings.Of(recipe),
            Figures = new RunFigures
            {
                Parameters = summary.Parameters,
                MultiplyAdds = summary.Macs,
                InputSize = $"{recipe.Augment.Crop.Height}×{recipe.Augment.Crop.Width}",
                TrainingTime = TimeSpan.FromSeconds(result.Seconds),
                ImagesPerSecond = summary.ImagesPerSecond,
                Device = summary.Device == "cpu" ? $"CPU, {summary.Threads} thread{(summary.Threads == 1 ? "" : "s")}" : summary.Device,
            },
            Loss = log.Losses,
            Validations = validations.Select(v => v.Point).ToArray(),
            Scores = result.Best,
            Confusion = best.Confusion,
            Examples = examples.Choose(validation),
            Warnings = warnings,
            Finished = DateTimeOffset.Now,
            Ignore = ClassList.Ignore,
        });
    }
}
