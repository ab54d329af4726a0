using System.Text;
using static System.FormattableString;

namespace Hwaso.Graph;

/// <summary>The layers of a recorded network with their shapes, parameters and multiply-adds.</summary>
public static class LayerTable
{
    /// <summary>
    /// The modules that run no other modules, in order, and those that compute with weights or products of their own, such as attention.
    /// </summary>
    public static IReadOnlyList<LayerRow> Leaves(NetworkGraph graph)
    {
        var parents = graph.Places.Select(p => p.Path).Where(p => p.Length > 0)
            .Select(p => p.LastIndexOf('.') is var dot and >= 0 ? p[..dot] : "").ToHashSet(StringComparer.Ordinal);
        var rows = new List<LayerRow>();
        foreach (var place in graph.Places)
        {
            var own = graph.NodesOf(place).Where(n => n.Place == place.Path).ToArray();
            var cost = Cost.Of(graph, own);
            if (parents.Contains(place.Path) && cost is { MacsAll: 0, Parameters: 0 })
                continue;
            rows.Add(new LayerRow(
                place.Path, place.Kind, Shapes(graph, place.Inputs), Shapes(graph, place.Outputs), cost.Parameters, cost.Macs,
                cost.MacsAll));
        }
        return rows;
    }

    /// <summary>The table as aligned text.</summary>
    public static string ToText(IReadOnlyList<LayerRow> rows)
    {
        string[] header = ["module", "kind", "output", "parameters", "multiply-adds"];
        var cells = rows.Select(r => new[]
        {
            r.Path, r.Kind, string.Join(" ", r.OutputShapes.Select(s => string.Join("×", s))),
            Invariant($"{r.Parameters:N0}"), Invariant($"{r.MacsAll:N0}"),
        }).Prepend(header).ToArray();
        var widths = Enumerable.Range(0, header.Length).Select(c => cells.Max(row => row[c].Length)).ToArray();
        var text = new StringBuilder();
        foreach (var row in cells)
            text.Append(string.Join("  ", row.Select((cell, c) => c < 3 ? cell.PadRight(widths[c]) : cell.PadLeft(widths[c]))).TrimEnd())
                .Append('\n');
        return text.ToString();
    }

    static IReadOnlyList<long>[] Shapes(NetworkGraph graph, IReadOnlyList<int> values) =>
        values.Select(v => graph.Values[v].Shape).ToArray();
}

/// <summary>One line of a layer table.</summary>
/// <param name="Path">The module's path.</param>
/// <param name="Kind">The name of its type.</param>
/// <param name="InputShapes">The shapes of its inputs.</param>
/// <param name="OutputShapes">The shapes of its outputs.</param>
/// <param name="Parameters">Learnable parameters under it.</param>
/// <param name="Macs">Multiply-adds of its convolution and linear layers, one image.</param>
/// <param name="MacsAll">Those and its other matrix products.</param>
public sealed record LayerRow(
    string Path, string Kind, IReadOnlyList<IReadOnlyList<long>> InputShapes, IReadOnlyList<IReadOnlyList<long>> OutputShapes,
    long Parameters, long Macs, long MacsAll);
