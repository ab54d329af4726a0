namespace Hwaso.Nn;

/// <summary>end + (base − end) · (1 − t/T)^power, by iteration. Chen et al., "DeepLab", TPAMI 2018; HRNet's code uses power 0.9.</summary>
public sealed record PolyPolicy(double Power = 0.9, double End = 0) : LearningRatePolicy
{
    /// <inheritdoc/>
    protected override double Rate(long iteration, long total, double baseRate) =>
        End + (baseRate - End) * Math.Pow(1 - (double)Math.Min(iteration, total) / total, Power);
}
