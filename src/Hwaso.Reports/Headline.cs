using Hwaso.Metrics;

namespace Hwaso.Reports;

/// <summary>The title and the main figures.</summary>
static class Headline
{
    const double Gi = 1L << 30, LeastInGi = 1L << 20;

    public static void Write(Html html, RunReportData data, Scores? scores)
    {
        Brand(html, "Hwaso run report");
        html.Add($"""<h1>{data.Title}</h1>""");
        if (data.Subtitle is not null)
            html.Add($"""<p class="subtitle">{data.Subtitle}</p>""");
        if (data.Finished is { } finished)
            html.Add($"""<p class="when"><time datetime="{finished:yyyy-MM-ddTHH:mm:sszzz}">{finished:d MMMM yyyy, HH:mm}</time></p>""");
        html.Add($"""</header><dl class="figures">""");
        if (scores is not null)
        {
            var absent = scores.Classes.Count(c => c.Iou is null);
            var note = data.Validations.Where(v => ReferenceEquals(v.Scores, scores)).Select(v => $"epoch {v.Epoch}").FirstOrDefault();
            if (absent > 0)
                note = $"{(note is null ? "" : note + ", ")}{scores.Classes.Count - absent} of {scores.Classes.Count} classes";
            Figure(html, "mIoU", Format.Percent(scores.Miou), "%", note, "main");
            Figure(html, "Pixel accuracy", Format.Percent(scores.PixelAccuracy), "%", $"{Format.Short(scores.Pixels)} pixels");
            if (scores.ForegroundIou is not null)
                Figure(html, "Foreground IoU", Format.Percent(scores.ForegroundIou), "%", "without background");
        }
        if (data.Cityscapes is { } cityscapes)
            Figure(html, "Category mIoU", Format.Percent(cityscapes.CategoryMiou), "%",
                $"iIoU {Format.Percent(cityscapes.InstanceIou)} %, of categories {Format.Percent(cityscapes.CategoryInstanceIou)} %");
        foreach (var (index, figure) in data.Headline.Index())
            Figure(html, figure.Name, figure.Value, figure.Unit, figure.Note, index == 0 && scores is null ? "main" : "plain");
        Run(html, data.Figures);
        html.Add($"</dl>\n");
    }

    static void Run(Html html, RunFigures run)
    {
        if (run.Parameters is { } parameters)
            Split(html, "Parameters", Format.Short(parameters), Format.Count(parameters));
        if (run.MultiplyAdds is { } multiplyAdds)
        {
            // The unit of profile and compare: the field divides by 2^30.
            var small = multiplyAdds < LeastInGi;
            Figure(html, "Multiply-adds", small ? Format.Count(multiplyAdds) : Format.Number(multiplyAdds / Gi), small ? null : "× 2³⁰",
                run.InputSize is null ? null : $"at {run.InputSize}");
        }
        if (run.TrainingTime is { } time)
            Figure(html, "Training time", Format.Duration(time), null, run.Device);
        if (run.ImagesPerSecond is { } speed)
            Figure(html, "Speed", Format.Number(speed), "images/s", run.TrainingTime is null ? run.Device : "in training");
        if (run.Device is not null && run.TrainingTime is null && run.ImagesPerSecond is null)
            Figure(html, "Device", run.Device, null, null);
    }

    static void Split(Html html, string name, string value, string? note)
    {
        var parts = value.Split(' ');
        Figure(html, name, parts[0], parts.Length > 1 ? parts[1] : null, note);
    }

    /// <summary>Opens the header with the logo and the kind of page.</summary>
    public static void Brand(Html html, string what)
    {
        html.Add($"""<header><p class="brand"><svg viewBox="0 0 16 16" aria-hidden="true">""");
        html.Add($"""<rect class="a" x="0" y="0" width="7" height="7" rx="1.5"/>""");
        html.Add($"""<rect class="b" x="9" y="0" width="7" height="7" rx="1.5"/>""");
        html.Add($"""<rect class="c" x="0" y="9" width="7" height="7" rx="1.5"/>""");
        html.Add($"""<rect class="d" x="9" y="9" width="7" height="7" rx="1.5"/></svg>{what}</p>""");
    }

    /// <summary>One figure with its unit and a note.</summary>
    public static void Figure(Html html, string name, string value, string? unit, string? note, string style = "plain")
    {
        html.Add($"""<div class="{style}"><dt>{name}</dt><dd>{value}""");
        if (unit is not null)
            html.Add($"""<small> {unit}</small>""");
        html.Add($"</dd>");
        if (note is not null)
            html.Add($"""<dd class="note">{note}</dd>""");
        html.Add($"</div>");
    }
}
