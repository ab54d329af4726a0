using System.Globalization;
using System.Text.Json.Nodes;
using Hwaso.Metrics;
using Hwaso.Recipes;
using Hwaso.Reports;
using Hwaso.Training.Loop;

namespace Hwaso.Training.Studies;

/// <summary>A study's table: published and measured side by side.</summary>
/// <param name="Study">The study.</param>
/// <param name="Seeds">Runs that each variant is to have.</param>
/// <param name="Rows">The variants in order.</param>
/// <param name="Teacher">How far the depth of the study's teacher is from the truth; null where it has none.</param>
public sealed record StudyTable(Study Study, int Seeds, IReadOnlyList<StudyRow> Rows, DepthError? Teacher = null)
{
    const double Gi = 1L << 30;

    /// <summary>The heads of the columns, the first that of the names.</summary>
    public IReadOnlyList<string> Heads => [.. Cells().Select(c => c.Head)];

    /// <summary>The cells of a row, one a column.</summary>
    public IReadOnlyList<string> Cells(StudyRow row) => [.. Cells().Select(c => c.Of(row))];

    /// <summary>The table as Markdown, its columns aligned so that it can be read as it is.</summary>
    public string ToMarkdown() => MarkdownTable.Text(Heads, [.. Rows.Select(Cells)]);

    /// <summary>
    /// The table's rows for programs: <c>name</c>, <c>parameters</c>, <c>macs</c>, each measure's mean with <c>_deviation</c> and
    /// <c>_values</c>, and <c>published</c>.
    /// </summary>
    public JsonArray ToJson() => [.. Rows.Select(row =>
    {
        var json = new JsonObject
        {
            ["name"] = row.Variant.Name,
            ["seeds"] = new JsonArray([.. row.Runs.Select(r => (JsonNode)r.Seed)]),
            ["parameters"] = row.Parameters,
            ["macs"] = row.Macs,
            ["input"] = new JsonArray(row.Input.Height, row.Input.Width),
        };
        foreach (var measure in Study.Measures)
            Put(json, measure.Name, row.Of(measure));
        if (BaselineOf(row) is { } baseline)
        {
            json["against"] = baseline.Variant.Name;
            Put(json, "difference", row.Above(baseline, Study.Measures[0]));
        }
        json["seconds"] = Spread.Of(row.Runs.Where(r => r.Seconds is not null).Select(r => r.Seconds!.Value)).Mean;
        var published = new JsonObject();
        foreach (var (name, value) in row.Variant.Published.Scores)
            published[name] = value;
        var paper = row.Variant.Published;
        foreach (var (name, value) in new[] { ("parameters", paper.Parameters), ("macs", paper.Macs), ("difference", PublishedAbove(row)) })
            if (value is not null)
                published[name] = value;
        json["published"] = published;
        return (JsonNode)json;
    })];

    static void Put(JsonObject json, string name, Spread spread)
    {
        json[name] = spread.Mean;
        json[name + "_deviation"] = spread.Deviation;
        json[name + "_values"] = new JsonArray([.. spread.Values.Select(v => (JsonNode)v)]);
    }

