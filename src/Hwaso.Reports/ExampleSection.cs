using Hwaso.Imaging;

namespace Hwaso.Reports;

/// <summary>Pictures of input, truth, prediction and errors side by side.</summary>
static class ExampleSection
{
    const int Open = 4;

    public static void Write(Html html, RunReportData data)
    {
        if (data.Examples.Count == 0)
            return;
        html.Add($"""<section id="pictures"><h2>Pictures</h2>""");
        Legend(html, data);
        foreach (var group in data.Examples.GroupBy(e => e.Group))
        {
            if (group.Key is not null)
                html.Add($"<h3>{group.Key}</h3>");
            foreach (var example in group.Take(Open))
                Example(html, example, data);
            if (group.Count() <= Open)
                continue;
            html.Add($"""<details class="more"><summary>{group.Count() - Open} more</summary>""");
            foreach (var example in group.Skip(Open))
                Example(html, example, data);
            html.Add($"</details>");
        }
        html.Add($"</section>\n");
    }

    static void Example(Html html, ExamplePicture example, RunReportData data)
    {
        var factor = ReportPictures.Factor(example.Input.Width);
        var input = ReportPictures.Reduce(example.Input, factor);
        var prediction = ReportPictures.Reduce(example.Prediction, factor);
        var truth = example.Truth is null ? null : ReportPictures.Reduce(example.Truth, factor);
        html.Add($"""<figure class="card example"><figcaption><span class="name">{example.Name}</span>""");
        if (example.Miou is not null)
            html.Add($"""<span class="chip">mIoU {Format.Percent(example.Miou)} %</span>""");
        html.Add($"""</figcaption><div class="pictures {(truth is null ? "two" : "four")}">""");
        Picture(html, "Input", example.Name, input, PictureData.Photograph(input));
        if (truth is not null)
            Picture(html, "Truth", example.Name, input, PictureData.Labels(truth, data.Classes));
        Picture(html, "Prediction", example.Name, input, PictureData.Labels(prediction, data.Classes));
        if (truth is not null)
            Picture(html, "Errors", example.Name, input,
                PictureData.Photograph(ReportPictures.Errors(input, truth, prediction, data.Ignore)));
        foreach (var (kind, depth) in new[] { ("Depth", example.Depth), ("True depth", example.TrueDepth) })
            if (depth is not null && ReportPictures.Reduce(depth, factor) is var small)
                Picture(html, kind, example.Name, small, PictureData.Photograph(small));
        html.Add($"</div></figure>\n");
    }

    static void Picture(Html html, string kind, string name, RgbImage size, Markup source)
    {
        html.Add($"""<div class="picture"><img alt="{kind} of {name}" width="{size.Width}" height="{size.Height}" """);
        html.Add($"""src="{source}"><span>{kind}</span></div>""");
    }

    static void Legend(Html html, RunReportData data)
    {
        var seen = new bool[256];
        foreach (var example in data.Examples)
        {
            foreach (var label in example.Prediction.Labels)
                seen[label] = true;
            foreach (var label in example.Truth?.Labels ?? [])
                seen[label] = true;
        }
        html.Add($"""<ul class="legend" aria-label="Colours">""");
        for (var k = 0; k < data.Classes.Count; k++)
            if (seen[k])
                html.Add($"<li>{ClassSection.Swatch(data.Classes[k])}{data.Classes[k].Name}</li>");
        if (seen.AsSpan(data.Classes.Count).Contains(true))
            Colour(html, ReportPictures.Unlabelled, "not scored");
        if (data.Examples.Any(e => e.Truth is not null))
            Colour(html, ReportPictures.Wrong, "error");
        html.Add($"</ul>");
    }

    static void Colour(Html html, (byte R, byte G, byte B) colour, string name) =>
        html.Add($"""<li><i class="swatch" style="background:rgb({colour.R},{colour.G},{colour.B})"></i>{name}</li>""");
}
