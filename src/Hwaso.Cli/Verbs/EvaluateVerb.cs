using System.CommandLine;
using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Cli.Output;
using Hwaso.Data;
using Hwaso.Data.Boxes;
using Hwaso.Data.Layouts;
using Hwaso.Data.Poses;
using Hwaso.Inference;
using Hwaso.Inference.Boxes;
using Hwaso.Inference.Poses;
using Hwaso.Metrics;
using Hwaso.Training.Tasks.Segmentation;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso evaluate</c>: scores a network on a data set.</summary>
sealed class EvaluateVerb : Verb
{
    readonly Argument<string> source = new("SOURCE")
    {
        Description = "a run folder, a checkpoint (.safetensors) or an exported network (.onnx)",
    };

    readonly Option<string?> data = Values.Text("--data", "DIR", "folder of the data set", required: true);
    readonly Option<string?> layout =
        Values.Choice(
            "--layout", "its layout (default: recognised by the folder's content)",
            [.. Datasets.Layouts, .. PoseLayouts.All, .. BoxLayouts.All]);
    readonly Option<string?> split = Values.Text("--split", "NAME", "split to score (default: val)");
    readonly Option<string?> boxes = Values.Text(
        "--boxes", "FILE", "pose networks: a detector's boxes, COCO's result JSON (default: the recipe's, or true boxes)");
    readonly Option<string?> results = Values.Text(
        "--results", "FILE.json", "pose networks, detectors, --as: also writes what was found in COCO's form; of panoptic segments, PNGs too");
    readonly Option<string[]> set = Values.Settings(
        "--set", "pose networks and detectors: another protocol, e.g. --set pose.flip_test=false");
    readonly QueryOptions queries = new();
    readonly ViewOptions views = new();
    readonly ForeignOptions foreign = new();
    readonly MeasureOptions measures = new();

