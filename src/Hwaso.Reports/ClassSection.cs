using Hwaso.Data;
using Hwaso.Metrics;

namespace Hwaso.Reports;

/// <summary>The table of classes and, where there are any, that of categories.</summary>
static class ClassSection
{
    public static void Write(Html html, RunReportData data, Scores scores)
    {
        var instances = data.Cityscapes?.Classes.Any(c => c.InstanceIou is not null) == true;
        html.Add($"""<section id="classes"><h2>Classes</h2><div class="card scroll"><table class="sortable classes"><thead><tr>""");
        html.Add($"""<th scope="col">Class</th><th scope="col" class="bar">IoU %</th>""");
        if (instances)
            html.Add($"""<th scope="col" class="n"><abbr title="IoU with every object weighing the same">iIoU</abbr> %</th>""");
        html.Add($"""<th scope="col" class="n">""");
        html.Add($"""<abbr title="Share of the class's pixels that were found (recall)">Accuracy</abbr> %</th>""");
        html.Add($"""<th scope="col" class="n">""");
        html.Add($"""<abbr title="Share of the pixels predicted as the class that are right">Precision</abbr> %</th>""");
        html.Add($"""<th scope="col" class="n">Pixels</th><th scope="col" class="n">Share %</th></tr></thead><tbody>""");
        for (var k = 0; k < scores.Classes.Count; k++)
            Row(html, data.Classes[k], scores.Classes[k], scores.Pixels, instances, InstanceIou(data, k));
        html.Add($"""</tbody><tfoot><tr><th scope="row">Mean</th>{Bar(scores.Miou)}""");
        if (instances)
            html.Add($"""<td class="n">{Format.Percent(data.Cityscapes?.InstanceIou)}</td>""");
        html.Add($"""<td class="n">{Format.Percent(scores.MeanAccuracy)}</td>""");
        html.Add($"""<td class="n">{Format.Percent(scores.Classes.Average(c => c.Precision))}</td>""");
        html.Add($"""<td class="n">{Format.Count(scores.Pixels)}</td><td class="n">100</td></tr></tfoot></table></div>""");
        if (data.Cityscapes is not null)
            Categories(html, data.Cityscapes);
        html.Add($"</section>\n");
    }

    static double? InstanceIou(RunReportData data, int k) =>
        data.Cityscapes is { } c && k < c.Classes.Count ? c.Classes[k].InstanceIou : null;

    static void Row(Html html, ClassEntry info, ClassScore score, long pixels, bool instances, double? instanceIou)
    {
        html.Add($"""<tr><th scope="row">{Swatch(info)}{info.Name}</th>{Bar(score.Iou)}""");
        if (instances)
            html.Add($"""<td class="n">{Format.Percent(instanceIou)}</td>""");
        html.Add($"""<td class="n">{Format.Percent(score.Recall)}</td><td class="n">{Format.Percent(score.Precision)}</td>""");
        html.Add($"""<td class="n">{Format.Count(score.TruthPixels)}</td>""");
        html.Add($"""<td class="n">{Format.Percent(pixels == 0 ? null : (double)score.TruthPixels / pixels, "0.00")}</td></tr>""");
        html.Add($"\n");
    }

    static void Categories(Html html, CityscapesScores scores)
    {
        html.Add($"""<h3>Categories</h3><div class="card scroll"><table class="classes"><thead><tr><th scope="col">Category</th>""");
        html.Add($"""<th scope="col" class="bar">IoU %</th><th scope="col" class="n">iIoU %</th></tr></thead><tbody>""");
        foreach (var c in scores.Categories)
            html.Add($"""<tr><th scope="row">{c.Name}</th>{Bar(c.Iou)}<td class="n">{Format.Percent(c.InstanceIou)}</td></tr>""");
        html.Add($"""</tbody><tfoot><tr><th scope="row">Mean</th>{Bar(scores.CategoryMiou)}""");
        html.Add($"""<td class="n">{Format.Percent(scores.CategoryInstanceIou)}</td></tr></tfoot></table></div>""");
    }

    /// <summary>A share as a bar and in percent.</summary>
    public static Markup Bar(double? share)
    {
        var html = new Html();
        html.Add($"""<td class="bar" data-v="{share ?? -1:0.######}"><span class="track">""");
        html.Add($"""<span class="fill" style="width:{100 * (share ?? 0):0.##}%"></span></span>""");
        html.Add($"""<span class="v">{Format.Percent(share)}</span></td>""");
        return html.ToMarkup();
    }

    /// <summary>A small square in the class's colour.</summary>
    public static Markup Swatch(ClassEntry info) =>
        new Html().Add($"""<i class="swatch" style="background:rgb({info.R},{info.G},{info.B})"></i>""").ToMarkup();
}
