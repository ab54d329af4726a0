using Hwaso.Metrics;
using Hwaso.Recipes;

namespace Hwaso.Training.Studies;

/// <summary>What a paper prints of a variant; null where it prints nothing.</summary>
public sealed record PublishedResult
{
    // Papers of this field divide multiply-adds by 2^30 and call them G.
    const double Gi = 1L << 30;
    const double Million = 1e6;

    /// <summary>Parameters.</summary>
    public double? Parameters { get; init; }

    /// <summary>Multiply-adds of one image.</summary>
    public double? Macs { get; init; }

    /// <summary>Scores by the names of measures, as shares of 1.</summary>
    public IReadOnlyDictionary<string, double> Scores { get; init; } = new Dictionary<string, double>();

    /// <summary>By how much the first measure is above the baseline's, as a share of 1, where only that is printed.</summary>
    public double? Difference { get; init; }

    internal static PublishedResult Read(YamlMap map)
    {
        map.AllowOnly(["parameters_m", "macs_gi", "difference", .. Measure.All.Select(m => m.Name)]);
        return new PublishedResult
        {
            Parameters = map["parameters_m"].Number(min: 0, aboveMin: true) * Million,
            Macs = map["macs_gi"].Number(min: 0, aboveMin: true) * Gi,
            Difference = map["difference"].Number(min: -1, max: 1),
            Scores = Measure.All.Where(m => map.Has(m.Name)).ToDictionary(m => m.Name, m => map[m.Name].Number(min: 0, max: 1)!.Value),
        };
    }
}
