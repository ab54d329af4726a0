namespace Hwaso.Imaging.Masks;

/// <summary>
/// The pixels inside a polygon, even–odd, as pycocotools fills it: the outline is drawn on a grid five times finer, and where it crosses
/// from column to column a run begins or ends.
/// </summary>
static class PolygonFill
{
    const double Finer = 5;

    // Beyond this many pixels from an image an outline is refused: its points would not fit into memory.
    const double Farthest = 1e6;

    /// <summary>The mask of one polygon.</summary>
    /// <param name="corners">x and y of each corner in turn.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <exception cref="FormatException">Fewer than three corners, half of one, or one that is no number or far outside.</exception>
    public static RunLengths Fill(ReadOnlySpan<double> corners, int height, int width)
    {
        if (corners.Length < 6 || corners.Length % 2 != 0)
            throw new FormatException($"a polygon of {corners.Length} numbers: x and y of at least three corners were wanted");
        foreach (var number in corners)
            if (!(Math.Abs(number) <= Farthest))
                throw new FormatException($"a polygon has a corner at {number}; a number of pixels within ±{Farthest:g} was wanted");
        List<long> crossings = [];
        var count = corners.Length / 2;
        var outline = new Outline(height, width, crossings);
        for (var k = 0; k < count; k++)
        {
            var next = (k + 1) % count;
            outline.Edge(Fine(corners[2 * k]), Fine(corners[2 * k + 1]), Fine(corners[2 * next]), Fine(corners[2 * next + 1]));
        }
        crossings.Add((long)height * width);
        crossings.Sort();
        return new RunLengths(height, width, Runs(crossings));
    }

    // A cast toward zero, not a floor.
    static int Fine(double coordinate) => (int)(Finer * coordinate + 0.5);

    /// <summary>Differences of sorted places; a run of no pixels joins its neighbours.</summary>
    static uint[] Runs(List<long> places)
    {
        List<uint> runs = [(uint)places[0]];
        for (var k = 1; k < places.Count; k++)
        {
            var length = (uint)(places[k] - places[k - 1]);
            if (length > 0)
                runs.Add(length);
            else if (++k < places.Count)
                runs[^1] += (uint)(places[k] - places[k - 1]);
        }
        return [.. runs];
    }

    /// <summary>Walks the outline point by point and notes where it crosses from column to column.</summary>
    struct Outline(int height, int width, List<long> crossings)
    {
        int lastX, lastY;
        bool begun;

        public void Edge(int x0, int y0, int x1, int y1)
        {
            int across = Math.Abs(x1 - x0), down = Math.Abs(y1 - y0);
            var flat = across >= down;
            // From the smaller end, so that both directions give the same points.
            var turned = flat ? x0 > x1 : y0 > y1;
            if (turned)
                (x0, y0, x1, y1) = (x1, y1, x0, y0);
            var steps = flat ? across : down;
            var slope = steps == 0 ? 0 : flat ? (double)(y1 - y0) / across : (double)(x1 - x0) / down;
            for (var step = 0; step <= steps; step++)
            {
                var t = turned ? steps - step : step;
                if (flat)
                    Point(x0 + t, (int)(y0 + slope * t + 0.5));
                else
                    Point((int)(x0 + slope * t + 0.5), y0 + t);
            }
        }

        void Point(int x, int y)
        {
            if (begun && x != lastX)
                Cross(Math.Min(x, lastX), Math.Min(y, lastY));
            (lastX, lastY, begun) = (x, y, true);
        }

        readonly void Cross(int x, int y)
        {
            var column = (x + 0.5) / Finer - 0.5;
            if (Math.Floor(column) != column || column < 0 || column > width - 1)
                return;
            var row = Math.Ceiling(Math.Clamp((y + 0.5) / Finer - 0.5, 0, height));
            crossings.Add((long)column * height + (long)row);
        }
    }
}
