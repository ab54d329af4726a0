using Hwaso.Onnx.Quantising;

namespace Hwaso.Inference.Quantising;

/// <summary>How the range of a tensor's 8 bits is chosen from the numbers that were seen.</summary>
public enum RangeRule
{
    /// <summary>All but one in ten thousand numbers at each end.</summary>
    Percentile,

    /// <summary>The range whose 8 bits lose the least information: least Kullback–Leibler divergence (Migacz, GTC 2017).</summary>
    Entropy,
}

/// <summary>A histogram of a tensor's numbers. It grows with them: bins are joined in pairs, so no range need be known.</summary>
sealed class ActivationRange
{
    const int Half = 2048, Levels = 128;
    const double Cut = 1e-4;

    // From −reach to reach, without zeros: every code keeps them.
    readonly long[] bins = new long[2 * Half];
    long zeros;
    float reach;

    /// <summary>Counts numbers; those that are not finite are left out.</summary>
    /// <param name="numbers">The numbers.</param>
    /// <param name="step">Counts every so many, and the largest of all.</param>
    public void Add(ReadOnlySpan<float> numbers, int step = 1)
    {
        var most = 0f;
        foreach (var number in numbers)
            if (float.IsFinite(number))
                most = Math.Max(most, Math.Abs(number));
        if (reach == 0)
            reach = most;
        while (reach < most)
            Double();
        for (var k = 0; k < numbers.Length; k += step)
            if (numbers[k] == 0)
                zeros++;
            else if (float.IsFinite(numbers[k]))
                bins[Math.Clamp((int)MathF.Floor(numbers[k] / reach * Half) + Half, 0, (2 * Half) - 1)]++;
    }

    /// <summary>The code of 8 bits for the range that a rule chooses; 0 is always in it.</summary>
    public TensorCode Code(RangeRule rule)
    {
        if (reach == 0)
            return new TensorCode(1, 0);
        var (low, high) = rule == RangeRule.Entropy ? LeastDivergence() : Percentiles();
        var scale = (float)((high - low) / byte.MaxValue);
        return scale > 0 && float.IsNormal(scale)
            ? new TensorCode(scale, (byte)Math.Clamp(Math.Round(-low / scale), 0, byte.MaxValue))
            : new TensorCode(1, 0);
    }

    void Double()
    {
        reach *= 2;
        var joined = new long[Half];
        for (var k = 0; k < Half; k++)
            joined[k] = bins[2 * k] + bins[(2 * k) + 1];
        Array.Clear(bins);
        joined.CopyTo(bins, Half / 2);
    }

    (double Low, double High) Percentiles()
    {
        var cut = (long)((bins.Sum() + zeros) * Cut);
        var (first, last) = (0, bins.Length - 1);
        for (var below = 0L; first < Half && (below += bins[first]) <= cut; first++)
        {
        }
        for (var above = 0L; last >= Half && (above += bins[last]) <= cut; last--)
        {
        }
        return ((first - Half) * (double)reach / Half, (last + 1 - Half) * (double)reach / Half);
    }

    // Both ends are cut at the same distance from 0: the ends that the numbers do not reach stay where they are.
    (double Low, double High) LeastDivergence()
    {
        var (isSigned, sizes) = (bins.AsSpan(0, Half).ContainsAnyExcept(0L), new double[Half]);
        for (var k = 0; k < Half; k++)
            sizes[k] = bins[Half + k] + bins[Half - 1 - k];
        var (best, kept) = (double.PositiveInfinity, Half);
        for (var count = Levels; count <= Half; count += Levels / 8)
            if (Divergence(sizes, count) is var one && one < best)
                (best, kept) = (one, count);
        var high = kept * (double)reach / Half;
        var (lowest, highest) = Percentiles();
        return (isSigned ? Math.Max(-high, lowest) : 0, Math.Min(high, Math.Max(highest, 0)));
    }

    /// <summary>How far the numbers, cut off behind some bins, are from what 128 levels keep of them.</summary>
    static double Divergence(double[] sizes, int count)
    {
        var outside = 0.0;
        for (var k = count; k < sizes.Length; k++)
            outside += sizes[k];
        var total = outside;
        for (var k = 0; k < count; k++)
            total += sizes[k];
        if (total == 0)
            return 0;
        var sum = 0.0;
        for (var level = 0; level < Levels; level++)
        {
            var (from, to) = (level * count / Levels, (level + 1) * count / Levels);
            var (inside, filled) = (0.0, 0);
            for (var k = from; k < to; k++)
            {
                inside += sizes[k];
                filled += sizes[k] > 0 ? 1 : 0;
            }
            for (var k = from; k < to; k++)
            {
                var wanted = (sizes[k] + (k == count - 1 ? outside : 0)) / total;
                // What lies behind the cut is lost: the level's own numbers are spread evenly over its bins.
                var kept = filled == 0 || sizes[k] == 0 ? 1e-9 : inside / filled / Math.Max(total - outside, 1);
                if (wanted > 0)
                    sum += wanted * Math.Log(wanted / kept);
            }
        }
        return sum;
    }
}
