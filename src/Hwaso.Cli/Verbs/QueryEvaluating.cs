using Hwaso.Cli.Arguments;
using Hwaso.Data.Annotations;
using Hwaso.Data.Boxes;
using Hwaso.Data.Layouts;
using Hwaso.Data.Panoptic;
using Hwaso.Metrics.Coco;
using Hwaso.Training.Tasks.Segmentation;

namespace Hwaso.Cli.Verbs;

/// <summary>The part of <c>hwaso evaluate</c> that scores instances and panoptic segments.</summary>
static class QueryEvaluating
{
    /// <summary>Scores a network with queries and prints the numbers.</summary>
    public static int Run(EvaluateArguments asked, QueryArguments wanted, string? results, VerbContext context)
    {
        if (asked.Boundary || !asked.Views.Views.IsPlain)
            throw new UsageException("--boundary and views are for labels; leave them out with --as instances or --as panoptic");
        using var network = wanted.Open(asked.Source, context);
        var validator = new QueryValidator(network);
        if (!wanted.IsPanoptic && BoxLayouts.All.Contains(asked.Layout))
        {
            var boxes = BoxLayouts.Open(asked.Layout!, asked.Data, asked.Split, outlines: true);
            return Instances(boxes.Name, boxes.Images.Count, (progress, stop) => validator.Instances(boxes, progress, stop));
        }
        var data = Datasets.Open(asked.Layout ?? Datasets.LayoutOf(asked.Data), asked.Data, asked.Split);
        if (!wanted.IsPanoptic)
            return Instances(data.Name, data.Samples.Count, (progress, stop) => validator.Instances(data, progress, stop));
        PanopticScores scores;
        using (var writer = results is null ? null : new PanopticWriter(results))
        using (var progress = context.Progress($"Scoring {data.Name}", data.Samples.Count, "images"))
            scores = UsageException.When(() => validator.Panoptic(data, writer, done => progress.Report(done), context.Cancel));
        context.Result(PanopticScoring.Json(scores), output =>
        {
            output.WriteLine($"{network.Source} on {data.Name}, {scores.Images} images");
            PanopticScoring.Print(output, scores);
        });
        return ExitCode.Done;

        int Instances(string name, int count, Func<Action<int>, CancellationToken, (CocoFile, CocoResults)> find)
        {
            CocoFile truth;
            CocoResults found;
            using (var progress = context.Progress($"Scoring {name}", count, "images"))
                (truth, found) = UsageException.When(() => find(done => progress.Report(done), context.Cancel));
            if (results is not null)
                CocoResultsWriter.Write(results, found);
            var options = new ObjectScoreOptions { Masks = true, Threads = context.ProcessorThreads, Bootstrap = asked.Bootstrap };
            var scores = ObjectScorer.Score(truth, found, options, context.Cancel);
            context.Result(ObjectScoring.Json(scores, options.MaxDetections), output =>
            {
                output.WriteLine($"{network.Source} on {name}, {found.Entries.Count} instances in {count} images");
                ObjectScoring.Print(output, scores, options.MaxDetections);
            });
            return ExitCode.Done;
        }
    }
}
