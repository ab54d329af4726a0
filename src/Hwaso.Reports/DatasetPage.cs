using System.Globalization;
using Hwaso.Data;
using Hwaso.Data.Checking;

namespace Hwaso.Reports;

/// <summary>Writes the result of checking a data set as one self-contained HTML page, with the worst pictures.</summary>
public static class DatasetPage
{
    const int OpenProblems = 30;

    /// <summary>Gives the page as text; reads the pictures again from the data set.</summary>
    /// <param name="report">The result of the check.</param>
    /// <param name="classes">The data set's classes.</param>
    /// <param name="root">Its folder, for the title.</param>
    public static string Text(DatasetReport report, ClassList classes, string root)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(classes);
        var html = Page.Begin(report.Layout, PageCss);
        Head(html, report, classes, root);
        Warnings.Write(html, report.Suspicions);
        Problems(html, report);
        var infos = classes.Entries.Select(c => new ClassEntry(c.Name, c.R, c.G, c.B)).ToArray();
        DatasetPictures.Write(html, report.Pictures, infos);
        Classes(html, report, infos);
        Values(html, report);
        return Page.End(html);
    }

    /// <summary>Writes the page, whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="report">The result of the check.</param>
    /// <param name="classes">The data set's classes.</param>
    /// <param name="root">Its folder, for the title.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, DatasetReport report, ClassList classes, string root) =>
        Page.Write(path, Text(report, classes, root));

    // Added to a report's style: the list of problems by path, and pictures with their remarks.
    const string PageCss = """

        .problems { padding: 6px 18px 12px; }
        .problems li { padding: 7px 0; border-top: 1px solid var(--rule); font-size: 14px; overflow-wrap: anywhere; }
        .problems li:first-child { border-top: 0; }
        .problems .path { font: 12.5px/1.5 ui-monospace, "DejaVu Sans Mono", monospace; color: var(--soft); display: block; }
        .kinds { display: flex; flex-wrap: wrap; gap: 6px 18px; font-size: 14px; margin-bottom: 10px; }
        .kinds b { font-variant-numeric: tabular-nums; }
        .remarks { font-size: 13.5px; padding: 0 2px 8px; }
        .remarks li { overflow-wrap: anywhere; }
        #files th:first-child, #files td:first-child { width: 1%; }
        .pictures.three { grid-template-columns: repeat(3, minmax(0, 1fr)); }
        .none { display: flex; align-items: center; justify-content: center; aspect-ratio: 2; border-radius: 6px;
          background: var(--track); color: var(--soft); font-size: 13px; }
        pre { font: 12.5px/1.5 ui-monospace, "DejaVu Sans Mono", monospace; white-space: pre-wrap; padding: 12px 18px; margin: 10px 0 0; }
        @media (max-width: 760px) { .pictures.three { grid-template-columns: minmax(0, 1fr); } }

        """;

    static void Head(Html html, DatasetReport report, ClassList classes, string root)
    {
        Headline.Brand(html, "Hwaso data set check");
        html.Add($"""<h1>{classes.Name}</h1><p class="subtitle">{root}, layout {report.Layout}</p></header><dl class="figures">""");
        Headline.Figure(html, "Problems", Format.Count(report.Problems.Count), null,
            report.Problems.Count == 0 ? "none found" : "by path below", "main");
        Headline.Figure(html, "Images", Format.Count(report.Images), null,
            string.Join(", ", report.Splits.Select(s => $"{s.Key} {Format.Count(s.Value)}")));
        Headline.Figure(html, "Classes", $"{report.Classes.Count(c => c.Pixels > 0)}", $"of {report.Classes.Count}", "occur");
        Headline.Figure(html, "Ignored", Format.Percent(report.Pixels == 0 ? null : (double)report.IgnoredPixels / report.Pixels), "%",
            $"of {Format.Short(report.Pixels)} pixels");
        Headline.Figure(html, "Sizes", $"{report.Sizes.Count}", null, report.Sizes.Count == 0 ? null : $"mostly {report.Sizes[0].Key}");
        html.Add($"</dl>\n");
    }

    static void Problems(Html html, DatasetReport report)
    {
        if (report.Problems.Count == 0)
            return;
        html.Add($"""<section id="problems"><h2>Problems</h2><p class="kinds">""");
        foreach (var kind in report.Problems.GroupBy(p => p.Kind).OrderByDescending(g => g.Count()))
            html.Add($"<span><b>{kind.Count()}</b> {KindName(kind.Key, kind.Count() == 1 ? "" : "s")}</span>");
        html.Add($"</p>");
        List(html, report.Problems.Take(OpenProblems));
        if (report.Problems.Count > OpenProblems)
        {
            html.Add($"""<details class="more"><summary>{report.Problems.Count - OpenProblems} more</summary>""");
            List(html, report.Problems.Skip(OpenProblems));
            html.Add($"</details>");
        }
        html.Add($"</section>\n");
    }

    static void List(Html html, IEnumerable<DatasetProblem> problems)
    {
        html.Add($"""<ul class="card problems">""");
        foreach (var problem in problems)
            html.Add($"""<li>{problem.Message}<span class="path">{problem.Path}</span></li>""");
        html.Add($"</ul>");
    }

    static void Classes(Html html, DatasetReport report, IReadOnlyList<ClassEntry> infos)
    {
        var labelled = Math.Max(1, report.Pixels - report.IgnoredPixels);
        html.Add($"""<section id="classes"><h2>Classes</h2><div class="card scroll"><table class="sortable classes"><thead><tr>""");
        html.Add($"""<th scope="col">Class</th><th scope="col" class="bar">Share of labelled pixels %</th>""");
        html.Add($"""<th scope="col" class="n">Images</th>""");
        foreach (var split in report.Splits)
            html.Add($"""<th scope="col" class="n">Pixels in {split.Key}</th>""");
        html.Add($"""<th scope="col" class="n">""");
        html.Add($"""<abbr title="Median class frequency over its own, over the images that have it">Weight</abbr></th>""");
        html.Add($"""<th scope="col" class="n"><abbr title="1 ÷ ln(1.02 + share)">Log weight</abbr></th></tr></thead><tbody>""");
        for (var k = 0; k < report.Classes.Count; k++)
        {
            var c = report.Classes[k];
            html.Add($"""<tr><th scope="row">{ClassSection.Swatch(infos[k])}{c.Name}</th>""");
            html.Add($"""{ClassSection.Bar((double)c.Pixels / labelled)}<td class="n">{Format.Count(c.Images)}</td>""");
            foreach (var split in report.Splits)
                html.Add($"""<td class="n">{Format.Count(c.PixelsBySplit.FirstOrDefault(p => p.Key == split.Key).Value)}</td>""");
            html.Add($"""<td class="n">{Weight(c.SuggestedWeight)}</td><td class="n">{Weight(c.LogWeight)}</td></tr>""");
        }
        html.Add($"""</tbody></table></div><details><summary>The weights as a recipe takes them</summary><pre class="card">""");
        html.Add($"""loss: {RecipeWeights(report)}</pre></details></section>""");
    }

    /// <summary>The weights as a recipe's setting; a class that never occurs gets 1, which multiplies nothing.</summary>
    static string RecipeWeights(DatasetReport report) =>
        $"{{class_weights: [{string.Join(", ", report.Classes.Select(c => Invariant(c.SuggestedWeight ?? 1, "0.####")))}]}}";

    static string Weight(double? weight) => weight is { } w ? Invariant(w, "0.000") : Format.Missing;

    static string Invariant(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    static void Values(Html html, DatasetReport report)
    {
        html.Add($"""<section id="files"><h2>Label files</h2><p class="kinds">""");
        foreach (var encoding in report.Encodings)
            html.Add($"<span><b>{encoding.Value}</b> of {encoding.Key}</span>");
        html.Add($"</p>");
        if (report.Values.Count > 0)
        {
            html.Add($"""<div class="card scroll"><table class="sortable"><thead><tr><th scope="col" class="n">Value</th>""");
            html.Add($"""<th scope="col">Means</th><th scope="col" class="n">Files</th><th scope="col" class="n">Pixels</th></tr>""");
            html.Add($"""</thead><tbody>""");
            foreach (var value in report.Values)
            {
                html.Add($"""<tr><td class="n">{value.Value}</td><td>{value.Meaning ?? "no class"}</td>""");
                html.Add($"""<td class="n">{Format.Count(value.Images)}</td><td class="n">{Format.Count(value.Pixels)}</td></tr>""");
            }
            html.Add($"</tbody></table></div>");
        }
        html.Add($"</section>\n");
    }

    /// <summary>A kind of problem in words, in the plural with an s.</summary>
    static string KindName(ProblemKind kind, string s) => kind switch
    {
        ProblemKind.MissingSplit => $"missing or empty split{s}",
        ProblemKind.MissingFile => $"missing file{s}",
        ProblemKind.BrokenFile => $"file{s} that cannot be read",
        ProblemKind.SizeMismatch => $"file{s} of another size than the image",
        ProblemKind.UnknownLabel => $"mask{s} with labels that are no class",
        ProblemKind.NothingLabelled => $"mask{s} without a label",
        ProblemKind.Duplicate => $"duplicate{s}",
        ProblemKind.Rotated => $"turned image{s}",
        ProblemKind.WrongChecksum => $"PNG{s} with a wrong CRC",
        _ => $"image{s} of 16 bits",
    };
}
