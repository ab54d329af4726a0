namespace Hwaso.Imaging.Masks;

/// <summary>
/// A binary mask as COCO stores it: lengths of runs of zeros and ones in turn, zeros first, column by column. Answers are those of
/// pycocotools' maskApi.
/// </summary>
public sealed class RunLengths
{
    readonly uint[] counts;

    /// <summary>A mask of some runs.</summary>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="counts">The lengths, zeros first.</param>
    /// <exception cref="FormatException">The lengths do not fill the mask.</exception>
    public RunLengths(int height, int width, params ReadOnlySpan<uint> counts)
    {
        if (height < 0 || width < 0 || (long)height * width > uint.MaxValue)
            throw new FormatException($"a mask of {height}×{width} pixels: sides of at least 0 and at most 2³² pixels were wanted");
        ulong sum = 0;
        foreach (var count in counts)
            sum += count;
        if (sum != (ulong)height * (ulong)width)
            throw new FormatException($"run lengths fill {sum} pixels; {height}×{width} = {(long)height * width} were wanted");
        (Height, Width, this.counts) = (height, width, counts.ToArray());
        Box = Around();
    }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>The lengths of the runs, zeros first.</summary>
    public ReadOnlySpan<uint> Counts => counts;

    /// <summary>Pixels inside.</summary>
    public long Area
    {
        get
        {
            long area = 0;
            for (var k = 1; k < counts.Length; k += 2)
                area += counts[k];
            return area;
        }
    }

    /// <summary>The box around the pixels inside, as x, y, width, height; zeros where there are none.</summary>
    public MaskBox Box { get; }

    /// <summary>The runs of a bitmap.</summary>
    /// <param name="mask">Row by row; what is not 0 is inside.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <exception cref="ArgumentException">The bitmap has another size.</exception>
    public static RunLengths Of(ReadOnlySpan<byte> mask, int height, int width)
    {
        if (mask.Length != (long)height * width)
            throw new ArgumentException($"{mask.Length} pixels; {height}×{width} were wanted", nameof(mask));
        List<uint> runs = [];
        var (inside, length) = (false, 0u);
        for (var x = 0; x < width; x++)
            for (int y = 0, at = x; y < height; y++, at += width)
            {
                if (mask[at] != 0 != inside)
                {
                    runs.Add(length);
                    (inside, length) = (!inside, 0);
                }
                length++;
            }
        runs.Add(length);
        return new RunLengths(height, width, [.. runs]);
    }

    /// <summary>The mask of a box.</summary>
    /// <param name="box">x, y, width and height in pixels, fractions allowed.</param>
    /// <param name="height">Rows of the mask.</param>
    /// <param name="width">Columns of the mask.</param>
    public static RunLengths OfBox(MaskBox box, int height, int width)
    {
        double right = box.X + box.Width, lower = box.Y + box.Height;
        return PolygonFill.Fill([box.X, box.Y, box.X, lower, right, lower, right, box.Y], height, width);
    }

    /// <summary>The mask of polygons: pixels in any of them.</summary>
    /// <param name="polygons">Corners x, y of each in turn, in pixels.</param>
    /// <param name="height">Rows of the mask.</param>
    /// <param name="width">Columns of the mask.</param>
    /// <exception cref="FormatException">A polygon has fewer than three corners, half of one, or one that is no number.</exception>
    public static RunLengths OfPolygons(IEnumerable<double[]> polygons, int height, int width)
    {
        ArgumentNullException.ThrowIfNull(polygons);
        RunLengths[] parts = [.. polygons.Select(p => PolygonFill.Fill(p, height, width))];
        return parts.Length == 0 ? new RunLengths(height, width, (uint)((long)height * width)) : Merge(parts, intersect: false);
    }

    /// <summary>The bitmap, row by row: 1 inside, 0 outside.</summary>
    public byte[] ToMask()
    {
        var mask = new byte[(long)Height * Width];
        long at = 0;
        for (var k = 0; k < counts.Length; at += counts[k++])
            if (k % 2 != 0)
                for (var p = at; p < at + counts[k]; p++)
                {
                    var (x, y) = Math.DivRem(p, Height);
                    mask[y * Width + x] = 1;
                }
        return mask;
    }

    /// <summary>The bitmap of <see cref="Box"/> alone, row by row: 1 inside, 0 outside.</summary>
    public byte[] ToMaskOfBox()
    {
        int left = (int)Box.X, top = (int)Box.Y, width = (int)Box.Width;
        var mask = new byte[width * (int)Box.Height];
        long at = 0;
        for (var k = 0; k < counts.Length; at += counts[k++])
            if (k % 2 != 0)
                for (var p = at; p < at + counts[k]; p++)
                {
                    var (x, y) = Math.DivRem(p, Height);
                    mask[(y - top) * width + x - left] = 1;
                }
        return mask;
    }

