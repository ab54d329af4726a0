using System.CommandLine;
using System.Text.Json.Nodes;
using Hwaso.Training.Studies;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso compare</c>: one table of several runs.</summary>
sealed class CompareVerb : Verb
{
    readonly Argument<string[]> runs = new("RUN") { Description = "run folders, finished or in progress", Arity = ArgumentArity.OneOrMore };

    public CompareVerb() =>
        Command = new Command("compare", "prints one table of several runs: scores, cost, time, and settings that differ") { runs };

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples => ["compare runs/first runs/second", "compare runs/* --json"];

    public override int Run(ParseResult arguments, VerbContext context)
    {
        var failed = new List<RunFailure>();
        var comparison = new RunComparison(arguments.GetRequiredValue(runs), failed.Add);
        if (comparison.Count == 0)
            throw new InvalidDataException(string.Join("; ", failed.Select(f => f.Problem)));
        foreach (var failure in failed)
            context.Log(failure.Problem);
        var report = new JsonObject
        {
            ["rows"] = comparison.ToJson(),
            ["failed"] = new JsonArray([.. failed.Select(f => new JsonObject { ["run"] = f.Folder, ["message"] = f.Problem })]),
        };
        context.Result(report, output => output.Write(comparison.ToMarkdown()));
        return failed.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }
}
