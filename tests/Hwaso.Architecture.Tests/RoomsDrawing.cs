using System.Text;

namespace Hwaso.Architecture.Tests;

/// <summary>The drawing of the rooms in docs/architecture.md: a box a project, an arrow to each project that it references.</summary>
static class RoomsDrawing
{
    const int Width = 960, BoxWidth = 124, BoxHeight = 40, BendWidth = 24, RowHeight = 96, Margin = 20;

    /// <summary>The drawing as SVG.</summary>
    /// <param name="references">What each project references itself.</param>
    public static string Svg(IReadOnlyDictionary<string, string[]> references)
    {
        var arrows = references.OrderBy(r => r.Key, StringComparer.Ordinal)
            .SelectMany(r =>
                r.Value.Where(to => !IsImplied(references, r.Key, to)).Order(StringComparer.Ordinal).Select(to => (From: r.Key, To: to)))
            .ToArray();
        var heights = Heights(references);
        // An arrow over several rows bends in each between, at a place of its own, so that it passes beside the boxes.
        var paths = arrows.Select(a => Enumerable.Range(0, heights[a.From] - heights[a.To] + 1).Select(k =>
            k == 0 ? a.From : k == heights[a.From] - heights[a.To] ? a.To : $"{a.From}>{a.To}>{heights[a.From] - k}").ToArray()).ToArray();
        var rows = Order(heights, paths);
        var places = Places(rows);
        var height = rows.Length * RowHeight - RowHeight + BoxHeight + 2 * Margin;
        var svg = new StringBuilder();
        svg.Append($"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {height}" font-family="system-ui, sans-serif" font-size="15">
            <title>The projects of src/ and their references</title>
            <defs>
            <marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path d="M0 0L8 4L0 8z" fill="#6b7280"/>
            </marker>
            </defs>
            <rect width="{Width}" height="{height}" fill="#ffffff"/>

            """);
        foreach (var path in paths)
            svg.Append(Arrow([.. path.Select(name => places[name])]));
        foreach (var name in rows.SelectMany(row => row).Where(references.ContainsKey))
        {
            var (x, y) = places[name];
            var box = $"x=\"{x - BoxWidth / 2:0.#}\" y=\"{y - BoxHeight / 2:0.#}\" width=\"{BoxWidth}\" height=\"{BoxHeight}\"";
            svg.Append($"""
                <rect {box} rx="6" fill="#eef2ff" stroke="#4f46e5"/>
                <text x="{x:0.#}" y="{y + 5:0.#}" text-anchor="middle" fill="#111827">{name["Hwaso.".Length..]}</text>

                """);
        }
        return svg.Append("</svg>\n").ToString();
    }

    static string Arrow((double X, double Y)[] points)
    {
        var path = new StringBuilder($"M{points[0].X:0.#} {points[0].Y + BoxHeight / 2:0.#}");
        for (var k = 1; k < points.Length; k++)
        {
            var isLast = k == points.Length - 1;
            var (from, to) =
                (k == 1 ? points[0].Y + BoxHeight / 2 : points[k - 1].Y, isLast ? points[k].Y - BoxHeight / 2 - 2 : points[k].Y);
            path.Append($"C{points[k - 1].X:0.#} {(from + to) / 2:0.#} {points[k].X:0.#} {(from + to) / 2:0.#} {points[k].X:0.#} {to:0.#}");
        }
        return $"""
            <path d="{path}" fill="none" stroke="#6b7280" marker-end="url(#a)"/>

            """;
    }

    // An arrow that others stand for is left out: Training → Inference → Models says that Training may use Models.
    static bool IsImplied(IReadOnlyDictionary<string, string[]> references, string from, string to) =>
        references[from].Any(between => between != to && Reach(references, between).Contains(to));

    static HashSet<string> Reach(IReadOnlyDictionary<string, string[]> references, string from)
    {
        var reached = new HashSet<string>();
        var open = new Stack<string>(references[from]);
        while (open.TryPop(out var name))
            if (reached.Add(name))
                foreach (var next in references[name])
                    open.Push(next);
        return reached;
    }

    /// <summary>How far each project lies above the lowest row: as low as possible above all that it references.</summary>
    static Dictionary<string, int> Heights(IReadOnlyDictionary<string, string[]> references)
    {
        var heights = new Dictionary<string, int>();
        foreach (var name in references.Keys)
            Height(name);
        return heights;

        int Height(string name) => heights.TryGetValue(name, out var known)
            ? known
            : heights[name] = references[name].Select(r => Height(r) + 1).DefaultIfEmpty(0).Max();
    }

    /// <summary>
    /// Boxes and bends of each row, top row first: of many orders by the mean place of the neighbours the one with the shortest arrows.
    /// </summary>
    static string[][] Order(Dictionary<string, int> heights, string[][] paths)
    {
        var top = heights.Values.Max();
        var rows = Enumerable.Range(0, top + 1).Select(row => heights.Where(h => h.Value == top - row).Select(h => h.Key)
            .Concat(paths.SelectMany(p => p[1..^1]).Where(bend => bend.EndsWith($">{top - row}", StringComparison.Ordinal)))
            .Order(StringComparer.Ordinal).ToArray()).ToArray();
        var neighbours = paths.SelectMany(p => p.Zip(p[1..]).SelectMany(s => new[] { s, (s.Second, s.First) }))
            .ToLookup(s => s.Item1, s => s.Item2);
        var (best, shortest) = (Copy(rows), double.MaxValue);
        for (var pass = 0; pass < 24; pass++)
        {
            for (var k = 0; k < rows.Length; k++)
            {
                var places = Places(rows);
                var row = pass % 2 == 0 ? k : rows.Length - 1 - k;
                rows[row] = [.. rows[row]
                    .OrderBy(name => neighbours[name].Select(n => places[n].X).DefaultIfEmpty(places[name].X).Average())
                    .ThenBy(n => n, StringComparer.Ordinal)];
            }
            var now = Places(rows);
            var length = paths.Sum(p => p.Zip(p[1..]).Sum(s => Math.Abs(now[s.First].X - now[s.Second].X)));
            if (length < shortest)
                (best, shortest) = (Copy(rows), length);
        }
        return best;

        static string[][] Copy(string[][] rows) => [.. rows.Select(row => row.ToArray())];
    }

    static Dictionary<string, (double X, double Y)> Places(string[][] rows)
    {
        var places = new Dictionary<string, (double X, double Y)>();
        for (var row = 0; row < rows.Length; row++)
        {
            var widths = rows[row].Select(name => name.Contains('>') ? BendWidth : BoxWidth).ToArray();
            var gap = (Width - 2.0 * Margin - widths.Sum()) / rows[row].Length;
            var x = Margin + gap / 2;
            for (var k = 0; k < widths.Length; k++)
            {
                places[rows[row][k]] = (x + widths[k] / 2.0, row * RowHeight + Margin + BoxHeight / 2);
                x += widths[k] + gap;
            }
        }
        return places;
    }
}
