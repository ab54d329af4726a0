using System.Text.Json.Nodes;
using Hwaso.Data.Converting;
using Spectre.Console;

namespace Hwaso.Cli.Verbs;

/// <summary>The work of <c>hwaso dataset convert</c>: a published download made ready for training.</summary>
static class DatasetConverting
{
    public static int Run(DatasetConvertArguments arguments, VerbContext context)
    {
        ConversionSummary summary;
        // How many images there are is known only once the download is listed.
        Output.ProgressDisplay? progress = null;
        var gate = new Lock();
        void Tell(int done, int total)
        {
            lock (gate)
                progress ??= context.Progress("Converting", total, "images");
            progress.Report(done);
        }
        try
        {
            summary = arguments.Kind == "voc-aug"
                ? SbdConversion.Run(arguments.Source, arguments.Target, context.ProcessorThreads, Tell, context.Cancel)
                : ContextConversion.Run(arguments.Source, arguments.Target, context.ProcessorThreads, Tell, context.Cancel);
        }
        finally
        {
            progress?.Dispose();
        }
        context.Result(
            new JsonObject
            {
                ["labels"] = summary.Labels,
                ["lists"] = new JsonObject(summary.Lists.Select(l => KeyValuePair.Create(l.Key, (JsonNode?)l.Value))),
                ["problems"] = new JsonArray([.. summary.Problems.Select(p => new JsonObject { ["path"] = p.Path, ["message"] = p.Message })]),
            },
            console =>
            {
                foreach (var problem in summary.Problems)
                    console.WriteLine($"{problem.Path}: {problem.Message}");
                console.WriteLine($"{summary.Labels} label PNGs; {string.Join(", ", summary.Lists.Select(l => $"{l.Key}.txt names {l.Value}"))}");
            });
        return summary.Problems.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }
}
