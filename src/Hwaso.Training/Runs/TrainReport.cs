using Hwaso.Data;
using Hwaso.Training.Inference;
using Hwaso.Training.Metrics;
using Hwaso.Training.Recipes;
using Hwaso.Training.Reports;

namespace Hwaso.Training.Runs;

/// <summary>Makes a finished run's page: curves from its log, scores of its best validation, pictures by its best weights.</summary>
static class TrainReport
{
    const int Pictures = 6;

    public static void Write(
        string path, Recipe recipe, RunSummary summary, Segmenter segmenter, SegmentationDataset validation, MetricsLog log, TrainResult result, IReadOnlyList<string> warnings)
    {
        var validations = log.Validations(validation.Classes.HasBackground);
        var best = validations.Count == 0 ? default : validations.MaxBy(v => v.Point.Scores.Miou ?? -1);
        RunReport.Write(path, new RunReportData
        {
            Title = recipe.Name,
            Subtitle = $"{recipe.Model.Name ?? recipe.Model.Family} on {validation.Name}",
            Classes = ClassInfos.Of(validation.Classes),
            Recipe = RecipeSettings.Of(recipe),
            Figures = new RunFigures
            {
                Parameters = summary.Parameters,
                MultiplyAdds = summary.Macs,
                InputSize = $"{recipe.Augment.Crop.Height}×{recipe.Augment.Crop.Width}",
                TrainingTime = TimeSpan.FromSeconds(result.Seconds),
                ImagesPerSecond = result.ImagesPerSecond,
                Device = summary.Device == "cpu" ? $"CPU, {summary.Threads} threads" : summary.Device,
            },
            Loss = log.Losses,
            Validations = validations.Select(v => v.Point).ToArray(),
            Scores = result.Best,
            Confusion = best.Confusion,
            Examples = Examples(segmenter, validation),
            Warnings = warnings,
            Finished = DateTimeOffset.Now,
            Ignore = ClassList.Ignore,
        });
    }

    static ExamplePicture[] Examples(Segmenter segmenter, SegmentationDataset data)
    {
        var count = Math.Min(Pictures, data.Samples.Count);
        return Enumerable.Range(0, count).Select(k =>
        {
            var item = data.Read(k * data.Samples.Count / count);
            var prediction = segmenter.Label(item.Image, item.Labels.Height, item.Labels.Width);
            var confusion = new ConfusionMatrix(data.Classes.Count);
            confusion.Add(item.Labels.Labels, prediction.Labels, ClassList.Ignore);
            return new ExamplePicture(item.Sample.Id, item.Image, item.Labels, prediction, Scores.Of(confusion).Miou);
        }).ToArray();
    }
}
