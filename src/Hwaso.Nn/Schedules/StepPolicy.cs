namespace Hwaso.Nn;

/// <summary>The rate times gamma at each milestone passed.</summary>
/// <param name="Milestones">Steps at which the rate falls, ascending.</param>
/// <param name="Gamma">What it is multiplied by.</param>
public sealed record StepPolicy(IReadOnlyList<long> Milestones, double Gamma = 0.1) : LearningRatePolicy
{
    /// <inheritdoc/>
    protected override double Rate(long iteration, long total, double baseRate) =>
        baseRate * Math.Pow(Gamma, Milestones.Count(m => iteration >= m));
}
