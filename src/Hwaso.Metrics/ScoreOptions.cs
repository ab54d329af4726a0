namespace Hwaso.Metrics;

/// <summary>What is counted beside the confusion matrix.</summary>
public sealed record ScoreOptions
{
    /// <summary>Resamplings of the images for confidence intervals; 0 for none.</summary>
    public int Bootstrap { get; init; } = Metrics.Bootstrap.DefaultReplicates;

    /// <summary>Width of the boundary as a share of the diagonal, for boundary IoU; null for no boundary IoU.</summary>
    public double? BoundaryRatio { get; init; }
}
