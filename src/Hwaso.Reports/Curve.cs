namespace Hwaso.Reports;

/// <summary>Points of a curve made few enough to draw.</summary>
static class Curve
{
    /// <summary>At most 2 × <paramref name="buckets"/> points that keep every peak and dip; not-finite values leave a gap.</summary>
    public static List<(double X, double Y)> Thin(IReadOnlyList<(double X, double Y)> points, int buckets)
    {
        if (points.Count <= 2 * buckets)
            return [.. points.Select(p => double.IsFinite(p.Y) ? p : (p.X, double.NaN))];
        var kept = new List<(double, double)>(2 * buckets);
        for (var b = 0; b < buckets; b++)
        {
            var first = (int)((long)points.Count * b / buckets);
            var last = (int)((long)points.Count * (b + 1) / buckets);
            int low = -1, high = -1;
            for (var i = first; i < last; i++)
            {
                if (!double.IsFinite(points[i].Y))
                    continue;
                if (low < 0 || points[i].Y < points[low].Y)
                    low = i;
                if (high < 0 || points[i].Y > points[high].Y)
                    high = i;
            }
            if (low < 0)
            {
                kept.Add((points[first].X, double.NaN));
                continue;
            }
            kept.Add(points[Math.Min(low, high)]);
            if (low != high)
                kept.Add(points[Math.Max(low, high)]);
        }
        return kept;
    }

    /// <summary>
    /// Exponential moving average over about a fortieth of the run, corrected for its start; not-finite values are skipped.
    /// </summary>
    public static List<(double X, double Y)> Smooth(IReadOnlyList<(double X, double Y)> points)
    {
        var keep = 1 - 1 / Math.Max(1, points.Count / 40.0);
        double mean = 0, weight = 0;
        var smooth = new List<(double, double)>(points.Count);
        foreach (var (x, y) in points)
        {
            if (!double.IsFinite(y))
                continue;
            mean = keep * mean + (1 - keep) * y;
            weight = keep * weight + (1 - keep);
            smooth.Add((x, mean / weight));
        }
        return smooth;
    }

    /// <summary>At most <paramref name="count"/> points, evenly taken, with the first and the last.</summary>
    public static List<(double X, double Y)> Sample(IReadOnlyList<(double X, double Y)> points, int count)
    {
        if (points.Count <= count)
            return [.. points];
        var kept = new List<(double, double)>(count);
        for (var i = 0; i < count; i++)
            kept.Add(points[(int)((long)(points.Count - 1) * i / (count - 1))]);
        return kept;
    }
}
