namespace Hwaso.Imaging;

/// <summary>Draws the joints of people over their image: bones as lines, joints as dots, left and right in colours of their own.</summary>
public static class Skeleton
{
    static readonly (byte R, byte G, byte B)[] colours =
    [
        (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167),
    ];

    /// <summary>Draws a person onto an image.</summary>
    /// <param name="image">The image; changed.</param>
    /// <param name="joints">x, y and score of each joint; those with a score of at most <paramref name="least"/> are left out.</param>
    /// <param name="bones">Pairs of joints.</param>
    /// <param name="least">The score above which joints are drawn.</param>
    /// <param name="colour">Which of the colours the person has; null gives each bone one of its own.</param>
    public static void Draw(
        RgbImage image, ReadOnlySpan<double> joints, IReadOnlyList<(int From, int To)> bones, double least = 0, int? colour = null)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(bones);
        var radius = Math.Max(1, Math.Max(image.Width, image.Height) / 200.0);
        for (var k = 0; k < bones.Count; k++)
        {
            ReadOnlySpan<double> from = joints.Slice(3 * bones[k].From, 3), to = joints.Slice(3 * bones[k].To, 3);
            if (from[2] > least && to[2] > least)
                Line(image, from[0], from[1], to[0], to[1], radius * 0.7, colours[(colour ?? k) % colours.Length]);
        }
        for (var j = 0; j + 2 < joints.Length; j += 3)
            if (joints[j + 2] > least)
                Line(image, joints[j], joints[j + 1], joints[j], joints[j + 1], radius * 1.4, (255, 255, 255));
    }

    // Every pixel within the radius of the line, its edge faded over one pixel.
    static void Line(RgbImage image, double x0, double y0, double x1, double y1, double radius, (byte R, byte G, byte B) colour)
    {
        if (!double.IsFinite(x0 + y0 + x1 + y1))
            return;
        var (left, right) = Range(Math.Min(x0, x1), Math.Max(x0, x1), image.Width);
        var (top, bottom) = Range(Math.Min(y0, y1), Math.Max(y0, y1), image.Height);
        var (dx, dy) = (x1 - x0, y1 - y0);
        var length = dx * dx + dy * dy;
        for (var y = top; y <= bottom; y++)
            for (var x = left; x <= right; x++)
            {
                var along = length > 0 ? Math.Clamp(((x - x0) * dx + (y - y0) * dy) / length, 0, 1) : 0;
                var (ex, ey) = (x - x0 - along * dx, y - y0 - along * dy);
                var share = Math.Clamp(radius + 0.5 - Math.Sqrt(ex * ex + ey * ey), 0, 1);
                if (share <= 0)
                    continue;
                var pixel = image.Pixels.AsSpan((y * image.Width + x) * 3, 3);
                pixel[0] = Mix(pixel[0], colour.R, share);
                pixel[1] = Mix(pixel[1], colour.G, share);
                pixel[2] = Mix(pixel[2], colour.B, share);
            }

        (int, int) Range(double from, double to, int size) =>
            ((int)Math.Clamp(from - radius - 1, 0, size), (int)Math.Clamp(to + radius + 1, -1, size - 1));
    }

    static byte Mix(byte under, byte over, double share) => (byte)Math.Round(under + (over - under) * share);
}
