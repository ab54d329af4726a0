using System.CommandLine;
using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Cli.Output;
using Hwaso.Inference.Networks;
using Hwaso.Models;
using Hwaso.Models.Networks;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso models</c>: every name that MODEL accepts.</summary>
sealed class ModelsVerb : Verb
{
    readonly Argument<string[]> names = new("NAME")
    {
        Description = "networks to list; all by default",
        Arity = ArgumentArity.ZeroOrMore,
        CompletionSources = { Completion.Networks },
    };

    readonly Option<bool> markdown = Values.Flag("--markdown", "prints a Markdown table");
    readonly Option<string?> draw = Values.Text("--draw", "DIR", "also draws each network into this folder, NAME.svg");

    public ModelsVerb() => Command = new Command(
        "models", "lists every name that MODEL accepts, with its parameters beside the published ones, and its multiply-adds")
    {
        names, markdown, draw,
    };

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
        ["models", "models --json", "models hrnetv2-w48+psa-spatial resnet50 --draw drawings"];

    public override int Run(ParseResult arguments, VerbContext context)
    {
        ListedModel[] rows =
            [.. (arguments.GetValue(names) is { Length: > 0 } given ? given.Select(Zoo.Find) : Zoo.All).Select(ListedModel.Of)];
        if (arguments.GetValue(draw) is { } folder)
        {
            Directory.CreateDirectory(folder);
            foreach (var row in rows)
                File.WriteAllText(Path.Combine(folder, row.Definition.Name + ".svg"), row.Drawing());
        }
        if (arguments.GetValue(markdown) && !context.Json)
            context.Terminal.Output.Write(ModelTable.Markdown(rows));
        else
            context.Result(new JsonObject { ["models"] = new JsonArray([.. rows.Select(Report)]) }, _ => Print(context.Terminal, rows));
        return ExitCode.Done;
    }

    static JsonObject Report(ListedModel row) => new()
    {
        ["name"] = row.Definition.Name,
        ["description"] = row.Definition.Description,
        ["classes"] = row.Definition.HasClasses ? row.Definition.PublishedClasses : null,
        ["task"] = row.Definition.Task.Word(),
        ["parameters"] = row.Parameters,
        ["published_parameters"] = row.Definition.PublishedParameters,
        ["macs"] = row.Macs,
        ["macs_all"] = row.MacsAll,
        ["size"] = row.Size,
    };

    // A hundred columns hold it.
    static void Print(Terminal terminal, IReadOnlyList<ListedModel> rows)
    {
        var output = terminal.Output;
        var groups = ModelGroup.Of(rows).ToArray();
        var width = groups.SelectMany(g => g.Rows.Select(g.ShortName)).Max(n => n.Length);
        void Row(string name, string classes, string size, string parameters, string published, string macs) =>
            output.WriteLine($"{name.PadRight(width)} {classes,7} {size,9} {parameters,12} {published,12} {macs,16}");
        Row("name", "classes", "size", "parameters", "published", "multiply-adds");
        foreach (var group in groups)
        {
            output.WriteLine();
            output.WriteLine(terminal.Bold(group.Description));
            foreach (var row in group.Rows)
                Row(group.ShortName(row), row.Classes, row.Size, $"{row.Parameters:N0}", row.Published, $"{row.Macs:N0}");
        }
        output.WriteLine();
        output.WriteLine("Multiply-adds are those of convolution and linear layers, of one image of that size, as deployed.");
        output.WriteLine("A line that begins with + is a suffix of the name above it. A recipe file (.yaml) is a MODEL too.");
    }
}
