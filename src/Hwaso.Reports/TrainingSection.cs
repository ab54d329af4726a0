using Hwaso.Metrics;

namespace Hwaso.Reports;

/// <summary>The curves of the training.</summary>
static class TrainingSection
{
    public static void Write(Html html, RunReportData data)
    {
        var iterations = data.Loss.Select(p => p.Iteration).Concat(data.Validations.Select(v => v.Iteration))
            .Concat(data.Curves.SelectMany(c => c.Points).Select(p => p.Iteration)).ToList();
        if (iterations.Count == 0)
            return;
        // All curves share one axis, so that a validation stands under its loss.
        var x = Axis.Tight(iterations.Min(), iterations.Max());
        html.Add($"""<section id="training"><h2>Training</h2><div class="charts">""");
        if (data.Loss.Any(p => double.IsFinite(p.Loss)))
            Loss(data.Loss, x).Write(html);
        if (data.Validations.Count > 0)
            Validation(data.Validations, x).Write(html);
        foreach (var curve in data.Curves.Where(c => c.Points.Any(p => double.IsFinite(p.Value))))
            Own(curve, x).Write(html);
        if (data.Loss.Any(p => double.IsFinite(p.LearningRate)))
            LearningRate(data.Loss, x).Write(html);
        html.Add($"</div>");
        if (data.Validations.Count > 0)
            Table(html, data.Validations);
        html.Add($"</section>\n");
    }

    static LineChart Loss(IReadOnlyList<LossPoint> loss, Axis x)
    {
        var raw = loss.Select(p => ((double)p.Iteration, p.Loss)).ToList();
        var finite = loss.Where(p => double.IsFinite(p.Loss)).Select(p => p.Loss).Order().ToList();
        var smooth = Curve.Smooth(raw);
        // A few spikes must not press the curve flat: the axis ends above 99.5 % of the points and the whole smooth line.
        var top = Math.Max(finite[(int)((finite.Count - 1) * 0.995)], smooth.Max(p => p.Y));
        var y = Axis.Round(Math.Min(0, finite[0]), top);
        var above = finite.Count(v => v > y.High);
        var failed = loss.Count - finite.Count;
        var notes = new List<string>();
        if (above > 0)
            notes.Add($"{Format.Count(above)} of {Format.Count(loss.Count)} iterations {(above == 1 ? "lies" : "lie")} above the axis; "
                + $"the highest is {Format.Number(finite[^1])}.");
        if (failed > 0)
            notes.Add(failed == 1
                ? "1 iteration had no finite loss and is a gap."
                : $"{Format.Count(failed)} iterations had no finite loss and are gaps.");
        return new()
        {
            Title = "Loss",
            XTitle = "iteration",
            YTitle = "training loss",
            X = x,
            Y = y,
            FormatY = Format.Number,
            Series =
            [
                new("each iteration", "s1 faint", Curve.Thin(raw, 400), Listed: false),
                new("smoothed", "s1", Curve.Sample(smooth, 240)),
            ],
            Note = notes.Count == 0 ? null : string.Join(' ', notes),
        };
    }

    static LineChart Validation(IReadOnlyList<ValidationPoint> validations, Axis x)
    {
        List<(double X, double Y)> Points(Func<Scores, double?> score) =>
            [.. validations.Select(v => ((double)v.Iteration, 100 * score(v.Scores) ?? double.NaN))];
        var marked = validations.Count <= 60;
        return new()
        {
            Title = "Validation",
            XTitle = "iteration",
            YTitle = "%",
            X = x,
            Y = Axis.Round(0, 100),
            FormatY = value => value.ToString("0.##", System.Globalization.CultureInfo.InvariantCulture),
            Series =
            [
                new("pixel accuracy", "s2", Points(s => s.PixelAccuracy), marked),
                new("mIoU", "s1", Points(s => s.Miou), marked),
            ],
        };
    }

    static LineChart Own(ReportCurve curve, Axis x)
    {
        var finite = curve.Points.Where(p => double.IsFinite(p.Value)).Select(p => p.Value).ToArray();
        return new()
        {
            Title = curve.Title,
            XTitle = "iteration",
            YTitle = curve.Title,
            X = x,
            Y = Axis.Round(Math.Min(0, finite.Min()), finite.Max()),
            FormatY = Format.Number,
            Series = [new(curve.Title, "s1", [.. curve.Points.Select(p => ((double)p.Iteration, p.Value))], curve.Points.Count <= 60)],
        };
    }

    static LineChart LearningRate(IReadOnlyList<LossPoint> loss, Axis x)
    {
        var points = loss.Select(p => ((double)p.Iteration, p.LearningRate)).ToList();
        var highest = points.Where(p => double.IsFinite(p.LearningRate)).Max(p => p.LearningRate);
        return new()
        {
            Title = "Learning rate",
            XTitle = "iteration",
            YTitle = "learning rate",
            X = x,
            Y = Axis.Round(0, highest),
            FormatY = Format.Number,
            Series = [new("learning rate", "s3", Curve.Thin(points, 120))],
        };
    }

    static void Table(Html html, IReadOnlyList<ValidationPoint> validations)
    {
        html.Add($"""<details><summary>Validations as a table</summary><div class="scroll"><table><thead><tr><th scope="col">Epoch</th>""");
        html.Add($"""<th scope="col" class="n">Iteration</th><th scope="col" class="n">mIoU %</th>""");
        html.Add($"""<th scope="col" class="n">Pixel accuracy %</th>""");
        html.Add($"""<th scope="col" class="n">Mean accuracy %</th></tr></thead><tbody>""");
        foreach (var v in validations)
        {
            html.Add($"""<tr><th scope="row">{v.Epoch}</th><td class="n">{Format.Count(v.Iteration)}</td>""");
            html.Add($"""<td class="n">{Format.Percent(v.Scores.Miou, "0.00")}</td>""");
            html.Add($"""<td class="n">{Format.Percent(v.Scores.PixelAccuracy, "0.00")}</td>""");
            html.Add($"""<td class="n">{Format.Percent(v.Scores.MeanAccuracy, "0.00")}</td></tr>""");
        }
        html.Add($"</tbody></table></div></details>");
    }
}
