namespace Hwaso.Reports;

/// <summary>One line of a chart.</summary>
/// <param name="Name">Name in the legend and the tooltip.</param>
/// <param name="Style">CSS class that colours it.</param>
/// <param name="Points">Points in order of X; a Y that is not finite breaks the line.</param>
/// <param name="Marked">Whether each point has a dot.</param>
/// <param name="Listed">Whether legend and tooltip name it.</param>
sealed record ChartSeries(
    string Name, string Style, IReadOnlyList<(double X, double Y)> Points, bool Marked = false, bool Listed = true);
