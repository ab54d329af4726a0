using System.Text.Json.Nodes;
using Hwaso.Cli.Output;
using Hwaso.Inference;
using Hwaso.Scenes;
using Spectre.Console;

namespace Hwaso.Cli.Verbs;

/// <summary>The work of <c>hwaso scenes</c>: a rendered data set on disk.</summary>
static class SceneRendering
{
    public static int Run(ScenesArguments arguments, VerbContext context)
    {
        var val = arguments.Val ?? Math.Max(1, arguments.Count / 5);
        OutputFolder.Make(arguments.Folder);
        SceneSetSummary summary;
        using (var progress = context.Progress("Rendering", arguments.Count + val, "scenes"))
            summary = SceneSet.Write(
                arguments.Folder, arguments.Layout == "voc" ? SceneLayout.Voc : SceneLayout.Cityscapes, arguments.Count,
                arguments.Size.Width, arguments.Size.Height, (ulong)arguments.Seed, val, context.ProcessorThreads, done => progress.Report(done), context.Cancel);
        context.Result(
            new JsonObject { ["train"] = summary.Train, ["val"] = summary.Val, ["classes"] = JsonOutput.Array(summary.Classes) },
            console => console.WriteLine($"{summary.Train} scenes to train on and {summary.Val} to validate on, {arguments.Size}, in {arguments.Folder} ({arguments.Layout} layout)"));
        return ExitCode.Done;
    }
}
