using System.Globalization;
using System.Security;
using System.Text;

namespace Hwaso.Graph.Drawing;

/// <summary>
/// Draws a recorded network at the depth of its blocks: from left to right in the order of computation, finer resolutions above coarser
/// ones.
/// </summary>
public static class Draw
{
    const int Corner = 6, LegendHeight = 58, LegendWidth = 780;

    const string FrameStyle = ".frame { fill: none; stroke: #8a5fb5; stroke-width: 1.4; stroke-dasharray: 6 4; }";

    const string AttentionStyle = ".attention { fill: #fde8d3; stroke: #c2660f; }";

    const string Style = $$"""
        text { font: 11px "Segoe UI", "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; fill: #1f2933; }
        .title { font-size: 17px; font-weight: 600; } .note { fill: #52606d; font-size: 12px; } .lane { fill: #616e7c; }
        .first { font-weight: 600; } .small { font-size: 10px; fill: #3e4c59; } .middle { text-anchor: middle; }
        .line { fill: none; stroke: #7b8794; stroke-width: 1.3; } .change { font-size: 10.5px; fill: #6b3fa0; }
        .layers { fill: #e6eef8; stroke: #4a6fa5; } .block { fill: #e4f2e7; stroke: #3b8a57; } {{AttentionStyle}}
        .end { fill: #f0f1f3; stroke: #616e7c; } .joint { fill: #ffffff; stroke: #3e4c59; } {{FrameStyle}}
        .times { fill: #6b3fa0; font-weight: 600; }
        """;

    /// <summary>The drawing as SVG, the same text for the same graph.</summary>
    /// <param name="graph">The recording, of one input.</param>
    /// <param name="name">The network's name, for the title.</param>
    public static string Svg(NetworkGraph graph, string name)
    {
        var diagram = Diagram.Of(graph);
        var input = graph.Values[graph.Inputs[0]].Shape;
        var layout = new Layout(diagram, input);
        var (width, height) = (Math.Max(layout.Right, LegendWidth), layout.Bottom + LegendHeight);
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">\n"
            + $"<style>\n{Style}\n</style>\n");
        svg.Append(CultureInfo.InvariantCulture, $"<rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"#ffffff\"/>\n");
        var cost = Cost.Of(graph);
        Text(svg, 20, 30, "title", name);
        var (parameters, macs) = (ItemText.Short(cost.Parameters), ItemText.Short(cost.Macs));
        Text(svg, 20, 51, "note", $"input {string.Join(" × ", input.Skip(1))} · {parameters} parameters · {macs} multiply-adds");
        foreach (var ((label, y, laneHeight), at) in layout.Lanes.Select((lane, at) => (lane, at)))
        {
            if (at % 2 == 0)
                svg.Append(CultureInfo.InvariantCulture,
                    $"<rect x=\"0\" y=\"{y}\" width=\"{width}\" height=\"{laneHeight}\" fill=\"#f6f8fa\"/>\n");
            Text(svg, 8, y + laneHeight / 2 + 4, "lane", label);
        }
        foreach (var (items, label) in diagram.Frames)
            Frame(svg, layout, items, label);
        foreach (var item in diagram.Items)
            foreach (var edge in item.Inputs)
                Line(svg, layout, edge, item);
        foreach (var item in diagram.Items)
            Part(svg, layout, item);
        Legend(svg, layout.Bottom + 30);
        return svg.Append("</svg>\n").ToString();
    }

    static void Part(StringBuilder svg, Layout layout, Item item)
    {
        var (x, y) = layout.Middle(item);
        svg.Append(CultureInfo.InvariantCulture, $"<g><title>{Escape(Tip(item))}</title>");
        if (item.Kind == ItemKind.Joint)
        {
            svg.Append(CultureInfo.InvariantCulture,
                $"<circle cx=\"{x}\" cy=\"{y}\" r=\"{Layout.Circle / 2}\" class=\"{(item.HasAttention ? "attention" : "joint")}\"/>");
            Text(svg, x, y + 4, "first middle", item.Label);
            if (item.Parameters > 0)
                Text(svg, x, y + Layout.Circle / 2 + 12, "small middle", ItemText.Short(item.Parameters));
        }
        else
        {
            var lines = ItemText.Lines(item);
            var width = Layout.Width(item);
            var boxHeight = lines.Count > 2 ? Layout.BoxHeight : 36;
            var style = item.Kind is ItemKind.Input or ItemKind.Output ? "end"
                : item.HasAttention ? "attention"
                : item.Kind == ItemKind.Block ? "block"
                : "layers";
            svg.Append(CultureInfo.InvariantCulture,
                $"<rect x=\"{x - width / 2}\" y=\"{y - boxHeight / 2}\" width=\"{width}\" height=\"{boxHeight}\" "
                + $"rx=\"{(style == "end" ? boxHeight / 2 : Corner)}\" class=\"{style}\"/>");
            for (var k = 0; k < lines.Count; k++)
                Text(svg, x, y - boxHeight / 2 + 15 + 14 * k, k == 0 ? "first middle" : "small middle", lines[k]);
        }
        svg.Append("</g>\n");
    }

