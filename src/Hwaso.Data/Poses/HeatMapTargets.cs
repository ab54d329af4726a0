namespace Hwaso.Data.Poses;

/// <summary>Which form of target heat maps is learned, and by which map crops are made.</summary>
public enum HeatMapForm
{
    /// <summary>The authors': centres rounded to whole pixels, a square of 3σ around them.</summary>
    Published,

    /// <summary>DARK (Zhang et al., CVPR 2020): exact centres, over the whole map.</summary>
    Dark,

    /// <summary>UDP (Huang et al., CVPR 2020): exact centres in a square, pixels counted from centre to centre.</summary>
    Udp,
}

/// <summary>Draws a Gaussian of peak 1 around each joint, as the authors' generate_target does, or in an unbiased form.</summary>
/// <param name="width">The map's width.</param>
/// <param name="height">The map's height.</param>
/// <param name="inputWidth">The crop's width.</param>
/// <param name="inputHeight">The crop's height.</param>
/// <param name="sigma">σ in pixels of the map, above 0.</param>
/// <param name="form">The form.</param>
public sealed class HeatMapTargets(
    int width, int height, int inputWidth, int inputHeight, double sigma, HeatMapForm form = HeatMapForm.Published)
{
    readonly (double X, double Y) stride = form == HeatMapForm.Udp
        ? ((inputWidth - 1.0) / (width - 1), (inputHeight - 1.0) / (height - 1))
        : ((double)inputWidth / width, (double)inputHeight / height);

    /// <summary>The maps and weights of a person.</summary>
    /// <param name="joints">x, y and visibility of each of J joints, in the crop.</param>
    /// <param name="maps">J × height × width values; overwritten.</param>
    /// <param name="weights">J values, 0 or 1; overwritten.</param>
    public void Draw(ReadOnlySpan<double> joints, Span<float> maps, Span<float> weights)
    {
        maps.Clear();
        for (var j = 0; j < weights.Length; j++)
        {
            weights[j] = (float)Math.Min(joints[3 * j + 2], 1);
            var (x, y) = (joints[3 * j] / stride.X, joints[3 * j + 1] / stride.Y);
            var map = maps.Slice(j * width * height, width * height);
            var seen = form == HeatMapForm.Dark ? Whole(map, x, y, weights[j] > 0.5f) : Square(map, x, y, weights[j] > 0.5f);
            if (!seen)
                weights[j] = 0;
        }
    }

    // False where the square does not touch the map.
    bool Square(Span<float> map, double x, double y, bool draw)
    {
        // Truncated, not rounded down: -0.9 gives 0. Values far outside stay far outside.
        var (mx, my) = (Whole(x + 0.5), Whole(y + 0.5));
        var radius = sigma * 3;
        var (left, top) = ((long)(mx - radius), (long)(my - radius));
        var (right, bottom) = ((long)(mx + radius + 1), (long)(my + radius + 1));
        if (left >= width || top >= height || right < 0 || bottom < 0)
            return false;
        if (!draw)
            return true;
        var size = 2 * radius + 1;
        var exact = form == HeatMapForm.Udp;
        var middle = Math.Floor(size / 2);
        var (cx, cy) = exact ? (middle + x - mx, middle + y - my) : (middle, middle);
        var count = (int)Math.Ceiling(size);
        for (var row = Math.Max(0, top); row < Math.Min(bottom, height) && row - top < count; row++)
            for (var column = Math.Max(0, left); column < Math.Min(right, width) && column - left < count; column++)
                map[(int)(row * width + column)] = Gaussian(column - left - cx, row - top - cy);
        return true;
    }

    bool Whole(Span<float> map, double x, double y, bool draw)
    {
        if (!draw)
            return true;
        var radius = sigma * 3;
        if (x - radius >= width || y - radius >= height || x + radius + 1 < 0 || y + radius + 1 < 0)
            return false;
        for (var row = 0; row < height; row++)
            for (var column = 0; column < width; column++)
                map[row * width + column] = Gaussian(column - x, row - y);
        return true;
    }

    float Gaussian(double dx, double dy) => (float)Math.Exp(-(dx * dx + dy * dy) / (2 * sigma * sigma));

    static double Whole(double value) => Math.Truncate(Math.Clamp(value, -1e9, 1e9));
}
