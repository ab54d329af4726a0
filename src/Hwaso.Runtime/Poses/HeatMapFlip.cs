namespace Hwaso.Runtime.Poses;

/// <summary>Joins the heat maps of a crop with those of its mirror image.</summary>
public static class HeatMapFlip
{
    /// <summary>Mirrors heat maps back and exchanges left and right joints.</summary>
    /// <param name="maps">J × height × width values of the mirrored crop.</param>
    /// <param name="width">The maps' width.</param>
    /// <param name="height">The maps' height.</param>
    /// <param name="pairs">Left and right joints.</param>
    /// <param name="shift">Whether columns move one to the right, which makes up for crops that are half a pixel off.</param>
    /// <returns>J × height × width values.</returns>
    public static float[] Back(
        ReadOnlySpan<float> maps, int width, int height, IReadOnlyList<(int Left, int Right)> pairs, bool shift)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        var plane = width * height;
        var source = Enumerable.Range(0, maps.Length / plane).ToArray();
        foreach (var (left, right) in pairs)
            (source[left], source[right]) = (source[right], source[left]);
        var result = new float[maps.Length];
        for (var j = 0; j < source.Length; j++)
            for (var y = 0; y < height; y++)
            {
                var from = maps.Slice(source[j] * plane + y * width, width);
                var to = result.AsSpan(j * plane + y * width, width);
                for (var x = 0; x < width; x++)
                    to[x] = from[width - 1 - (shift && x > 0 ? x - 1 : x)];
            }
        return result;
    }

    /// <summary>The mean of the heat maps of a crop and of its mirror image.</summary>
    /// <param name="maps">J × height × width values of the crop; overwritten by the mean.</param>
    /// <param name="mirrored">Those of its mirror image.</param>
    /// <param name="width">The maps' width.</param>
    /// <param name="height">The maps' height.</param>
    /// <param name="pairs">Left and right joints.</param>
    /// <param name="shift">Whether columns move one to the right first, as published.</param>
    public static void Merge(
        Span<float> maps, ReadOnlySpan<float> mirrored, int width, int height, IReadOnlyList<(int Left, int Right)> pairs,
        bool shift = true)
    {
        var back = Back(mirrored, width, height, pairs, shift);
        for (var k = 0; k < back.Length; k++)
            maps[k] = (maps[k] + back[k]) * 0.5f;
    }
}
