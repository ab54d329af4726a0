using Hwaso.Recipes;
using Hwaso.Reports;

namespace Hwaso.Training.Loop;

/// <summary>What the loop knows of a finished run, as the data of its page; the task adds the rest.</summary>
static class RunPage
{
    /// <summary>Title, recipe, figures, losses and warnings of a run.</summary>
    public static RunReportData Of(Recipe recipe, RunSummary summary, MetricsLog log, TimeSpan time, IReadOnlyList<string> warnings)
    {
        var threads = $"{summary.Threads} thread{(summary.Threads == 1 ? "" : "s")}";
        return new RunReportData
        {
            Title = recipe.Name,
            Recipe = RecipeSettings.Of(recipe),
            Figures = new RunFigures
            {
                Parameters = summary.Parameters,
                MultiplyAdds = summary.Macs,
                InputSize = $"{recipe.Augment.Crop.Height}×{recipe.Augment.Crop.Width}",
                TrainingTime = time,
                ImagesPerSecond = summary.ImagesPerSecond,
                Device = summary.Device == "cpu" ? $"CPU, {threads}" : summary.Device,
            },
            Loss = [.. log.Steps.Select(s => new LossPoint(s.Iteration, s.Loss, s.LearningRate))],
            Warnings = warnings,
            Finished = DateTimeOffset.Now,
        };
    }
}
