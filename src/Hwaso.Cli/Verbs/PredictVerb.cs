using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Cli.Output;
using Hwaso.Inference;
using Hwaso.Inference.Boxes;
using Hwaso.Inference.Poses;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso predict</c>: label maps for images.</summary>
sealed class PredictVerb : Verb
{
    readonly Argument<string> source = new("SOURCE")
    {
        Description = "a run folder, a checkpoint (.safetensors) or an exported network (.onnx)",
    };

    readonly Argument<string[]> images = new("IMAGE")
    {
        Description = "images: PNG, JPEG, WebP, BMP, GIF or TIFF",
        Arity = ArgumentArity.OneOrMore,
    };

    readonly Option<string?> folder = Values.Text("--out", "DIR", "folder to write to", required: true);
    readonly Option<bool> overlay = Values.Flag("--overlay", "also writes each image with its labels over it");
    readonly Option<string?> submission = Values.Choice(
        "--submission", "writes the files that a benchmark's server takes: its names, folders and numbers",
            [.. Submission.All.Select(s => s.Name)]);
    readonly Option<string?> boxes = Values.Text(
        "--boxes", "FILE|whole", "pose networks: the people's boxes, COCO's annotations or results (default: whole, one person an image)");
    readonly Option<double?> least = Values.Share(
        "--score", "NUMBER", "detectors, --as instances: leaves out lower scores (default: as trained, drawn from 0.3); --as panoptic: the "
            + "least score of a segment (default: 0.8)");
    readonly QueryOptions queries = new();
    readonly ViewOptions views = new();
    readonly ForeignOptions foreign = new();

    public PredictVerb()
    {
        Command = new Command("predict", "writes a label PNG per image, and an overlay if wanted; of poses and boxes, a JSON and a picture")
        {
            source, images, folder, overlay, submission, boxes, least,
        };
        foreach (var option in queries.All.Concat(views.All).Concat(foreign.All))
            Command.Add(option);
    }

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "predict demo/run street.jpg --out labels --overlay",
        "predict best.safetensors photos/*.png --out labels",
        "predict demo/pose-run person.jpg --out poses",
        "predict demo/detection-run street.jpg --out boxes --score 0.5",
        "predict mask2former.safetensors street.jpg --out segments --as panoptic --overlay",
        "predict best.safetensors aerial.png --out labels --crop 1024x1024",
        "predict best.safetensors leftImg8bit/test/*/*.png --out results --protocol cityscapes/hrnet --submission cityscapes",
    ];

    public PredictArguments Read(ParseResult arguments) => new(
        arguments.GetRequiredValue(source), arguments.GetRequiredValue(images), arguments.GetValue(folder)!, arguments.GetValue(overlay),
        views.Of(arguments), Submission.All.FirstOrDefault(s => s.Name == arguments.GetValue(submission)));

    public override int Run(ParseResult arguments, VerbContext context)
    {
        var asked = Read(arguments);
        // Before its task is asked for: a file that is missing has none.
        if (!File.Exists(asked.Source) && !Directory.Exists(asked.Source) && !Segmenter.IsExported(asked.Source))
            throw RunFolder.Missing(asked.Source);
        if (queries.Of(arguments) is { } wanted)
            return arguments.GetValue(boxes) is null && foreign.Of(arguments) is null
                ? QueryPredicting.Run(asked, wanted, arguments.GetValue(least), context)
                : throw new UsageException("--boxes and what an exported file does not say do not go with --as; leave them out");
        if (PoseNetwork.Is(asked.Source))
        {
            if (asked.Overlay || asked.Submission is not null || asked.Views.Any || foreign.Of(arguments) is not null)
                throw new UsageException("--overlay, --submission, views, --threshold and what an exported file does not say are for "
                    + $"segmentation networks; {asked.Source} is for poses, of which skeletons are drawn anyway");
            return PosePredicting.Run(asked, arguments.GetValue(boxes), context);
        }
        if (arguments.GetValue(least) is { } score && !DetectorNetwork.Is(asked.Source))
            throw new UsageException(
                string.Create(CultureInfo.InvariantCulture, $"--score {score} is for detectors; {asked.Source} is another network"));
        if (arguments.GetValue(boxes) is not null)
            throw new UsageException($"--boxes is for pose networks; {asked.Source} is another network");
        if (DetectorNetwork.Is(asked.Source))
            return BoxPredicting.Run(asked, arguments.GetValue(least), context);
        asked.Views.Views.Check();
        var files = UsageException.When(() => new LabelFiles(asked.Images, asked.Out, asked.Overlay, asked.Submission));
        using var segmenter = context.OpenSegmenter(asked.Source, asked.Views, Engine.Automatic, foreign.Of(arguments));
        if (asked.Submission is { } submission)
            UsageException.When(() => submission.Check(segmenter), option: "--");
        // Before progress is shown: an error is one line.
        OutputFolder.Make(asked.Out);
        LabelFilesResult result;
        using (var progress = context.Progress("Predicting", asked.Images.Count, "images"))
            result = files.Write(segmenter, done => progress.Report(done), progress.Log, context.Cancel);
        context.Result(
            new JsonObject
            {
                ["files"] = JsonOutput.Array(result.Written.Select(f => f.File)),
                ["milliseconds"] = JsonOutput.Array(result.Written.Select(f => Math.Round(f.Milliseconds, 2))),
                ["engine"] = segmenter.Engine,
                ["failed"] = JsonOutput.Failures(result.Failed),
            },
            output =>
            {
                foreach (var file in result.Written)
                    output.WriteLine($"{file.File}  {file.Milliseconds:0} ms");
            });
        return result.Failed.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }
}

/// <summary>The arguments of <c>hwaso predict</c>.</summary>
/// <param name="Source">A run folder, a checkpoint or an ONNX file.</param>
/// <param name="Images">Image files, in the order in which results are listed.</param>
/// <param name="Out">Folder to write to.</param>
/// <param name="Overlay">Whether to write each image with its labels over it too.</param>
/// <param name="Views">How the network looks at images.</param>
/// <param name="Submission">The benchmark for whose server labels are written; null for label maps of training indices.</param>
sealed record PredictArguments(
    string Source, IReadOnlyList<string> Images, string Out, bool Overlay, ViewArguments Views, Submission? Submission);
