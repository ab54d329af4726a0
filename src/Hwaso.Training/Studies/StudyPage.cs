using System.Globalization;
using Hwaso.Metrics;
using Hwaso.Reports;

namespace Hwaso.Training.Studies;

/// <summary>A study's table as one HTML page: the table, each run as a dot, and links to the runs' own pages.</summary>
static class StudyPage
{
    const string Css = """

        .study th, .study td { white-space: normal; vertical-align: top; }
        .study thead th { max-width: 150px; }
        .study td.n { white-space: nowrap; }
        .spread { padding: 16px 18px 8px; }
        .spread .row { display: grid; grid-template-columns: minmax(110px, 230px) 1fr; gap: 16px; align-items: center; font-size: 14px; }
        .spread .row > span:first-child { overflow-wrap: anywhere; }
        .spread .lane { position: relative; height: 30px; margin: 0 10px; border-bottom: 1px solid var(--grid); }
        .spread .lane i { position: absolute; }
        .spread .line { top: 5px; bottom: -1px; width: 1px; background: var(--grid); }
        .spread .whisker { top: 14px; height: 3px; background: var(--s1); border-radius: 2px; min-width: 3px; }
        .spread .mean { top: 6px; height: 19px; width: 3px; margin-left: -1px; background: var(--s1); border-radius: 2px; }
        .spread .dot { top: 11px; width: 9px; height: 9px; margin-left: -4.5px; border-radius: 50%; background: var(--s1); opacity: 0.45; }
        .spread .paper { top: 10px; width: 10px; height: 10px; margin-left: -5px; background: var(--s2); transform: rotate(45deg); }
        .spread .ends { position: relative; height: 24px; margin: 0 10px; font-size: 12px; color: var(--soft); }
        .spread .ends span { position: absolute; top: 4px; transform: translateX(-50%); }
        .spread .keys i { position: static; display: inline-block; margin: 0 7px 0 0; }
        .notes { margin-top: 16px; font-size: 14px; color: var(--soft); }
        .notes li + li { margin-top: 4px; }

        """;

    public static string Of(StudyFolder folder, StudyTable table)
    {
        var html = new Html();
        var study = table.Study;
        html.Add($"""<!DOCTYPE html>{Break}<html lang="en"><head><meta charset="utf-8">""");
        html.Add($"""<meta name="viewport" content="width=device-width, initial-scale=1">""");
        html.Add($"""<meta name="color-scheme" content="light dark"><meta name="generator" content="Hwaso">""");
        html.Add($"""<title>{study.Title} · Hwaso</title>{Break}<style>{new Markup(ReportStyle.Css + Css)}</style></head>""");
        html.Add($"""<body><main>{Break}<header><p class="brand">Hwaso study{(study.IsSmall ? ", small form" : "")}</p>""");
        html.Add($"""<h1>{study.Title}</h1></header>""");
        Table(html, table);
        html.Add($"""<ul class="notes">""");
        foreach (var note in StudyFiles.Notes(table))
            html.Add($"<li>{note}</li>");
        html.Add($"</ul>");
        foreach (var measure in study.Measures)
            Spreads(html, table, measure);
        Runs(html, folder, table);
        html.Add($"</main></body></html>{Break}");
        return html.ToString();
    }

    static Markup Break { get; } = new("\n");

    static void Table(Html html, StudyTable table)
    {
        html.Add($"""<section id="table"><h2>Table</h2><div class="card scroll"><table class="study"><thead><tr>""");
        foreach (var (head, c) in table.Heads.Select((h, c) => (h, c)))
            html.Add($"""<th scope="col"{Number(c)}>{head}</th>""");
        html.Add($"</tr></thead><tbody>");
        foreach (var row in table.Rows)
        {
            html.Add($"<tr>");
            foreach (var (cell, c) in table.Cells(row).Select((cell, c) => (cell, c)))
                html.Add($"<td{Number(c)}>{cell}</td>");
            html.Add($"</tr>");
        }
        html.Add($"</tbody></table></div></section>\n");
    }

    static Markup Number(int column) => new(column == 0 ? "" : " class=\"n\"");

