namespace Hwaso.Data.Checking;

/// <summary>How often a class occurs.</summary>
/// <param name="Name">The class.</param>
/// <param name="Pixels">Pixels labelled as it.</param>
/// <param name="Images">Images that have it.</param>
/// <param name="SuggestedWeight">Median frequency balancing: the median class frequency over its own, frequencies taken over the images that have the
/// class (Eigen and Fergus, ICCV 2015); null where it does not occur.</param>
public sealed record ClassCount(string Name, long Pixels, int Images, double? SuggestedWeight);
