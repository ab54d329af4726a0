namespace Hwaso.Nn;

/// <summary>The same rate throughout.</summary>
public sealed record ConstantPolicy : LearningRatePolicy
{
    /// <inheritdoc/>
    protected override double Rate(long iteration, long total, double baseRate) => baseRate;
}
