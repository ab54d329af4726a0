using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Hwaso.Reports;

/// <summary>
/// A line chart: lines are SVG stretched to the space there is, texts are HTML beside it and keep their size on any screen.
/// </summary>
sealed record LineChart
{
    public required string Title { get; init; }

    public required string XTitle { get; init; }

    public required string YTitle { get; init; }

    public required Axis X { get; init; }

    public required Axis Y { get; init; }

    public required IReadOnlyList<ChartSeries> Series { get; init; }

    public required Func<double, string> FormatY { get; init; }

    public string? Note { get; init; }

    public void Write(Html html)
    {
        var listed = Series.Where(s => s.Listed).ToList();
        html.Add($"""<figure class="card chart" data-chart="{Data(listed)}"><figcaption><h3>{Title}</h3>""");
        if (Series.Count > 1)
        {
            html.Add($"""<ul class="keys">""");
            foreach (var series in Series)
                html.Add($"""<li><i class="key {series.Style}"></i>{series.Name}</li>""");
            html.Add($"</ul>");
        }
        html.Add($"""</figcaption><p class="axis-title">{YTitle}</p><div class="frame"><div class="plot" tabindex="0" """);
        html.Add($"""role="img" aria-label="{Summary(listed)}">""");
        html.Add($"""<svg viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true">""");
        foreach (var tick in Y.Ticks)
            html.Add($"""<line class="grid" x1="0" x2="1000" y1="{Down(tick)}" y2="{Down(tick)}"/>""");
        foreach (var series in Series)
        {
            html.Add($"""<path class="line {series.Style}" d="{Path(series.Points)}"/>""");
            if (series.Marked)
                html.Add($"""<path class="dots {series.Style}" d="{Dots(series.Points)}"/>""");
        }
        html.Add($"</svg>");
        foreach (var tick in Y.Ticks)
            html.Add($"""<span class="tick y" style="bottom:{100 * Y.At(tick):0.##}%">{FormatY(tick)}</span>""");
        foreach (var tick in X.Ticks)
            html.Add($"""<span class="tick x" style="left:{100 * X.At(tick):0.##}%">{Format.Short(tick)}</span>""");
        html.Add($"""</div></div><p class="axis-title x">{XTitle}</p>""");
        if (Note is not null)
            html.Add($"""<p class="note">{Note}</p>""");
        html.Add($"</figure>\n");
    }

    string Summary(List<ChartSeries> listed)
    {
        var text = new StringBuilder(Title);
        foreach (var series in listed)
        {
            var finite = series.Points.Where(p => double.IsFinite(p.Y)).ToList();
            if (finite.Count > 0)
                text.Append(CultureInfo.InvariantCulture, $"; {series.Name} from {FormatY(finite[0].Y)} to {FormatY(finite[^1].Y)}");
        }
        return text.ToString();
    }

    // The tooltip's data: positions in thousandths of the plot, and texts.
    string Data(List<ChartSeries> listed)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartArray();
            foreach (var series in listed)
            {
                json.WriteStartObject();
                json.WriteString("name", series.Name);
                json.WriteString("style", series.Style);
                json.WriteString("unit", XTitle);
                json.WriteStartArray("points");
                foreach (var (x, y) in series.Points)
                {
                    if (!double.IsFinite(y))
                        continue;
                    json.WriteStartArray();
                    json.WriteNumberValue(Math.Round(1000 * X.At(x), 1));
                    json.WriteNumberValue(Math.Round(1000 * Y.At(y), 1));
                    json.WriteStringValue(Format.Count((long)x));
                    json.WriteStringValue(FormatY(y));
                    json.WriteEndArray();
                }
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    string Path(IEnumerable<(double X, double Y)> points)
    {
        var path = new StringBuilder();
        var pen = 'M';
        foreach (var (x, y) in points)
        {
            if (!double.IsFinite(y))
            {
                pen = 'M';
                continue;
            }
            path.Append(pen).Append(Across(x)).Append(' ').Append(Down(y));
            pen = 'L';
        }
        return path.ToString();
    }

    // A line of no length with round ends is a dot that stays round however the picture is stretched.
    string Dots(IEnumerable<(double X, double Y)> points) =>
        string.Concat(points.Where(p => double.IsFinite(p.Y)).Select(p => $"M{Across(p.X)} {Down(p.Y)}h0"));

    string Across(double x) => (1000 * X.At(x)).ToString("0.#", CultureInfo.InvariantCulture);

    string Down(double y) => (1000 - 1000 * Y.At(y)).ToString("0.#", CultureInfo.InvariantCulture);
}

/// <summary>One line of a chart.</summary>
/// <param name="Name">Name in the legend and the tooltip.</param>
/// <param name="Style">CSS class that colours it.</param>
/// <param name="Points">Points in order of X; a Y that is not finite breaks the line.</param>
/// <param name="Marked">Whether each point has a dot.</param>
/// <param name="Listed">Whether legend and tooltip name it.</param>
sealed record ChartSeries(
    string Name, string Style, IReadOnlyList<(double X, double Y)> Points, bool Marked = false, bool Listed = true);