    List<(string Head, Func<StudyRow, string> Of)> Cells()
    {
        var cells = new List<(string, Func<StudyRow, string>)> { ("variant", r => r.Variant.Name) };
        if (Rows.Any(r => r.Variant.Published.Parameters is not null))
            cells.Add(("parameters (M), published", r => Number(r.Variant.Published.Parameters / 1e6, "0.0")));
        cells.Add(("parameters (M)", r => Number(r.Parameters / 1e6, r.Parameters < 10_000_000 ? "0.000" : "0.0")));
        if (Rows.Any(r => r.Variant.Published.Macs is not null))
            cells.Add(("multiply-adds (2^30), published", r => Number(r.Variant.Published.Macs / Gi, "0.000")));
        cells.Add(("multiply-adds (2^30)", r => Number(r.Macs / Gi, "0.000")));
        foreach (var measure in Study.Measures)
        {
            if (Rows.Any(r => r.Variant.Published.Scores.ContainsKey(measure.Name)))
                cells.Add(($"{measure.Title} %, published", r => Percent(PublishedOf(r, measure))));
            cells.Add(($"{measure.Title} %", r => WithSpread(r.Of(measure), signed: false)));
        }
        var baselines = Rows.Select(BaselineOf).OfType<StudyRow>().Distinct().ToArray();
        if (baselines.Length > 0)
        {
            var head = baselines is [var only] ? $"against {only.Variant.Name}" : "against";
            // Where rows have baselines of their own, each says which.
            string Named(string text, StudyRow baseline) => baselines.Length > 1 ? $"{text} ({baseline.Variant.Name})" : text;
            string Above(StudyRow row) => BaselineOf(row) is { } baseline
                ? Named(WithSpread(row.Above(baseline, Study.Measures[0]), signed: true), baseline) : Format.Missing;
            if (Rows.Any(r => PublishedAbove(r) is not null))
                cells.Add(($"{head}, published", r => Signed(PublishedAbove(r))));
            cells.Add((head, Above));
        }
        cells.Add(("runs", r => r.Runs.Count.ToString(CultureInfo.InvariantCulture)));
        return cells;
    }

    StudyRow? BaselineOf(StudyRow row) => row.Variant.Against is { } name ? Rows.First(r => r.Variant.Name == name) : null;

    double? PublishedAbove(StudyRow row)
    {
        if (BaselineOf(row) is not { } baseline)
            return null;
        var measure = Study.Measures[0];
        return row.Variant.Published.Difference ?? PublishedOf(row, measure) - PublishedOf(baseline, measure);
    }

    static double? PublishedOf(StudyRow row, Measure measure) =>
        row.Variant.Published.Scores.TryGetValue(measure.Name, out var value) ? value : null;

    static string WithSpread(Spread spread, bool signed)
    {
        var mean = signed ? Signed(spread.Mean) : Percent(spread.Mean);
        return spread.Deviation is { } deviation ? $"{mean} ± {Percent(deviation)}" : mean;
    }

    static string Percent(double? share) => Format.Percent(share, "0.00");

    static string Signed(double? share) => Format.Percent(share, "+0.00;−0.00;0.00");

    static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? Format.Missing;
}

/// <summary>A variant with what came out.</summary>
/// <param name="Variant">The variant.</param>
/// <param name="Parameters">Learnable parameters of what is deployed.</param>
/// <param name="Macs">Its multiply-adds for one image: convolution and linear layers.</param>
/// <param name="Input">The image size of <paramref name="Macs"/>.</param>
/// <param name="Runs">The runs that are finished, by seed.</param>
public sealed record StudyRow(StudyVariant Variant, long Parameters, long Macs, SizePx Input, IReadOnlyList<RunSummary> Runs)
{
    /// <summary>A score over the finished runs.</summary>
    public Spread Of(Measure measure) => Spread.Of(Runs.Where(r => r.Scores.ContainsKey(measure.Name)).Select(r => r.Scores[measure.Name]));

    /// <summary>By how much a score is above another row's, seed by seed.</summary>
    public Spread Above(StudyRow other, Measure measure) => Spread.Of(
        from run in Runs
        join theirs in other.Runs on run.Seed equals theirs.Seed
        where run.Scores.ContainsKey(measure.Name) && theirs.Scores.ContainsKey(measure.Name)
        select run.Scores[measure.Name] - theirs.Scores[measure.Name]);
}

/// <summary>Mean and standard deviation of a few values.</summary>
/// <param name="Values">The values.</param>
/// <param name="Mean">Their mean; null of none.</param>
/// <param name="Deviation">Their sample standard deviation (over n − 1); null of fewer than two.</param>
public sealed record Spread(IReadOnlyList<double> Values, double? Mean, double? Deviation)
{
    /// <summary>The spread of values.</summary>
    public static Spread Of(IEnumerable<double> values)
    {
        var list = values.ToArray();
        if (list.Length == 0)
            return new Spread(list, null, null);
        var mean = list.Average();
        return new Spread(list, mean, list.Length < 2 ? null : Math.Sqrt(list.Sum(v => (v - mean) * (v - mean)) / (list.Length - 1)));
    }
}
