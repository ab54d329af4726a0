namespace Hwaso.Training.Studies;

/// <summary>Mean and standard deviation of a few values.</summary>
/// <param name="Values">The values.</param>
/// <param name="Mean">Their mean; null of none.</param>
/// <param name="Deviation">Their sample standard deviation (over n − 1); null of fewer than two.</param>
public sealed record Spread(IReadOnlyList<double> Values, double? Mean, double? Deviation)
{
    /// <summary>The spread of values.</summary>
    public static Spread Of(IEnumerable<double> values)
    {
        var list = values.ToArray();
        if (list.Length == 0)
            return new Spread(list, null, null);
        var mean = list.Average();
        return new Spread(list, mean, list.Length < 2 ? null : Math.Sqrt(list.Sum(v => (v - mean) * (v - mean)) / (list.Length - 1)));
    }
}
