namespace Hwaso.Metrics;

/// <summary>A 95 % confidence interval.</summary>
/// <param name="Low">The 2.5th percentile.</param>
/// <param name="High">The 97.5th percentile.</param>
public sealed record Interval(double Low, double High)
{
    /// <summary>The interval of resampled values, percentiles interpolated between neighbours; null without a value.</summary>
    public static Interval? Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? null : new(Percentile(sorted, 0.025), Percentile(sorted, 0.975));
    }

    static double Percentile(double[] sorted, double share)
    {
        var at = share * (sorted.Length - 1);
        var below = (int)at;
        return below + 1 == sorted.Length ? sorted[below] : sorted[below] + (at - below) * (sorted[below + 1] - sorted[below]);
    }
}
