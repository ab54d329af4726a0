using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Hwaso.Models;
using Hwaso.Models.Networks;
using Spectre.Console;

namespace Hwaso.Cli.Verbs;

/// <summary>The work of <c>hwaso models</c>: sketches every network of the zoo and counts.</summary>
static class ModelListing
{
    public static int Run(ModelsArguments arguments, VerbContext context)
    {
        context.UseTorch();
        var rows = (arguments.Names.Count > 0 ? arguments.Names.Select(Zoo.Find) : Zoo.All).Select(ListedModel.Of).ToArray();
        if (arguments.Draw is { } folder)
        {
            Directory.CreateDirectory(folder);
            foreach (var row in rows)
                File.WriteAllText(Path.Combine(folder, row.Definition.Name + ".svg"), row.Drawing());
        }
        if (arguments.Markdown && !context.Json)
            context.Terminal.Output.Write(Markdown(rows));
        else
            context.Result(new JsonObject { ["models"] = new JsonArray([.. rows.Select(Report)]) }, console => Print(console, rows));
        return ExitCode.Done;
    }

    /// <summary>The table for the documentation.</summary>
    public static string Markdown(IReadOnlyList<ListedModel> rows)
    {
        var text = new StringBuilder("| network | classes | size | parameters | published | multiply-adds |\n|---|--:|--:|--:|--:|--:|\n");
        foreach (var group in ModelGroup.Of(rows))
        {
            text.Append(CultureInfo.InvariantCulture, $"| **{group.Description}** | | | | | |\n");
            foreach (var row in group.Rows)
                text.Append(CultureInfo.InvariantCulture, $"| {(group.ShortName(row).StartsWith(' ') ? "&nbsp;&nbsp;" : "")}`{group.ShortName(row).Trim()}` | {Classes(row)} | {row.Size} | {row.Parameters:N0} | {Published(row)} | {row.Macs:N0} |\n");
        }
        return text.ToString();
    }

    static string Classes(ListedModel row) => row.Definition.HasClasses ? row.Definition.PublishedClasses.ToString(CultureInfo.InvariantCulture) : "";

    static string Published(ListedModel row) => row.Definition.PublishedParameters?.ToString("N0", CultureInfo.InvariantCulture) ?? "";

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

    static void Print(IAnsiConsole console, IReadOnlyList<ListedModel> rows)
    {
        var width = ModelGroup.Of(rows).SelectMany(g => g.Rows.Select(g.ShortName)).Max(n => n.Length);
        console.WriteLine(Line(width, "name", "classes", "size", "parameters", "published", "multiply-adds"));
        foreach (var group in ModelGroup.Of(rows))
        {
            console.WriteLine();
            console.MarkupLine($"[bold]{Markup.Escape(group.Description)}[/]");
            foreach (var row in group.Rows)
                console.WriteLine(Line(
                    width, group.ShortName(row), Classes(row), row.Size, $"{row.Parameters:N0}", Published(row), $"{row.Macs:N0}"));
        }
        console.WriteLine();
        console.WriteLine("Multiply-adds are those of convolution and linear layers, of one image of that size, as deployed.");
        console.WriteLine("A line that begins with + goes on behind the name above it. A recipe file (.yaml) is a MODEL too.");
    }

    // A hundred columns hold it.
    static string Line(int nameWidth, string name, string classes, string size, string parameters, string published, string macs) =>
        $"{name.PadRight(nameWidth)} {classes,7} {size,9} {parameters,12} {published,12} {macs,16}";
}
