using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Data.Layouts;
using Hwaso.Inference;
using Hwaso.Metrics;
using Hwaso.Training.Tasks.Segmentation;
using Spectre.Console;

namespace Hwaso.Cli.Verbs;

/// <summary>The work of <c>hwaso evaluate</c>: a network scored on a split.</summary>
static class Evaluating
{
    public static int Run(EvaluateArguments arguments, VerbContext context)
    {
        arguments.Views.Views.Check();
        var protocol = arguments.Views.Protocol;
        IReadOnlyList<string> layouts = arguments.Layout is { } named ? [named] : Datasets.LayoutsOf(arguments.Data);
        // A run is scored as it was trained, on libtorch; an exported network is scored as it is deployed.
        using var segmenter = context.OpenSegmenter(arguments.Source, arguments.Views, Engine.Libtorch);
        // Some folders can be read in two ways, such as PASCAL Context with a background and without: the one that the network was made for.
        var layout = layouts.FirstOrDefault(l => Datasets.ClassesOf(l, arguments.Data).Count == segmenter.ClassCount) ?? layouts[0];
        var data = Datasets.Open(layout, arguments.Data, arguments.Split);
        var counted = new ScoreOptions
        {
            Bootstrap = arguments.Bootstrap,
            BoundaryRatio = !arguments.Boundary ? null : data is CityscapesDataset ? BoundaryTally.CityscapesRatio : BoundaryTally.UsualRatio,
        };
        if (segmenter.ClassCount is not { } classes)
            throw new UsageException($"{segmenter.Source} does not say how many classes it has, so it cannot be scored");
        if (classes != data.Classes.Count)
            throw new UsageException($"{segmenter.Source} is of {classes} classes, {data.Name} has {data.Classes.Count}; train, import or export one that fits");
        if (protocol?.Fits(data.Classes) == false)
            throw new UsageException($"--protocol {protocol.Name} is for the {Datasets.ClassesOf(protocol.Layout, arguments.Data).Count} classes of {protocol.Layout}; {data.Name} has {data.Classes.Count} others: name its layout with --layout, or its own protocol");
        segmenter.FlipPairs = data.Classes.FlipPairs;
        ScoreReport report;
        using (var progress = context.Progress($"Scoring {data.Name}", data.Samples.Count, "images"))
            report = Evaluator.Score(segmenter, data, counted, done => progress.Report(done), context.Cancel);
        var json = (JsonObject)JsonNode.Parse(ScoreJson.Text(report, arguments.Absent))!;
        if (protocol is not null)
            json["protocol"] = protocol.Name;
        context.Result(
            json,
            console =>
            {
                console.WriteLine($"{segmenter.Source} on {data.Name}, {report.Images} images");
                if (protocol is not null)
                    console.WriteLine($"{protocol.Name}: {protocol.Description}");
                console.WriteLine(ScoreTable.Text(report, arguments.Absent));
            });
        return ExitCode.Done;
    }
}
