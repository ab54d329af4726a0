using Hwaso.Cli.Arguments;
using Hwaso.Data.Boxes;
using Hwaso.Inference.Boxes;
using Hwaso.Metrics.Coco;
using Hwaso.Training.Tasks.Boxes;

namespace Hwaso.Cli.Verbs;

/// <summary>The part of <c>hwaso evaluate</c> that scores detectors.</summary>
static class BoxEvaluating
{
    /// <summary>Scores a detector and prints the numbers.</summary>
    public static int Run(EvaluateArguments asked, PoseViewArguments view, VerbContext context)
    {
        if (view.Boxes is not null)
            throw new UsageException("--boxes is for pose networks; a detector finds the boxes itself");
        if (asked.Boundary || !asked.Views.Views.IsPlain)
            throw new UsageException("--boundary and views are for segmentation networks; leave them out");
        using var network = context.OpenDetector(asked.Source, [.. view.Settings]);
        var layout = asked.Layout ?? BoxLayouts.Coco;
        if (!BoxLayouts.All.Contains(layout))
            throw new UsageException($"--layout {layout} holds no boxes; {string.Join(" or ", BoxLayouts.All)} was wanted");
        var data = BoxLayouts.Open(layout, asked.Data, asked.Split, outlines: network.Finder.HasMasks);
        if (data.Truth.Annotations.Count == 0)
            throw new UsageException($"{data.Name} has no annotations to be scored with");
        var categories = UsageException.When(() => network.CategoriesOf(data.Categories, data.Name));
        var validator = new BoxValidator(network.Finder, data, categories);
        IReadOnlyList<FoundObject[]> found;
        using (var progress = context.Progress($"Scoring {data.Name}", data.Images.Count, "images"))
            found = validator.Find(done => progress.Report(done), stop: context.Cancel);
        if (view.Results is { } file)
            validator.Write(file, found);
        var scores = validator.Score(found, context.ProcessorThreads, asked.Bootstrap);
        var masks = validator.ScoreMasks(found, context.ProcessorThreads, asked.Bootstrap);
        var counts = new ObjectScoreOptions().MaxDetections;
        var detections = found.Sum(f => f.Length);
        var json = ObjectScoring.Json(scores, counts);
        if (masks is not null)
            json["masks"] = ObjectScoring.Json(masks, counts);
        context.Result(json, output =>
        {
            output.WriteLine($"{network.Source} on {data.Name}, {detections} detections in {data.Images.Count} images");
            ObjectScoring.Print(output, scores, counts);
            if (masks is null)
                return;
            output.WriteLine("masks");
            ObjectScoring.Print(output, masks, counts);
        });
        return ExitCode.Done;
    }
}
