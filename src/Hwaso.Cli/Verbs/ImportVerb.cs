using System.CommandLine;
using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Cli.Arguments;
using Hwaso.Cli.Output;
using Hwaso.Inference.Networks;
using Hwaso.Recipes;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso import</c>: converts an official PyTorch checkpoint.</summary>
sealed class ImportVerb : Verb
{
    const int PrintedKeys = 12;

    readonly Argument<string[]> files = new("FILE")
    {
        Description = "the checkpoint, .pth, .bin or .safetensors, or the .index.json of one in parts; several where backbone and head "
            + "were published apart",
        Arity = ArgumentArity.OneOrMore,
    };

    readonly Option<string?> model =
        Values.Text("--model", "MODEL", "its network: a short name (see hwaso models) or a recipe", required: true);
    readonly Option<int?> classes = Values.Whole("--classes", "N", "number of classes; ignored by networks without classes", min: 1);
    readonly Option<string?> target = Values.Text("--out", "FILE", "the .safetensors file to write", required: true);
    readonly Option<bool> skip = Values.Flag("--skip-mismatched", "leaves out tensors whose shape differs instead of refusing them");

    readonly Option<string?> key = Values.Text(
        "--key", "NAME", "entry of a .pth file that holds the weights, such as model_ema (default: the surest, which is named)");

    readonly Option<string?> from = Values.Choice(
        "--from", "the program whose names the file has (default: found by the names)", [.. ForeignNames.Programs]);

    readonly Option<bool> strict =
        Values.Flag("--strict", "writes nothing and exits 1 if a tensor is missing, unexpected or of another shape");

    public ImportVerb()
    {
        model.CompletionSources.Add(Completion.Networks);
        Command = new Command(
            "import", "converts an official PyTorch checkpoint to safetensors and lists keys that are missing or unexpected")
        {
            files, model, classes, target, skip, key, from, strict,
        };
    }

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "import hrnet_w48_cityscapes.pth --model hrnetv2-w48 --classes 19 --out w48.safetensors",
        "import dinov2_vits14_pretrain.pth dinov2_vits14_nyu_dpt_head.pth --model dinov2-vits14-depth-dpt --out depth.safetensors",
    ];

    public ImportArguments Read(ParseResult arguments) => new(
        [.. arguments.GetRequiredValue(files)], arguments.GetValue(model)!, arguments.GetValue(classes), arguments.GetValue(target)!,
        arguments.GetValue(skip), arguments.GetValue(key), arguments.GetValue(from), arguments.GetValue(strict));

    public override int Run(ParseResult arguments, VerbContext context)
    {
        var asked = Read(arguments);
        if (asked.Files.Any(file => Path.GetFullPath(file) == Path.GetFullPath(asked.Out)))
            throw new UsageException($"{asked.Out} would replace the file it is made from; name another with --out");
        context.UseTorch();
        var report = Import(asked);
        var refused = asked.Strict && !report.IsWhole;
        if (report.Choice("--key takes another") is { Length: > 0 } choice)
            context.Log($"{string.Join(", ", asked.Files)}: {choice}");
        context.Result(
            new JsonObject
            {
                ["taken"] = report.Taken,
                ["loaded"] = report.Loaded.Count,
                ["missing"] = JsonOutput.Array(report.Missing),
                ["unexpected"] = JsonOutput.Array(report.Unexpected),
                ["mismatched"] = JsonOutput.Array(report.Mismatched),
                ["stripped"] = report.Stripped,
                ["from"] = report.Program,
            },
            output =>
            {
                var stripped = report.Stripped.Length > 0 ? $", '{report.Stripped}' taken off their names" : "";
                var named = report.Program.Length > 0 ? $", names of {report.Program} converted" : "";
                output.WriteLine($"{string.Join(", ", asked.Files)}: {report.Loaded.Count} tensors loaded{stripped}{named}");
                Print(output, "missing (kept at initial values)", report.Missing);
                Print(output, "unexpected (left out)", report.Unexpected);
                Print(output, "of another shape (left out)", report.Mismatched);
                output.WriteLine(refused ? $"{asked.Out} is not written, because of --strict" : $"written to {asked.Out}");
            });
        return refused ? ExitCode.Failed : ExitCode.Done;
    }

    static LoadReport Import(ImportArguments asked)
    {
        if (ModelArgument.FindAttention(asked.Model) is { } attention)
            return asked.Files.Count == 1
                ? Importer.Import(asked.Files[0], attention, asked.Out)
                : throw new UsageException($"{asked.Files[1]}: an attention module comes from one file");
        var definition = ModelArgument.Find(asked.Model);
        var classes = ModelArgument.Classes(definition, asked.Model, asked.Classes);
        return Importer.Import(asked.Files, definition, ModelArgument.Recipe(asked.Model), classes, asked.Out, asked.SkipMismatched,
            asked.Key, asked.From, asked.Strict);
    }

    static void Print(TextWriter output, string kind, IReadOnlyList<string> keys)
    {
        if (keys.Count > 0)
            output.WriteLine($"{keys.Count} {kind}: {string.Join(", ", keys.Take(PrintedKeys))}{(keys.Count > PrintedKeys ? ", …" : "")}");
    }
}

/// <summary>The arguments of <c>hwaso import</c>.</summary>
/// <param name="Files">The <c>.pth</c> or <c>.safetensors</c> files, loaded one after the other.</param>
/// <param name="Model">A short name or a recipe.</param>
/// <param name="Classes">Number of classes; null where none was given.</param>
/// <param name="Out">The safetensors file to write.</param>
/// <param name="SkipMismatched">Whether tensors whose shape differs are left out instead of refused.</param>
/// <param name="Key">The entry that holds the weights; null for the surest.</param>
/// <param name="From">The program whose names the files have; null to find it.</param>
/// <param name="Strict">Whether nothing is written unless every tensor has its place.</param>
sealed record ImportArguments(
    ValueList<string> Files, string Model, int? Classes, string Out, bool SkipMismatched, string? Key, string? From, bool Strict);
