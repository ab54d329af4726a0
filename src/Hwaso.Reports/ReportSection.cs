using Hwaso.Imaging;

namespace Hwaso.Reports;

/// <summary>A section of a report that a task fills: charts, pictures, then a table.</summary>
/// <param name="Title">Its heading.</param>
public sealed record ReportSection(string Title)
{
    /// <summary>Pictures with a caption each, drawn over with whatever the task found in them.</summary>
    public IReadOnlyList<(string Caption, RgbImage Image)> Pictures { get; init; } = [];

    /// <summary>Charts, above the pictures.</summary>
    public IReadOnlyList<ReportChart> Charts { get; init; } = [];

    /// <summary>The heads of the table's columns; empty for no table.</summary>
    public IReadOnlyList<string> Heads { get; init; } = [];

    /// <summary>The table's rows, each a cell a column.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Rows { get; init; } = [];

    /// <summary>Writes the section.</summary>
    /// <exception cref="ArgumentException">A row has another number of cells than the table has columns.</exception>
    internal void Write(Html html)
    {
        html.Add($"""<section><h2>{Title}</h2>""");
        if (Charts.Count > 0)
        {
            html.Add($"""<div class="charts">""");
            foreach (var chart in Charts)
                chart.Write(html);
            html.Add($"</div>");
        }
        if (Pictures.Count > 0)
        {
            // Two cards a row, each filled by its picture: on a page of the usual width nothing is shown smaller than it was drawn.
            html.Add($"""<div class="gallery">""");
            foreach (var (caption, image) in Pictures)
            {
                var small = ReportPictures.Reduce(image, ReportPictures.Factor(image.Width));
                html.Add($"""<figure class="card example"><figcaption><span class="name">{caption}</span></figcaption>""");
                html.Add($"""<div class="picture"><img alt="{caption}" width="{small.Width}" height="{small.Height}" """);
                html.Add($"""src="{PictureData.Photograph(small)}"></div></figure>""");
            }
            html.Add($"</div>");
        }
        if (Heads.Count > 0)
            Table(html);
        html.Add($"</section>\n");
    }

    void Table(Html html)
    {
        html.Add($"""<div class="card scroll"><table><thead><tr>""");
        foreach (var head in Heads)
            html.Add($"""<th scope="col">{head}</th>""");
        html.Add($"</tr></thead><tbody>");
        foreach (var row in Rows)
        {
            if (row.Count != Heads.Count)
                throw new ArgumentException(
                    $"section '{Title}': a row has {row.Count} cells, the table {Heads.Count} columns; they must be equal");
            html.Add($"<tr>");
            foreach (var cell in row)
                html.Add($"<td>{cell}</td>");
            html.Add($"</tr>");
        }
        html.Add($"</tbody></table></div>");
    }
}

/// <summary>A figure at the top of a report.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">Its value, as it is shown.</param>
/// <param name="Unit">Its unit; null for none.</param>
/// <param name="Note">A few words below it; null for none.</param>
public sealed record ReportFigure(string Name, string Value, string? Unit = null, string? Note = null);

/// <summary>A chart of lines with axes of its own; no iterations.</summary>
/// <param name="Title">Its title.</param>
/// <param name="XTitle">What stands along the lower edge.</param>
/// <param name="YTitle">What stands along the left edge.</param>
/// <param name="Lines">Names and points of at most three lines, in order of x; a y that is not finite is a gap.</param>
public sealed record ReportChart(
    string Title, string XTitle, string YTitle, IReadOnlyList<(string Name, IReadOnlyList<(double X, double Y)> Points)> Lines)
{
    internal void Write(Html html)
    {
        var points = Lines.SelectMany(l => l.Points).Where(p => double.IsFinite(p.Y)).ToArray();
        if (points.Length == 0)
            return;
        new LineChart
        {
            Title = Title,
            XTitle = XTitle,
            YTitle = YTitle,
            X = Axis.Round(points.Min(p => p.X), points.Max(p => p.X)),
            Y = Axis.Round(Math.Min(0, points.Min(p => p.Y)), points.Max(p => p.Y)),
            FormatY = Format.Number,
            Series = [.. Lines.Select((line, k) => new ChartSeries(line.Name, $"s{k + 1}", line.Points))],
        }.Write(html);
    }
}

/// <summary>A curve over the iterations of a run.</summary>
/// <param name="Title">Its title.</param>
/// <param name="Points">Iterations and values, in order; a value that is not finite is a gap.</param>
public sealed record ReportCurve(string Title, IReadOnlyList<(long Iteration, double Value)> Points);
