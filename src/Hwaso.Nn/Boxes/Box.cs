using System.Numerics;

namespace Hwaso.Nn.Boxes;

/// <summary>A box by its corners, in pixels from the image's left and upper edge.</summary>
/// <param name="X1">The left edge.</param>
/// <param name="Y1">The upper edge.</param>
/// <param name="X2">The right edge.</param>
/// <param name="Y2">The lower edge.</param>
public readonly record struct Box(float X1, float Y1, float X2, float Y2)
{
    /// <summary>The same box moved by the upper left corner of another.</summary>
    public Box Moved(float x, float y) => new(X1 + x, Y1 + y, X2 + x, Y2 + y);

    /// <summary>Its numbers times factors for x and y.</summary>
    public Box Scaled(float x, float y) => new(X1 * x, Y1 * y, X2 * x, Y2 * y);

    /// <summary>The area, where a side is the difference of its edges and <paramref name="extent"/>.</summary>
    public float Area(float extent) => (X2 - X1 + extent) * (Y2 - Y1 + extent);
}

/// <summary>A box that a network found, with its score.</summary>
/// <param name="Box">Where.</param>
/// <param name="Score">How sure the network is, 0 to 1.</param>
public readonly record struct ScoredBox(Box Box, float Score);

/// <summary>A box of a class.</summary>
/// <param name="Box">Where.</param>
/// <param name="Score">How sure the network is, 0 to 1.</param>
/// <param name="Label">The class from 0; the background is none.</param>
public readonly record struct Detection(Box Box, float Score, int Label);

/// <summary>How two boxes overlap, as numbers for every pair.</summary>
public enum Overlap
{
    /// <summary>Intersection over union.</summary>
    Union,

    /// <summary>Intersection over the first box's area.</summary>
    First,

    /// <summary>Intersection over union, less the share of the enclosing box that neither fills. Rezatofighi et al., CVPR 2019.</summary>
    Generalised,
}

/// <summary>The overlaps of two lists of boxes in single precision, in the order of torchvision's and mmdetection's operations.</summary>
public static class BoxOverlaps
{
    /// <summary>[a, b]: the overlap of every box of one list with every box of another; 0 ÷ 0 is not a number, as in both.</summary>
    /// <param name="first">a boxes.</param>
    /// <param name="second">b boxes.</param>
    /// <param name="kind">Which overlap.</param>
    /// <param name="extent">Added to the difference of two edges: 1 where a box includes its last pixel, otherwise 0.</param>
    public static float[] Of(ReadOnlySpan<Box> first, ReadOnlySpan<Box> second, Overlap kind = Overlap.Union, float extent = 0)
    {
        var columns = new BoxColumns(second, extent);
        var overlaps = new float[first.Length * second.Length];
        for (var k = 0; k < first.Length; k++)
            columns.Overlap(first[k], kind, overlaps.AsSpan(k * second.Length, second.Length));
        return overlaps;
    }
}

/// <summary>Boxes with each edge in an array of its own, so that many are compared with one at a time.</summary>
sealed class BoxColumns
{
    readonly float[] x1, y1, x2, y2, area;
    readonly float extent;

    public BoxColumns(ReadOnlySpan<Box> boxes, float extent)
    {
        // Rounded up to whole registers; the boxes behind the last are empty.
        var length = (boxes.Length + Vector<float>.Count - 1) / Vector<float>.Count * Vector<float>.Count;
        (x1, y1, x2, y2, area) = (new float[length], new float[length], new float[length], new float[length], new float[length]);
        (this.extent, Count) = (extent, boxes.Length);
        for (var k = 0; k < boxes.Length; k++)
            (x1[k], y1[k], x2[k], y2[k], area[k]) =
                (boxes[k].X1, boxes[k].Y1, boxes[k].X2, boxes[k].Y2, boxes[k].Area(extent));
    }

    /// <summary>How many boxes.</summary>
    public int Count { get; private set; }

    /// <summary>The box at a place.</summary>
    public Box this[int place] => new(x1[place], y1[place], x2[place], y2[place]);

    /// <summary>The overlap of a box with each.</summary>
    public void Overlap(Box box, Overlap kind, Span<float> overlaps)
    {
        var own = new Vector<float>(box.Area(extent));
        Span<float> lanes = stackalloc float[Vector<float>.Count];
        for (var k = 0; k < Count; k += Vector<float>.Count)
        {
            var inside = Intersection(box, k);
            var union = own + new Vector<float>(area, k) - inside;
            var value = inside / (kind == Boxes.Overlap.First ? own : union);
            if (kind == Boxes.Overlap.Generalised)
            {
                var around = Around(box, k);
                value -= (around - union) / around;
            }
            value.CopyTo(lanes);
            lanes[..Math.Min(Vector<float>.Count, Count - k)].CopyTo(overlaps[k..]);
        }
    }

    /// <summary>Marks the boxes behind a place that overlap the one there by more than a limit.</summary>
    public void Suppress(int place, float limit, Span<int> suppressed)
    {
        var box = this[place];
        Vector<float> own = new(box.Area(extent)), most = new(limit);
        var first = (place + 1) / Vector<float>.Count * Vector<float>.Count;
        for (var k = first; k < Count; k += Vector<float>.Count)
        {
            var inside = Intersection(box, k);
            // Most boxes do not meet at all: no division for those. Not greater than zero is not a number, too.
            if (limit >= 0 && !Vector.GreaterThanAny(inside, Vector<float>.Zero))
                continue;
            var share = inside / (own + new Vector<float>(area, k) - inside);
            var marks = Vector.GreaterThan(share, most) | new Vector<int>(suppressed[k..]);
            marks.CopyTo(suppressed[k..]);
        }
    }

    /// <summary>Leaves out the boxes that are marked, and all before a place; the rest keep their order.</summary>
    public void Compact(int from, Span<int> suppressed, Span<int> items)
    {
        var to = 0;
        for (var k = from; k < Count; k++)
        {
            if (suppressed[k] != 0)
                continue;
            (x1[to], y1[to], x2[to], y2[to], area[to], items[to]) = (x1[k], y1[k], x2[k], y2[k], area[k], items[k]);
            to++;
        }
        Count = to;
        suppressed.Clear();
    }

    Vector<float> Intersection(Box box, int k)
    {
        var more = new Vector<float>(extent);
        var width = Vector.Min(new Vector<float>(box.X2), new Vector<float>(x2, k)) - Vector.Max(new Vector<float>(box.X1), new(x1, k));
        var height = Vector.Min(new Vector<float>(box.Y2), new Vector<float>(y2, k)) - Vector.Max(new Vector<float>(box.Y1), new(y1, k));
        return Vector.Max(width + more, Vector<float>.Zero) * Vector.Max(height + more, Vector<float>.Zero);
    }

    Vector<float> Around(Box box, int k)
    {
        var more = new Vector<float>(extent);
        var width = Vector.Max(new Vector<float>(box.X2), new Vector<float>(x2, k)) - Vector.Min(new Vector<float>(box.X1), new(x1, k));
        var height = Vector.Max(new Vector<float>(box.Y2), new Vector<float>(y2, k)) - Vector.Min(new Vector<float>(box.Y1), new(y1, k));
        return Vector.Max(width + more, Vector<float>.Zero) * Vector.Max(height + more, Vector<float>.Zero);
    }
}