    static string Tip(Item item) => string.Join(" · ", new[]
    {
        item.Path, item.Kind == ItemKind.Joint && item.Label == "+" ? "sum" : item.Label, string.Join(" × ", item.Shape.Skip(1)),
        item.Parameters > 0 ? $"{item.Parameters.ToString("N0", CultureInfo.InvariantCulture)} parameters" : "",
    }.Where(t => t.Length > 0));

    static void Line(StringBuilder svg, Layout layout, Edge edge, Item to)
    {
        var (from, (x1, y1), (x2, y2)) = (edge.From, layout.Middle(edge.From), layout.Middle(to));
        x1 += Layout.Width(from) / 2;
        x2 -= Layout.Width(to) / 2;
        var (out1, in2) = (layout.ColumnEnd(from.Column), layout.ColumnStart(to.Column));
        var path = new StringBuilder($"M{x1} {y1}");
        if (from.Row == to.Row && layout.IsFree(from.Row, from.Column, to.Column))
            path.Append(CultureInfo.InvariantCulture, $"H{x2}");
        else if (to.Column == from.Column + 1)
            path.Append(CultureInfo.InvariantCulture, $"H{out1}{Bend(out1, y1, in2, y2)}H{x2}");
        else if (layout.IsFree(from.Row, from.Column, to.Column))
            path.Append(CultureInfo.InvariantCulture, $"H{in2 - Layout.ColumnGap}{Bend(in2 - Layout.ColumnGap, y1, in2, y2)}H{x2}");
        else if (layout.IsFree(to.Row, from.Column, to.Column))
            path.Append(CultureInfo.InvariantCulture, $"H{out1}{Bend(out1, y1, out1 + Layout.ColumnGap, y2)}H{x2}");
        else
        {
            // Past all parts in between, on the line above the upper row.
            var above = layout.Above(Math.Min(from.Row, to.Row));
            var (up, down) = (out1 + Layout.ColumnGap - 6, in2 - Layout.ColumnGap + 6);
            path.Append(CultureInfo.InvariantCulture, $"H{out1}{Bend(out1, y1, up, above)}H{down}{Bend(down, above, in2, y2)}H{x2}");
        }
        svg.Append(CultureInfo.InvariantCulture, $"<path class=\"line\" d=\"{path}\"/>\n");
        svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{x2} {y2}l-6 -3v6z\" fill=\"#7b8794\"/>\n");
        if (edge.Label.Length > 0)
        {
            // Beside the start of the line, on the side away from its bend.
            Text(svg, x1 + 18, y2 < y1 ? y1 + 13 : y1 - 5, "change", edge.Label);
        }
    }

    static string Bend(int x1, int y1, int x2, int y2) => $"C{(x1 + x2) / 2} {y1} {(x1 + x2) / 2} {y2} {x2} {y2}";

    static void Frame(StringBuilder svg, Layout layout, IReadOnlyList<Item> items, string label)
    {
        var middles = items.Select(i => (Middle: layout.Middle(i), Half: Layout.Width(i) / 2)).ToArray();
        var (left, right) = (middles.Min(m => m.Middle.X - m.Half) - 14, middles.Max(m => m.Middle.X + m.Half) + 14);
        var (top, bottom) =
            (middles.Min(m => m.Middle.Y) - Layout.RowHeight / 2 - 2, middles.Max(m => m.Middle.Y) + Layout.RowHeight / 2 + 2);
        svg.Append(CultureInfo.InvariantCulture,
            $"<rect x=\"{left}\" y=\"{top}\" width=\"{right - left}\" height=\"{bottom - top}\" rx=\"9\" class=\"frame\"/>\n");
        Text(svg, left + 2, top - 5, "times", label);
    }

    static void Legend(StringBuilder svg, int y)
    {
        var x = 20;
        (string Style, string Label, int Width)[] entries =
        [
            ("layers", "layers", 74),
            ("block", "block", 70),
            ("attention", "block with attention", 146),
            ("joint", "+ sum   C concatenation   × product", 226),
            ("frame", "repeated", 90),
        ];
        foreach (var (style, label, width) in entries)
        {
            svg.Append(style == "joint"
                ? $"<circle cx=\"{x + 8}\" cy=\"{y}\" r=\"7\" class=\"joint\"/>\n"
                : $"<rect x=\"{x}\" y=\"{y - 7}\" width=\"18\" height=\"14\" rx=\"4\" class=\"{style}\"/>\n");
            Text(svg, x + 25, y + 4, "note", label);
            x += width + 10;
        }
        Text(svg, x, y + 4, "note", "↑ 2 resized · rows: resolution");
    }

    static void Text(StringBuilder svg, int x, int y, string style, string text) =>
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x}\" y=\"{y}\" class=\"{style}\">{Escape(text)}</text>\n");

    static string Escape(string text) => SecurityElement.Escape(text);
}