    static void Spreads(Html html, StudyTable table, Measure measure)
    {
        var published = !table.Study.IsSmall;
        var values = table.Rows.SelectMany(r => r.Of(measure).Values).ToList();
        if (published)
            values.AddRange(table.Rows.Select(r => r.Variant.Published.Scores)
                .Where(s => s.ContainsKey(measure.Name)).Select(s => s[measure.Name]));
        if (values.Count == 0)
            return;
        // At least a point wide: differences in the second digit are not to look like mountains.
        var (low, high) = (100 * values.Min(), 100 * values.Max());
        var pad = Math.Max(0, 1 - (high - low)) / 2;
        var axis = Axis.Round(low - pad, high + pad);
        double At(double share) => 100 * axis.At(100 * share);
        html.Add($"""<section><h2>{measure.Title}, run by run</h2><div class="card spread"><ul class="keys">""");
        html.Add($"""<li><i class="dot"></i>a run</li><li><i class="mean" style="display:inline-block;vertical-align:-5px"></i>""");
        html.Add($"mean and standard deviation</li>");
        if (published && table.Rows.Any(r => r.Variant.Published.Scores.ContainsKey(measure.Name)))
            html.Add($"""<li><i class="paper"></i>published</li>""");
        html.Add($"</ul>");
        foreach (var row in table.Rows)
        {
            html.Add($"""<div class="row"><span>{row.Variant.Name}</span><div class="lane">""");
            foreach (var tick in axis.Ticks)
                html.Add($"""<i class="line" style="left:{100 * axis.At(tick):0.##}%"></i>""");
            var spread = row.Of(measure);
            if (spread is { Mean: { } mean, Deviation: { } deviation })
            {
                var (left, right) = (At(mean - deviation), At(mean + deviation));
                html.Add($"""<i class="whisker" style="left:{left:0.##}%;width:{right - left:0.##}%"></i>""");
            }
            foreach (var value in spread.Values)
                html.Add($"""<i class="dot" title="{Format.Percent(value, "0.00")} %" style="left:{At(value):0.##}%"></i>""");
            if (spread.Mean is { } middle)
                html.Add($"""<i class="mean" style="left:{At(middle):0.##}%"></i>""");
            if (published && row.Variant.Published.Scores.TryGetValue(measure.Name, out var paper))
                html.Add($"""<i class="paper" title="published: {Format.Percent(paper, "0.00")} %" style="left:{At(paper):0.##}%"></i>""");
            html.Add($"</div></div>");
        }
        html.Add($"""<div class="row"><span class="note">%</span><div class="ends">""");
        foreach (var tick in axis.Ticks)
            html.Add($"""<span style="left:{100 * axis.At(tick):0.##}%">{tick.ToString("0.##", CultureInfo.InvariantCulture)}</span>""");
        html.Add($"</div></div></div></section>\n");
    }

    static void Runs(Html html, StudyFolder folder, StudyTable table)
    {
        html.Add($"""<section id="runs"><h2>Runs</h2><div class="card scroll"><table><thead><tr><th scope="col">Variant</th>""");
        html.Add($"""<th scope="col" class="n">Seed</th>""");
        foreach (var measure in table.Study.Measures)
            html.Add($"""<th scope="col" class="n">{measure.Title} %</th>""");
        html.Add($"""<th scope="col" class="n">Steps</th><th scope="col" class="n">Best epoch</th>""");
        html.Add($"""<th scope="col" class="n">Training time</th><th scope="col">Page</th></tr></thead><tbody>""");
        foreach (var row in table.Rows)
            foreach (var run in row.Runs)
            {
                html.Add($"""<tr><td>{row.Variant.Name}</td><td class="n">{run.Seed}</td>""");
                foreach (var measure in table.Study.Measures)
                {
                    double? score = run.Scores.TryGetValue(measure.Name, out var value) ? value : null;
                    html.Add($"""<td class="n">{Format.Percent(score, "0.00")}</td>""");
                }
                var page = Path.GetRelativePath(folder.Root, folder.Run(row.Variant, run.Seed).Report);
                var address = string.Join('/', page.Split(Path.DirectorySeparatorChar).Select(Uri.EscapeDataString));
                html.Add($"""<td class="n">{Format.Count(run.Step)}</td><td class="n">{run.BestEpoch}</td>""");
                html.Add($"""<td class="n">{Format.Duration(TimeSpan.FromSeconds(run.Seconds ?? 0))}</td>""");
                html.Add($"""<td><a href="{address}">report</a></td></tr>""");
            }
        html.Add($"</tbody></table></div></section>\n");
    }
}
