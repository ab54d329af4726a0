namespace Hwaso.Nn;

/// <summary>end + (base − end) · (1 + cos(π t/T)) / 2. Loshchilov and Hutter, ICLR 2017, without restarts.</summary>
public sealed record CosinePolicy(double End = 0) : LearningRatePolicy
{
    /// <inheritdoc/>
    protected override double Rate(long iteration, long total, double baseRate) =>
        End + (baseRate - End) * (1 + Math.Cos(Math.PI * Math.Min(iteration, total) / total)) / 2;
}
