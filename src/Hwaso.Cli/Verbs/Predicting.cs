using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Cli.Output;
using Hwaso.Inference;
using Spectre.Console;

namespace Hwaso.Cli.Verbs;

/// <summary>The work of <c>hwaso predict</c>: images in, label maps out.</summary>
static class Predicting
{
    public static int Run(PredictArguments arguments, VerbContext context)
    {
        arguments.Views.Views.Check();
        var files = UsageException.When(() => new LabelFiles(arguments.Images, arguments.Out, arguments.Overlay, arguments.Submission));
        using var segmenter = context.OpenSegmenter(arguments.Source, arguments.Views, Engine.Automatic);
        if (arguments.Submission is { } submission)
            UsageException.When(() => submission.Check(segmenter), option: "--");
        // Before progress is shown: an error is one line.
        OutputFolder.Make(arguments.Out);
        LabelFilesResult result;
        using (var progress = context.Progress("Predicting", arguments.Images.Count, "images"))
            result = files.Write(segmenter, done => progress.Report(done), progress.Log, context.Cancel);
        context.Result(
            new JsonObject
            {
                ["files"] = JsonOutput.Array(result.Written.Select(f => f.File)),
                ["milliseconds"] = JsonOutput.Array(result.Written.Select(f => Math.Round(f.Milliseconds, 2))),
                ["engine"] = segmenter.Engine,
                ["failed"] = new JsonArray([.. result.Failed.Select(f => new JsonObject { ["image"] = f.Image, ["message"] = f.Problem })]),
            },
            console =>
            {
                foreach (var file in result.Written)
                    console.WriteLine($"{file.File}  {file.Milliseconds:0} ms");
            });
        return result.Failed.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }
}
