namespace Hwaso.Imaging;

/// <summary>
/// Values as colours: dark blue (low) over green to yellow (high), of steadily growing lightness, so that differences look as large as
/// they are.
/// </summary>
public static class HeatMap
{
    // Nine of viridis' colours (van der Walt and Smith, 2015, CC0), equally far apart; straight lines between them.
    static readonly (byte R, byte G, byte B)[] colors =
    [
        (68, 1, 84), (71, 44, 122), (59, 81, 139), (44, 113, 142), (33, 144, 141), (39, 173, 129), (92, 200, 99), (170, 220, 50),
        (253, 231, 37),
    ];

    /// <summary>Draws a map of values; NaN is gray, and values outside the range get the colour of its nearer end.</summary>
    /// <param name="values">h × w values, rows from the top.</param>
    /// <param name="w">Width in pixels.</param>
    /// <param name="h">Height in pixels.</param>
    /// <param name="min">The value of the darkest colour; the least finite value if null.</param>
    /// <param name="max">The value of the lightest colour; the greatest finite value if null.</param>
    /// <exception cref="ArgumentException">The values do not fit the size, or the range is not one of finite numbers in order.</exception>
    public static RgbImage Render(ReadOnlySpan<float> values, int w, int h, float? min = null, float? max = null)
    {
        var image = new RgbImage(w, h);
        if (values.Length != image.Pixels.Length / 3)
            throw new ArgumentException($"{values.Length} values for a heat map of {w}×{h}: {image.Pixels.Length / 3} were wanted",
                nameof(values));
        var (low, high) = Range(values, min, max);
        var span = (double)high - low;
        for (var k = 0; k < values.Length; k++)
        {
            // Equal values get the darkest colour, unless they lie above a range of no width.
            var at = span > 0 ? (values[k] - (double)low) / span : values[k] > high ? 1 : 0;
            var (r, g, b) = float.IsNaN(values[k]) ? ((byte)128, (byte)128, (byte)128) : Color(Math.Clamp(at, 0, 1));
            (image.Pixels[3 * k], image.Pixels[3 * k + 1], image.Pixels[3 * k + 2]) = (r, g, b);
        }
        return image;
    }

    static (float Low, float High) Range(ReadOnlySpan<float> values, float? min, float? max)
    {
        var (low, high) = (float.PositiveInfinity, float.NegativeInfinity);
        foreach (var value in values)
            if (float.IsFinite(value))
                (low, high) = (Math.Min(low, value), Math.Max(high, value));
        // Without any finite value only a given end counts.
        if (low > high)
            low = high = min ?? max ?? 0;
        (low, high) = (min ?? Math.Min(low, max ?? low), max ?? Math.Max(high, min ?? high));
        if (!float.IsFinite(low) || !float.IsFinite(high) || low > high)
            throw new ArgumentException($"a heat map from {low} to {high}: two finite numbers in order were wanted");
        return (low, high);
    }

    static (byte R, byte G, byte B) Color(double at)
    {
        var place = at * (colors.Length - 1);
        var first = Math.Min((int)place, colors.Length - 2);
        var share = place - first;
        var (from, to) = (colors[first], colors[first + 1]);
        return (Mix(from.R, to.R, share), Mix(from.G, to.G, share), Mix(from.B, to.B, share));
    }

    static byte Mix(byte from, byte to, double share) => (byte)Math.Round(from + (to - from) * share);
}
