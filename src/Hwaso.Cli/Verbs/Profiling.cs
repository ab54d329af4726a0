using System.Text.Json.Nodes;
using Hwaso.Graph;
using Hwaso.Graph.Drawing;
using Hwaso.Models;
using Spectre.Console;

namespace Hwaso.Cli.Verbs;

/// <summary>The work of <c>hwaso profile</c>: one forward in shapes alone, and what it would cost.</summary>
static class Profiling
{
    // The field divides by 2^30 and calls it G; the unit is spelt out so that nobody takes it for 10^9.
    const double Gi = 1L << 30;

    public static int Run(ProfileArguments arguments, VerbContext context)
    {
        context.UseTorch();
        var definition = ModelArgument.Find(arguments.Model).Deployed();
        var classes = ModelArgument.Classes(definition, arguments.Model, arguments.Classes);
        long parameters = 0;
        var graph = NetworkGraph.Sketch(w =>
        {
            var net = definition.Build(w, classes);
            parameters = w.ParameterCount;
            return net;
        }, [1, 3, arguments.Size.Height, arguments.Size.Width]);
        var cost = Cost.Of(graph);
        var rows = arguments.Layers ? LayerTable.Leaves(graph) : [];
        if (arguments.Draw is { } file)
            File.WriteAllText(file, Draw.Svg(graph, definition.Name));
        context.Result(Report(parameters, cost, arguments.Layers ? rows : null), console => Print(console, definition, arguments, parameters, cost, rows));
        return ExitCode.Done;
    }

    static JsonObject Report(long parameters, Cost cost, IReadOnlyList<LayerRow>? rows)
    {
        var report = new JsonObject { ["parameters"] = parameters, ["macs"] = cost.Macs, ["macs_all"] = cost.MacsAll };
        if (rows is null) return report;
        report["layers"] = new JsonArray([.. rows.Select(row => new JsonObject
        {
            ["name"] = row.Path,
            ["kind"] = row.Kind,
            ["input"] = Shapes(row.InputShapes),
            ["output"] = Shapes(row.OutputShapes),
            ["parameters"] = row.Parameters,
            ["macs"] = row.Macs,
            ["macs_all"] = row.MacsAll,
        })]);
        return report;
    }

    static JsonArray Shapes(IReadOnlyList<IReadOnlyList<long>> shapes) =>
        new([.. shapes.Select(shape => new JsonArray([.. shape.Select(side => (JsonNode?)JsonValue.Create(side))]))]);

    static void Print(IAnsiConsole console, ModelDefinition definition, ProfileArguments arguments, long parameters, Cost cost, IReadOnlyList<LayerRow> rows)
    {
        if (rows.Count > 0) console.WriteLine(LayerTable.ToText(rows));
        console.WriteLine($"{definition.Name}, {(definition.HasClasses ? $"{ModelArgument.Classes(definition, arguments.Model, arguments.Classes)} classes, " : "")}1 x 3 x {arguments.Size.Height} x {arguments.Size.Width}");
        console.WriteLine($"parameters             {parameters,18:N0}");
        console.WriteLine($"multiply-adds          {cost.Macs,18:N0}  ({cost.Macs / Gi:0.000} x 2^30; convolution and linear layers)");
        console.WriteLine($"with matrix products   {cost.MacsAll,18:N0}  ({cost.MacsAll / Gi:0.000} x 2^30)");
    }
}