    /// <summary>The pixels inside all masks, or inside any.</summary>
    /// <param name="masks">At least one; all of one size.</param>
    /// <param name="intersect">Whether all.</param>
    /// <exception cref="ArgumentException">There is none, or sizes differ.</exception>
    public static RunLengths Merge(IReadOnlyList<RunLengths> masks, bool intersect)
    {
        ArgumentNullException.ThrowIfNull(masks);
        if (masks.Count == 0)
            throw new ArgumentException("no mask was given; at least one was wanted", nameof(masks));
        var merged = masks[0];
        foreach (var next in masks.Skip(1))
        {
            if (next.Height != merged.Height || next.Width != merged.Width)
                throw new ArgumentException(
                    $"masks of {merged.Height}×{merged.Width} and {next.Height}×{next.Width} pixels; equal sizes were wanted");
            List<uint> runs = [];
            var (value, length) = (false, 0u);
            var walk = new RunWalk(merged.counts, next.counts);
            while (walk.Next(out var shared, out var first, out var second))
            {
                var inside = intersect ? first && second : first || second;
                if (inside != value)
                {
                    runs.Add(length);
                    (value, length) = (inside, 0);
                }
                length += shared;
            }
            runs.Add(length);
            merged = new RunLengths(merged.Height, merged.Width, [.. runs]);
        }
        return merged;
    }

    /// <summary>Intersection over union; over this mask's own area where the other is a crowd. -1 where sizes differ.</summary>
    /// <param name="other">The mask to compare with.</param>
    /// <param name="crowd">Whether the other stands for many objects.</param>
    public double Overlap(RunLengths other, bool crowd)
    {
        ArgumentNullException.ThrowIfNull(other);
        // Masks whose boxes do not meet are not looked at.
        if (!(Box.Overlap(other.Box, crowd) > 0))
            return 0;
        if (Height != other.Height || Width != other.Width)
            return -1;
        long both = 0, any = 0;
        var walk = new RunWalk(counts, other.counts);
        while (walk.Next(out var shared, out var first, out var second))
        {
            any += first || second ? shared : 0;
            both += first && second ? shared : 0;
        }
        return both == 0 ? 0 : (double)both / (crowd ? Area : any);
    }

    MaskBox Around()
    {
        if (counts.Length < 2 || Height == 0)
            return default;
        long left = Width, top = Height, right = 0, bottom = 0, at = 0, begun = 0;
        for (var k = 0; k < counts.Length / 2 * 2; k++)
        {
            at += counts[k];
            // The first pixel of a run of ones, then its last.
            var (x, y) = Math.DivRem(at - k % 2, Height);
            if (k % 2 == 0)
                begun = x;
            else if (begun < x)
                (top, bottom) = (0, Height - 1);
            (left, right, top, bottom) = (Math.Min(left, x), Math.Max(right, x), Math.Min(top, y), Math.Max(bottom, y));
        }
        return new MaskBox(left, top, right - left + 1, bottom - top + 1);
    }
}

/// <summary>A box as COCO stores it, in pixels; fractions allowed.</summary>
/// <param name="X">The left edge.</param>
/// <param name="Y">The upper edge.</param>
/// <param name="Width">The width.</param>
/// <param name="Height">The height.</param>
public readonly record struct MaskBox(double X, double Y, double Width, double Height)
{
    /// <summary>Intersection over union; over this box's own area where the other is a crowd.</summary>
    /// <param name="other">The box to compare with.</param>
    /// <param name="crowd">Whether the other stands for many objects.</param>
    public double Overlap(MaskBox other, bool crowd)
    {
        var width = Math.Min(X + Width, other.X + other.Width) - Math.Max(X, other.X);
        if (!(width > 0))
            return 0;
        var height = Math.Min(Y + Height, other.Y + other.Height) - Math.Max(Y, other.Y);
        if (!(height > 0))
            return 0;
        var (inside, own) = (width * height, Width * Height);
        return inside / (crowd ? own : own + other.Width * other.Height - inside);
    }
}

/// <summary>Two masks' runs side by side: pieces in which neither changes.</summary>
ref struct RunWalk(ReadOnlySpan<uint> first, ReadOnlySpan<uint> second)
{
    readonly ReadOnlySpan<uint> first = first, second = second;
    int atFirst = -1, atSecond = -1;
    uint restFirst, restSecond;

    /// <summary>The next piece; false at the end.</summary>
    public bool Next(out uint length, out bool insideFirst, out bool insideSecond)
    {
        while (restFirst == 0 && ++atFirst < first.Length)
            restFirst = first[atFirst];
        while (restSecond == 0 && ++atSecond < second.Length)
            restSecond = second[atSecond];
        length = Math.Min(restFirst, restSecond);
        (insideFirst, insideSecond) = (atFirst % 2 != 0, atSecond % 2 != 0);
        restFirst -= length;
        restSecond -= length;
        return length > 0;
    }
}
