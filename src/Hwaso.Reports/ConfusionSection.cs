using System.Globalization;
using Hwaso.Data;
using Hwaso.Metrics;

namespace Hwaso.Reports;

/// <summary>The confusion matrix as a picture, each row adding up to 100 %, and its largest mistakes in words.</summary>
static class ConfusionSection
{
    const int Listed = 8;

    public static void Write(Html html, ConfusionMatrix matrix, IReadOnlyList<ClassEntry> classes)
    {
        if (matrix.TotalPixels == 0)
            return;
        html.Add($"""<section id="confusion"><h2>Mistaken classes</h2><div class="confusion"><figure class="card"><figcaption>""");
        html.Add($"""<h3>Confusion matrix</h3><p class="note">Rows are true classes and add up to 100 %; columns are predictions.</p>""");
        html.Add($"""<ul class="keys scale"><li><i class="cell hit"></i>right</li><li><i class="cell miss"></i>mistaken</li>""");
        foreach (var step in new[] { 0.01, 0.05, 0.2, 0.5, 1 })
            html.Add($"""<li><i class="cell ink" style="opacity:{Strength(step):0.##}"></i>{100 * step:0} %</li>""");
        html.Add($"""</ul></figcaption><div class="scroll">""");
        Picture(html, matrix, classes);
        html.Add($"</div></figure>");
        Mistakes(html, matrix, classes);
        html.Add($"</div></section>\n");
    }

    static void Picture(Html html, ConfusionMatrix matrix, IReadOnlyList<ClassEntry> classes)
    {
        var k = matrix.Classes;
        var cell = k <= 24 ? 27 : k <= 64 ? 14 : 7;
        var named = cell >= 14;
        // 6.4 px is a generous width for a character of 11.5 px text.
        var margin = named ? (int)Math.Min(150, 14 + 6.4 * classes.Max(c => Math.Min(c.Name.Length, 22))) : 10;
        var size = margin + k * cell + 2;
        html.Add($"""<svg class="matrix" width="{size}" height="{size}" viewBox="0 0 {size} {size}" role="img" """);
        html.Add($"""aria-label="Confusion matrix of {k} classes; the largest mistakes are listed beside it">""");
        html.Add($"""<rect class="back" x="{margin}" y="{margin}" width="{k * cell}" height="{k * cell}"/>""");
        for (var t = 0; t < k; t++)
        {
            var y = margin + t * cell;
            if (named)
            {
                var middle = y + cell / 2.0;
                html.Add($"""<text class="name" x="{margin - 7}" y="{middle + 4:0.#}" text-anchor="end">{Cut(classes[t].Name)}</text>""");
                html.Add($"""<text class="name" transform="translate({middle + 4:0.#} {margin - 7}) rotate(-90)">""");
                html.Add($"""{Cut(classes[t].Name)}</text>""");
            }
            for (var p = 0; p < k; p++)
                Cell(html, matrix, classes, t, p, margin + p * cell, y, cell);
        }
        html.Add($"</svg>");
    }

    static void Cell(Html html, ConfusionMatrix matrix, IReadOnlyList<ClassEntry> classes, int t, int p, int x, int y, int cell)
    {
        var row = matrix.TruthPixels(t);
        var share = row == 0 ? 0 : (double)matrix[t, p] / row;
        // Invisible cells are not drawn, which keeps the page of 150 classes small.
        if (share < 0.002)
            return;
        var kind = t == p ? "hit" : "miss";
        var strength = Strength(share);
        html.Add($"""<g><title>{classes[t].Name} → {classes[p].Name}: """);
        html.Add($"""{Format.Percent(share)} % ({Format.Count(matrix[t, p])} pixel{(matrix[t, p] == 1 ? "" : "s")})</title>""");
        html.Add($"""<rect class="cell {kind}" x="{x + 0.5:0.#}" y="{y + 0.5:0.#}" """);
        html.Add($"""width="{cell - 1}" height="{cell - 1}" fill-opacity="{strength:0.##}"/>""");
        if (cell > 20 && share >= 0.01)
        {
            var tone = strength > 0.62 ? "on" : "off";
            html.Add($"""<text class="value {tone}" x="{x + cell / 2.0:0.#}" y="{y + cell / 2.0 + 3.5:0.#}">{100 * share:0}</text>""");
        }
        html.Add($"</g>");
    }

    static void Mistakes(Html html, ConfusionMatrix matrix, IReadOnlyList<ClassEntry> classes)
    {
        var mistakes = new List<(int Truth, int Prediction, double Share)>();
        for (var t = 0; t < matrix.Classes; t++)
            for (var p = 0; p < matrix.Classes; p++)
                if (t != p && matrix[t, p] > 0)
                    mistakes.Add((t, p, (double)matrix[t, p] / matrix.TruthPixels(t)));
        if (mistakes.Count == 0)
            return;
        html.Add($"""<div class="card mistakes"><h3>Largest mistakes</h3><ol>""");
        foreach (var (t, p, share) in mistakes.OrderByDescending(m => m.Share).Take(Listed))
        {
            html.Add($"""<li><span class="pair">{ClassSection.Swatch(classes[t])}{classes[t].Name} <span class="arrow">→</span> """);
            html.Add($"""{ClassSection.Swatch(classes[p])}{classes[p].Name}</span><span class="v">{Format.Percent(share)} %</span></li>""");
        }
        html.Add($"""</ol><p class="note">Share of the first class's pixels that were predicted as the second.</p></div>""");
    }

    // The root makes mistakes of one percent visible beside hits of a hundred.
    static double Strength(double share) => Math.Sqrt(share);

    static string Cut(string name) =>
        name.Length <= 22
            ? name
            : string.Create(CultureInfo.InvariantCulture, $"{name.AsSpan(0, char.IsHighSurrogate(name[20]) ? 20 : 21)}…");
}
