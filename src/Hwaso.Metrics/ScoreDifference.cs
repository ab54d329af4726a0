namespace Hwaso.Metrics;

/// <summary>How far two predictions of the same images are apart in mean IoU.</summary>
/// <param name="Miou">The difference; above 0 where the first is better.</param>
/// <param name="Interval">Where 95 % of the resampled differences lie; one that holds 0 decides nothing.</param>
/// <param name="ShareBetter">Share of the resamplings in which the first is better.</param>
public sealed record ScoreDifference(double? Miou, Interval? Interval, double? ShareBetter);
