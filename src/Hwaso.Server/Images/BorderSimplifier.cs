using Hwaso.Imaging;

namespace Hwaso.Server.Images;

/// <summary>
/// Leaves out corners of the borders between regions, so that no corner that is left out lies farther from its new border than a tolerance.
/// Both sides of a border lose the same corners: neighbours neither overlap nor leave gaps, no ring crosses another or itself, and no
/// region or hole vanishes. Corners go by the area of their triangle, the least first (Visvalingam and Whyatt, The Cartographic Journal
/// 30, 1993), and stay where a triangle holds another corner.
/// </summary>
sealed class BorderSimplifier
{
    // What a sum of products of coordinates may be off by.
    const double Rounding = 1e-9;

    readonly LabelMap map;
    readonly double tolerance;
    readonly Dictionary<(int X, int Y), Corner> corners = [];
    readonly PriorityQueue<(Corner Corner, int Version), double> queue = new();

    BorderSimplifier(LabelMap map, double tolerance) => (this.map, this.tolerance) = (map, tolerance);

    /// <summary>The regions with fewer corners.</summary>
    /// <param name="map">The labels.</param>
    /// <param name="regions">All of its regions, as <see cref="RegionTracer"/> gives them.</param>
    /// <param name="tolerance">In pixels; 0 leaves out nothing.</param>
    public static IReadOnlyList<Region> Of(LabelMap map, IReadOnlyList<Region> regions, double tolerance)
    {
        if (tolerance <= 0)
            return regions;
        var simplifier = new BorderSimplifier(map, tolerance);
        var rings = regions.Select(r => (r.Label, Rings: r.Holes.Prepend(r.Outer).Select(simplifier.Corners).ToArray())).ToArray();
        simplifier.Simplify();
        return [.. rings.Select(r => new Region(r.Label, Kept(r.Rings[0]), [.. r.Rings.Skip(1).Select(Kept)]))];
    }

    /// <summary>The ring's corners, and the places on its straight sides where other borders end.</summary>
    List<Corner> Corners(List<(int X, int Y)> ring)
    {
        var result = new List<Corner>();
        for (var k = 0; k + 1 < ring.Count; k++)
        {
            var ((x, y), (toX, toY)) = (ring[k], ring[k + 1]);
            var (stepX, stepY) = (Math.Sign(toX - x), Math.Sign(toY - y));
            for (var isFirst = true; (x, y) != (toX, toY); (x, y, isFirst) = (x + stepX, y + stepY, false))
                if (isFirst || Borders(x, y) > 2)
                    result.Add(At(x, y));
        }
        for (var k = 0; k < result.Count; k++)
            result[k].Link(result[(k + 1) % result.Count]);
        return result;
    }

    Corner At(int x, int y)
    {
        if (!corners.TryGetValue((x, y), out var corner))
            // Where three borders meet, and at the image's corners, the borders stay.
            corners[(x, y)] = corner = new Corner(x, y, Borders(x, y) > 2 || (x % map.Width == 0 && y % map.Height == 0));
        return corner;
    }

    /// <summary>How many sides of pixels that are borders meet in a corner of pixels.</summary>
    int Borders(int x, int y)
    {
        var (a, b, c, d) = (Label(x - 1, y - 1), Label(x, y - 1), Label(x - 1, y), Label(x, y));
        return (a != b ? 1 : 0) + (c != d ? 1 : 0) + (a != c ? 1 : 0) + (b != d ? 1 : 0);
    }

    int Label(int x, int y) => x < 0 || y < 0 || x >= map.Width || y >= map.Height ? -1 : map.Labels[(y * map.Width) + x];

    void Simplify()
    {
        foreach (var corner in corners.Values)
        {
            corner.Begin();
            Ask(corner);
        }
        while (queue.TryDequeue(out var next, out _))
        {
            var corner = next.Corner;
            if (!corner.IsKept || next.Version != corner.Version || !IsNeedless(corner))
                continue;
            var (a, b) = (corner.Neighbours[0], corner.Neighbours[1]);
            corner.IsKept = false;
            a.Replace(corner, b);
            b.Replace(corner, a);
            Ask(a);
            Ask(b);
        }
    }

