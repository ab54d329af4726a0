using System.Text.Json.Nodes;
using Hwaso.Training.Studies;

namespace Hwaso.Cli.Verbs;

/// <summary>The work of <c>hwaso compare</c>: reads runs and tabulates them.</summary>
static class Comparing
{
    public static int Run(CompareArguments arguments, VerbContext context)
    {
        var comparison = new RunComparison(arguments.Runs);
        // Lines stay whole, whatever the width: a table that is folded cannot be read.
        context.Result(new JsonObject { ["rows"] = comparison.ToJson() }, _ => context.Terminal.Output.Write(comparison.ToMarkdown()));
        return ExitCode.Done;
    }
}
