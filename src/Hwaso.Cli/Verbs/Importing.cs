using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Cli.Output;
using Hwaso.Inference.Networks;
using Spectre.Console;

namespace Hwaso.Cli.Verbs;

/// <summary>The work of <c>hwaso import</c>: a checkpoint of another program made ours.</summary>
static class Importing
{
    const int Listed = 12;

    public static int Run(ImportArguments arguments, VerbContext context)
    {
        if (arguments.Files.Any(file => Path.GetFullPath(file) == Path.GetFullPath(arguments.Out)))
            throw new UsageException($"{arguments.Out} would replace the file it is made from; name another with --out");
        context.UseTorch();
        if (ModelArgument.FindAttention(arguments.Model) is { } attention)
            return ImportAttention(attention, arguments, context);
        var definition = ModelArgument.Find(arguments.Model);
        var report = Importer.Import(arguments.Files, definition, ModelArgument.Recipe(arguments.Model), ModelArgument.Classes(definition, arguments.Model, arguments.Classes), arguments.Out, arguments.SkipMismatched);
        return Tell(report, arguments, context);
    }

    static int ImportAttention(Models.Attention.AttentionModule attention, ImportArguments arguments, VerbContext context) =>
        arguments.Files.Count == 1
            ? Tell(Importer.Import(arguments.Files[0], attention, arguments.Out), arguments, context)
            : throw new UsageException($"{arguments.Files[1]}: an attention module comes from one file");

    static int Tell(LoadReport report, ImportArguments arguments, VerbContext context)
    {
        context.Result(
            new JsonObject
            {
                ["loaded"] = report.Loaded.Count,
                ["missing"] = JsonOutput.Array(report.Missing),
                ["unexpected"] = JsonOutput.Array(report.Unexpected),
                ["mismatched"] = JsonOutput.Array(report.Mismatched),
                ["stripped"] = report.Stripped,
            },
            console =>
            {
                console.WriteLine($"{string.Join(", ", arguments.Files)}: {report.Loaded.Count} tensors loaded{(report.Stripped.Length > 0 ? $", '{report.Stripped}' taken off their names" : "")}");
                List(console, "missing (left as a new network begins)", report.Missing);
                List(console, "unexpected (left out)", report.Unexpected);
                List(console, "of another shape (left out)", report.Mismatched);
                console.WriteLine($"written to {arguments.Out}");
            });
        return ExitCode.Done;
    }

    static void List(IAnsiConsole console, string what, IReadOnlyList<string> keys)
    {
        if (keys.Count == 0)
            return;
        console.WriteLine($"{keys.Count} {what}: {string.Join(", ", keys.Take(Listed))}{(keys.Count > Listed ? ", …" : "")}");
    }
}