    public EvaluateVerb()
    {
        Command = new Command(
            "evaluate", "scores a network on a data set: mIoU, accuracies, IoU per class; of poses and boxes, COCO's numbers or PCKh")
        {
            source, data, layout, split, measures.Absent, measures.Boundary, measures.Bootstrap, boxes, results, set,
        };
        foreach (var option in queries.All.Concat(views.All).Concat(foreign.All))
            Command.Add(option);
    }

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "evaluate demo/run --data demo/data",
        "evaluate demo/run --data cityscapes --scales 0.75,1,1.25 --flip",
        "evaluate best.safetensors --data cityscapes --crop 512x1024 --stride 341x683 --json",
        "evaluate demo/pose-run --data demo/people --results people.json",
        "evaluate demo/detection-run --data demo/objects --set detection.score=0.3",
        "evaluate mask2former.safetensors --data coco --layout coco-panoptic --as panoptic",
        "evaluate best.safetensors --data VOCdevkit --protocol pascal-context-59/hrnet",
    ];

    public EvaluateArguments Read(ParseResult arguments)
    {
        var asked = views.Of(arguments);
        if (asked.Protocol is { } protocol && arguments.GetValue(measures.Absent) is not null)
            throw new UsageException($"--protocol {protocol.Name} sets how absent classes enter the means: leave out --absent");
        return new EvaluateArguments(
            arguments.GetRequiredValue(source), arguments.GetValue(data)!, arguments.GetValue(layout), arguments.GetValue(split) ?? "val",
            asked, asked.Protocol?.Absent ?? measures.AbsentOf(arguments),
            arguments.GetValue(measures.Boundary), measures.BootstrapOf(arguments));
    }

    public override int Run(ParseResult arguments, VerbContext context)
    {
        var asked = Read(arguments);
        var pose = new PoseViewArguments(arguments.GetValue(boxes), arguments.GetValue(results), arguments.GetValue(set) ?? []);
        if (queries.Of(arguments) is { } wanted)
            return pose is { Boxes: null, Settings.Count: 0 } && foreign.Of(arguments) is null
                ? QueryEvaluating.Run(asked, wanted, pose.Results, context)
                : throw new UsageException("--boxes, --set and what an exported file does not say do not go with --as; leave them out");
        if (PoseNetwork.Is(asked.Source))
        {
            if (asked.Views.Any || asked.Boundary || arguments.GetValue(measures.Absent) is not null || foreign.Of(arguments) is not null)
                throw new UsageException("views, --threshold, --absent, --boundary and what an exported file does not say are for "
                    + $"segmentation networks; {asked.Source} is for poses: change its protocol with --set, "
                    + "e.g. --set pose.flip_test=false");
            return PoseEvaluating.Run(asked, pose, context);
        }
        if (DetectorNetwork.Is(asked.Source))
            return BoxEvaluating.Run(asked, pose, context);
        if (pose.Any || PoseLayouts.All.Concat(BoxLayouts.All).Contains(asked.Layout))
            throw new UsageException($"--boxes, --results, --set and layouts of poses and boxes are for pose networks and detectors; "
                + $"{asked.Source} is another");
        asked.Views.Views.Check();
        IReadOnlyList<string> layouts = asked.Layout is { } named ? [named] : Datasets.LayoutsOf(asked.Data);
        // A run is scored as it was trained, on libtorch; an exported network is scored as it is deployed.
        using var segmenter = context.OpenSegmenter(asked.Source, asked.Views, Engine.Libtorch, foreign.Of(arguments));
        // Some folders can be read in two ways, such as PASCAL Context with a background and without: the one that fits the network.
        var layout = layouts.FirstOrDefault(l => Datasets.ClassesOf(l, asked.Data).Count == segmenter.ClassCount) ?? layouts[0];
        var data = Datasets.Open(layout, asked.Data, asked.Split);
        CheckClasses(segmenter, data, asked);
        segmenter.FlipPairs = data.Classes.FlipPairs;
        var options = new ScoreOptions
        {
            Bootstrap = asked.Bootstrap,
            BoundaryRatio = !asked.Boundary ? null : data is CityscapesDataset ? BoundaryTally.CityscapesRatio : BoundaryTally.UsualRatio,
        };
        ScoreReport report;
        var failed = new List<ImageFailure>();
        using (var progress = context.Progress($"Scoring {data.Name}", data.Samples.Count, "images"))
            report = Evaluator.Score(segmenter, data, options, done => progress.Report(done), failure =>
            {
                failed.Add(failure);
                progress.Log(failure.Problem);
            }, context.Cancel);
        if (report.Images == 0 && failed.Count > 0)
            throw new InvalidDataException($"not one of the {failed.Count} images of {data.Name} could be scored; {failed[0].Problem}");
        var json = (JsonObject)JsonNode.Parse(ScoreJson.Text(report, asked.Absent))!;
        json["failed"] = JsonOutput.Failures(failed);
        if (asked.Views.Protocol is { } protocol)
            json["protocol"] = protocol.Name;
        context.Result(json, output =>
        {
            output.WriteLine($"{segmenter.Source} on {data.Name}, {report.Images} images");
            if (asked.Views.Protocol is { } protocol)
                output.WriteLine($"{protocol.Name}: {protocol.Description}");
            output.WriteLine(ScoreTable.Text(report, asked.Absent));
            if (failed.Count > 0)
                output.WriteLine($"{failed.Count} of {data.Samples.Count} images could not be scored");
        });
        return failed.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    static void CheckClasses(Segmenter segmenter, SegmentationDataset data, EvaluateArguments asked)
    {
        if (segmenter.ClassCount is not { } classes)
            throw new UsageException($"{segmenter.Source} outputs labels and does not name its classes, so it cannot be scored: "
                + "export it with its scores, or write its classes into the file's metadata (hwaso.classes, docs/runtime.md)");
        var own = data.Classes.Count;
        if (classes != own)
            throw new UsageException(
                $"{segmenter.Source} is of {classes} classes, {data.Name} has {own}; train, import or export one that fits");
        if (asked.Views.Protocol is { } protocol && !protocol.Fits(data.Classes))
            throw new UsageException(
                $"--protocol {protocol.Name} is for the {Datasets.ClassesOf(protocol.Layout, asked.Data).Count} classes of "
                + $"{protocol.Layout}; {data.Name} has {own} others: name its layout with --layout, or its own protocol");
    }
}

/// <summary>The arguments of <c>hwaso evaluate</c>.</summary>
/// <param name="Source">A run folder, a checkpoint or an ONNX file.</param>
/// <param name="Data">The data set's folder.</param>
/// <param name="Layout">Its layout; null: recognised by the folder's content.</param>
/// <param name="Split">The split, e.g. <c>val</c>.</param>
/// <param name="Views">How the network looks at images.</param>
/// <param name="Absent">How absent classes enter the means.</param>
/// <param name="Boundary">Whether boundary IoU is wanted.</param>
/// <param name="Bootstrap">Resamplings for confidence intervals; 0 for none.</param>
sealed record EvaluateArguments(
    string Source, string Data, string? Layout, string Split, ViewArguments Views, AbsentClasses Absent, bool Boundary, int Bootstrap);
