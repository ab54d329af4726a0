namespace Hwaso.Metrics.Coco;

/// <summary>Numbers of the COCO evaluation, as NumPy makes them in pycocotools.</summary>
static class CocoRules
{
    /// <summary>np.spacing(1), which keeps divisors above 0.</summary>
    public const double Epsilon = 1.0 / (1L << 52);

    /// <summary>The similarities from which a detection counts as found: 0.50, 0.55, … 0.95, as doubles of np.linspace.</summary>
    public static IReadOnlyList<double> Thresholds { get; } = Linspace(.5, .95, 10);

    /// <summary>The recalls at which precision is read: 0, 0.01, … 1, as doubles of np.linspace.</summary>
    public static IReadOnlyList<double> Recalls { get; } = Linspace(0, 1, 101);

    /// <summary>The order of falling scores; equal ones stay in order, as NumPy's mergesort leaves them.</summary>
    public static int[] ByScore(IReadOnlyList<double> scores)
    {
        var (order, keys) = (new int[scores.Count], new double[scores.Count]);
        for (var k = 0; k < order.Length; k++)
            (order[k], keys[k]) = (k, double.IsNaN(scores[k]) ? double.PositiveInfinity : -scores[k]);
        Array.Sort(keys, order);
        for (int k = 0, end; k < order.Length; k = end)
        {
            for (end = k + 1; end < order.Length && keys[end] == keys[k]; end++)
            {
            }
            Array.Sort(order, k, end - k);
        }
        return order;
    }

    /// <summary>The sum in the order in which NumPy adds a contiguous array of up to 128 numbers, so that the last bit agrees.</summary>
    public static double Sum(ReadOnlySpan<double> values)
    {
        if (values.Length < 8)
        {
            var plain = 0.0;
            foreach (var value in values)
                plain += value;
            return plain;
        }
        if (values.Length > 128)
        {
            var half = values.Length / 2;
            half -= half % 8;
            return Sum(values[..half]) + Sum(values[half..]);
        }
        Span<double> lanes = stackalloc double[8];
        values[..8].CopyTo(lanes);
        var k = 8;
        for (; k + 8 <= values.Length; k += 8)
            for (var lane = 0; lane < 8; lane++)
                lanes[lane] += values[k + lane];
        var sum = lanes[0] + lanes[1] + (lanes[2] + lanes[3]) + (lanes[4] + lanes[5] + (lanes[6] + lanes[7]));
        for (; k < values.Length; k++)
            sum += values[k];
        return sum;
    }

    static double[] Linspace(double from, double to, int count)
    {
        var step = (to - from) / (count - 1);
        return [.. Enumerable.Range(0, count).Select(k => k == count - 1 ? to : k * step + from)];
    }
}

/// <summary>Sizes of objects that are scored by themselves.</summary>
/// <param name="Name">Its name, such as <c>medium</c>.</param>
/// <param name="From">The smallest area in square pixels, included.</param>
/// <param name="To">The largest, included.</param>
public sealed record AreaRange(string Name, double From, double To)
{
    /// <summary>COCO's ranges for keypoints: all, medium from 32² to 96², large from 96².</summary>
    public static IReadOnlyList<AreaRange> Keypoints { get; } =
        [new("all", 0, 1e10), new("medium", 32 * 32, 96 * 96), new("large", 96 * 96, 1e10)];

    /// <summary>COCO's ranges for boxes and masks: all, small to 32², medium from 32² to 96², large from 96².</summary>
    public static IReadOnlyList<AreaRange> Objects { get; } =
        [new("all", 0, 1e10), new("small", 0, 32 * 32), new("medium", 32 * 32, 96 * 96), new("large", 96 * 96, 1e10)];

    internal bool Contains(double area) => !(area < From || area > To);
}
