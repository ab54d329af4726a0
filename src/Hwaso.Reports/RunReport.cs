using Hwaso.Metrics;

namespace Hwaso.Reports;

/// <summary>Writes a run as one HTML page that needs nothing but itself: styles, curves and pictures are inside.</summary>
public static class RunReport
{
    /// <summary>Writes the page; a page that is there already is replaced only once the new one is complete.</summary>
    /// <param name="path">File to write, usually report.html in the run's folder, which is made if missing.</param>
    /// <param name="data">What to show; curves, pictures and tables without data are left out.</param>
    /// <exception cref="ArgumentException">Classes, scores and pictures do not fit each other.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, RunReportData data)
    {
        PageFile.Write(path, Page(data));
    }

    /// <summary>The page as text.</summary>
    /// <exception cref="ArgumentException">Classes, scores and pictures do not fit each other.</exception>
    public static string Page(RunReportData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        var scores = data.Scores ?? data.Validations.MaxBy(v => v.Scores.Miou ?? -1)?.Scores;
        Check(data, scores);
        var html = new Html();
        html.Add($"""<!DOCTYPE html>{Break}<html lang="en"><head><meta charset="utf-8">""");
        html.Add($"""<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">""");
        html.Add($"""<meta name="generator" content="Hwaso"><title>{data.Title} · Hwaso</title>{Break}<style>{new Markup(ReportStyle.Css)}</style>""");
        html.Add($"</head><body><main>{Break}");
        Headline.Write(html, data, scores);
        Warnings.Write(html, Warnings.Find(data, scores));
        ExampleSection.Write(html, data);
        TrainingSection.Write(html, data);
        if (scores is not null)
            ClassSection.Write(html, data, scores);
        if (data.Confusion is not null)
            ConfusionSection.Write(html, data.Confusion, data.Classes);
        foreach (var section in data.Sections)
            section.Write(html);
        Recipe(html, data.Recipe);
        html.Add($"""</main><script>{new Markup(ReportScript.Js)}</script></body></html>{Break}""");
        return html.ToString();
    }

    static Markup Break { get; } = new("\n");

    static void Recipe(Html html, IReadOnlyList<KeyValuePair<string, string>> recipe)
    {
        if (recipe.Count == 0)
            return;
        html.Add($"""<section id="recipe"><h2>Recipe</h2><dl class="card recipe">""");
        foreach (var (name, value) in recipe)
            html.Add($"<div><dt>{name}</dt><dd>{value}</dd></div>");
        html.Add($"</dl></section>\n");
    }

    static void Check(RunReportData data, Scores? scores)
    {
        var k = data.Classes.Count;
        if (k > 256 || (k == 0 && (scores is not null || data.Confusion is not null || data.Examples.Count > 0)))
            throw new ArgumentException($"a report about {k} classes: 1 to 256 were wanted");
        if (scores is not null && scores.Classes.Count != k)
            throw new ArgumentException($"a report about {k} classes with scores of {scores.Classes.Count}");
        if (data.Confusion is not null && data.Confusion.Classes != k)
            throw new ArgumentException($"a report about {k} classes with a confusion matrix of {data.Confusion.Classes}");
        foreach (var e in data.Examples)
        {
            Size("prediction", e.Prediction.Width, e.Prediction.Height);
            if (e.Truth is not null)
                Size("truth", e.Truth.Width, e.Truth.Height);

            void Size(string what, int width, int height)
            {
                if (width != e.Input.Width || height != e.Input.Height)
                    throw new ArgumentException(
                        $"picture '{e.Name}': the {what} is {width}×{height}, the input {e.Input.Width}×{e.Input.Height}; they must be equal");
            }
        }
    }
}
