using System.Text.Json.Nodes;
using Hwaso.Models;
using Hwaso.Nn;
using Spectre.Console;

namespace Hwaso.Cli.Verbs;

/// <summary>The work of <c>hwaso models</c>: builds every network of the zoo and counts.</summary>
static class ModelListing
{
    public static int Run(VerbContext context)
    {
        context.UseTorch();
        var rows = Zoo.All.Select(Count).ToArray();
        var report = new JsonObject
        {
            ["models"] = new JsonArray([.. rows.Select(row => new JsonObject
            {
                ["name"] = row.Model.Name,
                ["description"] = row.Model.Description,
                ["classes"] = row.Model.HasClasses ? row.Model.PublishedClasses : null,
                ["task"] = row.Model.Task.Word(),
                ["parameters"] = row.Parameters,
                ["published_parameters"] = row.Model.PublishedParameters,
            })]),
        };
        context.Result(report, console => Print(console, rows));
        return ExitCode.Done;
    }

    static (ModelDefinition Model, long Parameters) Count(ModelDefinition model)
    {
        using var weights = Weights.Create(initialise: false);
        model.Deployed().Build(weights, model.PublishedClasses);
        return (model, weights.ParameterCount);
    }

    static void Print(IAnsiConsole console, IReadOnlyList<(ModelDefinition Model, long Parameters)> rows)
    {
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumn("name").AddColumn("").AddColumn(new TableColumn("classes").RightAligned());
        table.AddColumn(new TableColumn("parameters").RightAligned()).AddColumn(new TableColumn("published").RightAligned());
        foreach (var (model, parameters) in rows)
            table.AddRow(
                Markup.Escape(model.Name), Markup.Escape(model.Description), model.HasClasses ? $"{model.PublishedClasses}" : "", $"{parameters:N0}",
                model.PublishedParameters is { } published ? $"{published:N0}" : "");
        console.Write(table);
        console.WriteLine("A recipe file (.yaml) is accepted wherever a name is.");
    }
}
