using Hwaso.Imaging;

namespace Hwaso.Server.Images;

/// <summary>
/// Traces the regions of a label map: pixels of one class that touch by an edge. Rings run along the corners of pixels, from 0 to W and
/// H, so that a region's area is its number of pixels.
/// </summary>
static class RegionTracer
{
    // Directions of an edge; a pixel's top edge goes right, its right edge down, and so on round it, so that the shoelace formula gives a
    // positive area.
    const int Right = 0, Down = 1, Left = 2, Up = 3;

    static readonly (int X, int Y)[] steps = [(1, 0), (0, 1), (-1, 0), (0, -1)];

    /// <summary>All regions, in the order of their first pixels.</summary>
    public static IReadOnlyList<Region> Of(LabelMap map)
    {
        var (parts, count) = Parts(map);
        var regions = new Region[count];
        // Edges that no ring has taken yet, four bits a pixel.
        var taken = new byte[parts.Length];
        for (int y = 0, k = 0; y < map.Height; y++)
            for (var x = 0; x < map.Width; x++, k++)
                for (var side = Right; side <= Up; side++)
                {
                    if ((taken[k] & (1 << side)) != 0 || !IsBorder(map, parts, x, y, side))
                        continue;
                    var ring = Ring(map, parts, taken, x, y, side);
                    var region = regions[parts[k]] ??= new Region(map.Labels[k], [], []);
                    if (Area(ring) > 0)
                        region.Outer.AddRange(ring);
                    else
                        region.Holes.Add(ring);
                }
        return regions;
    }

    /// <summary>Twice the area that the shoelace formula gives, halved; positive for an outer ring.</summary>
    public static double Area(IReadOnlyList<(int X, int Y)> ring)
    {
        var twice = 0L;
        for (var k = 0; k + 1 < ring.Count; k++)
            twice += ((long)ring[k].X * ring[k + 1].Y) - ((long)ring[k + 1].X * ring[k].Y);
        return twice / 2.0;
    }

    /// <summary>The number of each pixel's region.</summary>
    static (int[] Parts, int Count) Parts(LabelMap map)
    {
        var (parts, count) = (new int[map.Labels.Length], 0);
        Array.Fill(parts, -1);
        var open = new Stack<int>();
        for (var k = 0; k < parts.Length; k++)
        {
            if (parts[k] >= 0)
                continue;
            parts[k] = count;
            open.Push(k);
            while (open.TryPop(out var at))
            {
                var x = at % map.Width;
                if (x > 0)
                    Reach(at, at - 1);
                if (x + 1 < map.Width)
                    Reach(at, at + 1);
                if (at >= map.Width)
                    Reach(at, at - map.Width);
                if (at + map.Width < parts.Length)
                    Reach(at, at + map.Width);
            }
            count++;
        }
        return (parts, count);

        void Reach(int from, int to)
        {
            if (parts[to] >= 0 || map.Labels[to] != map.Labels[from])
                return;
            parts[to] = parts[from];
            open.Push(to);
        }
    }

    // Whether the pixel on the other side of an edge is of another region. The edge that goes right has its other side above, and so on.
    static bool IsBorder(LabelMap map, int[] parts, int x, int y, int side)
    {
        var (otherX, otherY) = (x - steps[(side + 1) & 3].X, y - steps[(side + 1) & 3].Y);
        return otherX < 0 || otherY < 0 || otherX >= map.Width || otherY >= map.Height
            || parts[(otherY * map.Width) + otherX] != parts[(y * map.Width) + x];
    }

    static List<(int X, int Y)> Ring(LabelMap map, int[] parts, byte[] taken, int x, int y, int side)
    {
        var ring = new List<(int X, int Y)>();
        var (startX, startY, startSide) = (x, y, side);
        var last = -1;
        do
        {
            taken[(y * map.Width) + x] |= (byte)(1 << side);
            if (side != last)
                ring.Add(Begin(x, y, side));
            last = side;
            (x, y, side) = Next(map, parts, x, y, side);
        }
        while ((x, y, side) != (startX, startY, startSide));
        // The first corner lies on a straight line if the ring was entered in the middle of an edge.
        if (last == startSide)
            ring.RemoveAt(0);
        ring.Add(ring[0]);
        return ring;
    }

    static (int X, int Y) Begin(int x, int y, int side) => side switch
    {
        Right => (x, y),
        Down => (x + 1, y),
        Left => (x + 1, y + 1),
        _ => (x, y + 1),
    };

    /// <summary>
    /// The border edge after another. Where two of them leave one corner, the ring keeps to the pixels outside: a region that touches
    /// itself at a corner gets two rings that touch there, and neither crosses itself.
    /// </summary>
    static (int X, int Y, int Side) Next(LabelMap map, int[] parts, int x, int y, int side)
    {
        var part = parts[(y * map.Width) + x];
        var (ahead, outward) = (steps[side], steps[(side + 3) & 3]);
        // Diagonally ahead on the other side of the edge: turn there first.
        if (IsPart(x + ahead.X + outward.X, y + ahead.Y + outward.Y))
            return (x + ahead.X + outward.X, y + ahead.Y + outward.Y, (side + 3) & 3);
        return IsPart(x + ahead.X, y + ahead.Y) ? (x + ahead.X, y + ahead.Y, side) : (x, y, (side + 1) & 3);

        bool IsPart(int column, int row) => column >= 0 && row >= 0 && column < map.Width && row < map.Height
            && parts[(row * map.Width) + column] == part;
    }
}

/// <summary>A region of one class.</summary>
/// <param name="Label">The class.</param>
/// <param name="Outer">Its outer ring: corners, the first one again at the end, of positive area.</param>
/// <param name="Holes">Its holes, of negative area.</param>
sealed record Region(byte Label, List<(int X, int Y)> Outer, List<List<(int X, int Y)>> Holes);
