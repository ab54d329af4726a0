namespace Hwaso.Data.Checking;

/// <summary>How often a class occurs.</summary>
/// <param name="Name">The class.</param>
/// <param name="Pixels">Pixels labelled as it.</param>
/// <param name="Images">Images that have it.</param>
/// <param name="SuggestedWeight">Median frequency balancing: the median class frequency over its own, frequencies taken over the images that have the
/// class (Eigen and Fergus, ICCV 2015); null where it does not occur.</param>
public sealed record ClassCount(string Name, long Pixels, int Images, double? SuggestedWeight)
{
    /// <summary>1 ÷ ln(1.02 + its share of all labelled pixels), between 1.4 and 50.5 (Paszke et al., "ENet", 2016); null where it does not occur.</summary>
    public double? LogWeight { get; init; }

    /// <summary>Its pixels in each split that was checked.</summary>
    public IReadOnlyList<KeyValuePair<string, long>> PixelsBySplit { get; init; } = [];
}