    void Ask(Corner corner)
    {
        if (!corner.IsFixed)
            queue.Enqueue((corner, ++corner.Version), Math.Abs(Cross(corner.Neighbours[0], corner, corner.Neighbours[1])));
    }

    bool IsNeedless(Corner corner)
    {
        var (a, b) = (corner.Neighbours[0], corner.Neighbours[1]);
        // A ring of three corners stays one.
        if (a == b || a.Neighbours.Contains(b))
            return false;
        return IsNear(corner, a, b) && corner.Between(0).All(c => IsNear(c, a, b)) && corner.Between(1).All(c => IsNear(c, a, b))
            && IsEmpty(a, corner, b);
    }

    bool IsNear(Corner corner, Corner a, Corner b)
    {
        double dx = b.X - a.X, dy = b.Y - a.Y;
        var share = Math.Clamp((((corner.X - a.X) * dx) + ((corner.Y - a.Y) * dy)) / ((dx * dx) + (dy * dy)), 0, 1);
        var (x, y) = (a.X + (share * dx) - corner.X, a.Y + (share * dy) - corner.Y);
        return (x * x) + (y * y) <= (tolerance * tolerance) + Rounding;
    }

    /// <summary>Whether no other corner that is kept lies in a triangle or on its sides, row by row.</summary>
    bool IsEmpty(Corner a, Corner corner, Corner b)
    {
        var (top, bottom) = (Math.Min(a.Y, Math.Min(corner.Y, b.Y)), Math.Max(a.Y, Math.Max(corner.Y, b.Y)));
        for (var y = top; y <= bottom; y++)
        {
            var (left, right) = (double.PositiveInfinity, double.NegativeInfinity);
            foreach (var (from, to) in new[] { (a, corner), (corner, b), (b, a) })
            {
                if (y < Math.Min(from.Y, to.Y) || y > Math.Max(from.Y, to.Y))
                    continue;
                var (first, second) = from.Y == to.Y ? (from.X, to.X)
                    : (from.X + ((double)(y - from.Y) * (to.X - from.X) / (to.Y - from.Y)), double.NaN);
                (left, right) = (Math.Min(left, first), Math.Max(right, first));
                if (!double.IsNaN(second))
                    (left, right) = (Math.Min(left, second), Math.Max(right, second));
            }
            for (var x = (int)Math.Ceiling(left - Rounding); x <= right + Rounding; x++)
                if (corners.TryGetValue((x, y), out var other) && other.IsKept && other != a && other != b && other != corner)
                    return false;
        }
        return true;
    }

    static double Cross(Corner a, Corner b, Corner c) => ((double)(b.X - a.X) * (c.Y - a.Y)) - ((double)(c.X - a.X) * (b.Y - a.Y));

    static List<(int X, int Y)> Kept(List<Corner> ring)
    {
        List<(int X, int Y)> kept = [.. ring.Where(c => c.IsKept).Select(c => (c.X, c.Y))];
        kept.Add(kept[0]);
        return kept;
    }

    sealed class Corner(int x, int y, bool isFixed)
    {
        // Along the traced border: the first corner towards each neighbour.
        readonly List<Corner> first = [];

        public int X { get; } = x;

        public int Y { get; } = y;

        public bool IsFixed { get; } = isFixed;

        public bool IsKept { get; set; } = true;

        /// <summary>Counts how often it was asked; older entries of the queue are void.</summary>
        public int Version { get; set; }

        /// <summary>The corners beside it that are kept: two, or up to four where borders meet.</summary>
        public List<Corner> Neighbours { get; } = new(2);

        public void Link(Corner other)
        {
            if (Neighbours.Contains(other))
                return;
            Neighbours.Add(other);
            other.Neighbours.Add(this);
        }

        public void Begin() => first.AddRange(Neighbours);

        public void Replace(Corner old, Corner by) => Neighbours[Neighbours.IndexOf(old)] = by;

        /// <summary>The corners that were left out between it and a neighbour.</summary>
        public IEnumerable<Corner> Between(int side)
        {
            var last = this;
            for (var at = first[side]; at != Neighbours[side];)
            {
                yield return at;
                (last, at) = (at, at.first[at.first[0] == last ? 1 : 0]);
            }
        }
    }
}
