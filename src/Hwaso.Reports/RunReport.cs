using Hwaso.Metrics;

namespace Hwaso.Reports;

/// <summary>Writes a run as one self-contained HTML page: styles, curves and pictures are inside.</summary>
public static class RunReport
{
    /// <summary>Writes the page; a page that exists is replaced only once the new one is complete.</summary>
    /// <param name="path">File to write, usually report.html in the run's folder, which is made if missing.</param>
    /// <param name="data">The run's data; curves, pictures and tables without data are left out.</param>
    /// <exception cref="ArgumentException">Classes, scores and pictures do not fit each other.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, RunReportData data) => Reports.Page.Write(path, Page(data));

    /// <summary>The page as text.</summary>
    /// <exception cref="ArgumentException">Classes, scores and pictures do not fit each other.</exception>
    public static string Page(RunReportData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        var scores = data.Scores ?? data.Validations.MaxBy(v => v.Scores.Miou ?? -1)?.Scores;
        Check(data, scores);
        var html = Reports.Page.Begin(data.Title);
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
        return Reports.Page.End(html);
    }

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
                        $"picture '{e.Name}': the {what} is {width}×{height}, the input {e.Input.Width}×{e.Input.Height}; "
                        + "they must be equal");
            }
        }
    }
}
