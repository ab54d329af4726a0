using Hwaso.Metrics;

namespace Hwaso.Reports;

/// <summary>Warnings about what the scores do not cover.</summary>
static class Warnings
{
    public static IReadOnlyList<string> Find(RunReportData data, Scores? scores)
    {
        var warnings = new List<string>(data.Warnings);
        var failed = data.Loss.Count(p => !double.IsFinite(p.Loss));
        if (failed > 0)
            warnings.Add($"The loss was not finite in {Format.Count(failed)} of {Format.Count(data.Loss.Count)} iterations.");
        if (scores is null)
            return warnings;
        if (scores.Pixels == 0)
            warnings.Add("No pixel was scored: every true label is the ignore label.");
        else
        {
            Classes("Not in the validation truth, so the scores say nothing about them", c => c.TruthPixels == 0);
            Classes("Never predicted though they occur", c => c.TruthPixels > 0 && c.PredictedPixels == 0);
        }
        if (scores.OutOfRangePixels > 0)
            warnings.Add($"{Format.Count(scores.OutOfRangePixels)} pixels were predicted as no class at all; they count as misses.");
        return warnings;

        void Classes(string what, Func<ClassScore, bool> wanted)
        {
            var names = data.Classes.Where((_, k) => wanted(scores.Classes[k])).Select(c => c.Name).ToList();
            if (names.Count > 0)
                warnings.Add($"{what}: {string.Join(", ", names)}.");
        }
    }

    public static void Write(Html html, IReadOnlyList<string> warnings)
    {
        if (warnings.Count == 0)
            return;
        html.Add($"""<aside class="warnings" aria-label="Warnings"><h2>Worth knowing</h2><ul>""");
        foreach (var warning in warnings)
            html.Add($"<li>{warning}</li>");
        html.Add($"</ul></aside>\n");
    }
}
