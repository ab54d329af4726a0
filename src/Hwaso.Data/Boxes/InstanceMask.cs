using Hwaso.Data.Annotations;
using Hwaso.Imaging.Masks;

namespace Hwaso.Data.Boxes;

/// <summary>An object's pixels on an image of some size: a bitmap of the part of the image that holds all of them.</summary>
/// <param name="Left">The part's left edge in pixels of the image.</param>
/// <param name="Top">Its upper edge.</param>
/// <param name="Width">Its columns; 0 where the object has no pixel.</param>
/// <param name="Height">Its rows.</param>
/// <param name="Bits">Width × Height values, row by row: 1 inside, 0 outside.</param>
public sealed record InstanceMask(int Left, int Top, int Width, int Height, byte[] Bits)
{
    /// <summary>The mask of an outline as an image of some size has it, each pixel from the nearest above and to the left.</summary>
    /// <param name="outline">The object's pixels on the stored image.</param>
    /// <param name="height">Height of the stored image.</param>
    /// <param name="width">Width of the stored image.</param>
    /// <param name="size">The size at which the image is seen.</param>
    /// <param name="mirrored">Whether it is mirrored left to right.</param>
    /// <param name="rounds">
    /// Whether steps are doubles, as in OpenCV, which the HRNet authors and mmdetection resize masks with; otherwise floats, as in PyTorch.
    /// </param>
    /// <exception cref="FormatException">The outline is damaged or of another size than the image.</exception>
    public static InstanceMask Of(CocoOutline outline, int height, int width, SampledSize size, bool mirrored, bool rounds)
    {
        ArgumentNullException.ThrowIfNull(outline);
        ArgumentNullException.ThrowIfNull(size);
        var runs = MaskOf(outline, height, width);
        var (box, bits) = (runs.Box, runs.ToMaskOfBox());
        int storedLeft = (int)box.X, storedTop = (int)box.Y, storedWidth = (int)box.Width;
        int[] columns = Sources(width, size.Width, storedLeft, storedWidth, rounds, out var left);
        int[] rows = Sources(height, size.Height, storedTop, (int)box.Height, rounds, out var top);
        var seen = new byte[columns.Length * rows.Length];
        for (var y = 0; y < rows.Length; y++)
        {
            var from = bits.AsSpan((rows[y] - storedTop) * storedWidth, storedWidth);
            var to = seen.AsSpan(y * columns.Length, columns.Length);
            for (var x = 0; x < to.Length; x++)
                to[x] = from[columns[x] - storedLeft];
            if (mirrored)
                to.Reverse();
        }
        return new InstanceMask(mirrored ? size.Width - left - columns.Length : left, top, columns.Length, rows.Length, seen);
    }

    /// <summary>The pixels of an outline on the stored image.</summary>
    /// <exception cref="FormatException">The outline is damaged or of another size than the image.</exception>
    public static RunLengths MaskOf(CocoOutline outline, int height, int width)
    {
        ArgumentNullException.ThrowIfNull(outline);
        return outline.Polygons is not null || (outline.Height, outline.Width) == (height, width) ? outline.ToMask(height, width)
            : throw new FormatException($"run lengths of {outline.Width}×{outline.Height}, on an image of {width}×{height}");
    }

    /// <summary>The stored place of each seen one that shows a part of the object, and the first of these.</summary>
    static int[] Sources(int stored, int seen, int from, int count, bool rounds, out int first)
    {
        var places = new List<int>();
        first = 0;
        var step = 1 / ((double)seen / stored);
        var single = (float)stored / seen;
        for (var at = 0; at < seen; at++)
        {
            var place = Math.Min(rounds ? (int)(at * step) : (int)MathF.Floor(at * single), stored - 1);
            if (place < from || place >= from + count)
                continue;
            if (places.Count == 0)
                first = at;
            places.Add(place);
        }
        return [.. places];
    }
}
