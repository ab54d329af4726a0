namespace Hwaso.Nn;

/// <summary>The learning rate at each step.</summary>
public abstract record LearningRatePolicy
{
    /// <summary>Steps over which the rate first rises to the policy's; 0 for none.</summary>
    public int WarmupIterations { get; init; }

    /// <summary>The fraction of the rate with which the warm-up begins.</summary>
    public double WarmupRatio { get; init; } = 0.1;

    /// <summary>How the rate rises.</summary>
    public WarmupForm WarmupForm { get; init; }

    /// <summary>
    /// Whether the policy begins where the warm-up ends, over the steps that are left; if not, it runs under the warm-up.
    /// </summary>
    public bool BeginsAfterWarmup { get; init; }

    /// <summary>
    /// Steps over which the rate of groups that <see cref="ParameterGroup.StartsLater"/> rises, linearly from 0, once the others' warm-up
    /// has ended; 0 where they have the others' rate.
    /// </summary>
    public int LaterIterations { get; init; }

    /// <summary>The rate of a step.</summary>
    /// <param name="iteration">Steps done before it, from 0.</param>
    /// <param name="total">Steps in all.</param>
    /// <param name="baseRate">The rate that the policy starts from.</param>
    /// <remarks>HRNet's official code sets a step's rate after the step, so that its first two steps both have the base rate; here each has
    /// its own.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">A step before the first, or a run of none.</exception>
    public double At(long iteration, long total, double baseRate)
    {
        Check(iteration, total);
        return iteration >= WarmupIterations
            ? AfterWarmup(iteration, total, WarmupIterations, baseRate)
            : (BeginsAfterWarmup ? baseRate : Rate(iteration, total, baseRate)) * Rise(iteration);
    }

    /// <summary>The rate of a step for groups that <see cref="ParameterGroup.StartsLater"/>.</summary>
    /// <inheritdoc cref="At"/>
    public double LaterAt(long iteration, long total, double baseRate)
    {
        if (LaterIterations == 0)
            return At(iteration, total, baseRate);
        Check(iteration, total);
        var (since, end) = (iteration - WarmupIterations, (long)WarmupIterations + LaterIterations);
        return since <= 0 ? 0
            : iteration >= end ? AfterWarmup(iteration, total, end, baseRate)
            : (BeginsAfterWarmup ? baseRate : Rate(iteration, total, baseRate)) * since / LaterIterations;
    }

    static void Check(long iteration, long total)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(iteration);
        ArgumentOutOfRangeException.ThrowIfLessThan(total, 1);
    }

    double AfterWarmup(long iteration, long total, long warmup, double baseRate) => BeginsAfterWarmup
        ? Rate(iteration - warmup, Math.Max(1, total - warmup), baseRate)
        : Rate(iteration, total, baseRate);

    double Rise(long iteration) => WarmupForm == WarmupForm.Exponential
        ? Math.Pow(WarmupRatio, 1 - (double)iteration / WarmupIterations)
        : WarmupRatio + (1 - WarmupRatio) * iteration / WarmupIterations;

    /// <summary>The rate without warm-up.</summary>
    protected abstract double Rate(long iteration, long total, double baseRate);
}

/// <summary>The same rate throughout.</summary>
public sealed record ConstantPolicy : LearningRatePolicy
{
    /// <inheritdoc/>
    protected override double Rate(long iteration, long total, double baseRate) => baseRate;
}

/// <summary>The rate times gamma at each milestone passed.</summary>
/// <param name="Milestones">Steps at which the rate falls, ascending.</param>
/// <param name="Gamma">The factor at each milestone.</param>
public sealed record StepPolicy(IReadOnlyList<long> Milestones, double Gamma = 0.1) : LearningRatePolicy
{
    /// <inheritdoc/>
    protected override double Rate(long iteration, long total, double baseRate) =>
        baseRate * Math.Pow(Gamma, Milestones.Count(m => iteration >= m));
}

/// <summary>
/// end + (base − end) · (1 − t/T)^power, by iteration. Chen et al., "DeepLab", TPAMI 2018; HRNet's code uses power 0.9.
/// </summary>
public sealed record PolyPolicy(double Power = 0.9, double End = 0) : LearningRatePolicy
{
    /// <inheritdoc/>
    protected override double Rate(long iteration, long total, double baseRate) =>
        End + (baseRate - End) * Math.Pow(1 - (double)Math.Min(iteration, total) / total, Power);
}

/// <summary>end + (base − end) · (1 + cos(π t/T)) / 2. Loshchilov and Hutter, ICLR 2017, without restarts.</summary>
public sealed record CosinePolicy(double End = 0) : LearningRatePolicy
{
    /// <inheritdoc/>
    protected override double Rate(long iteration, long total, double baseRate) =>
        End + (baseRate - End) * (1 + Math.Cos(Math.PI * Math.Min(iteration, total) / total)) / 2;
}

/// <summary>How a learning rate rises from a fraction r of itself, at step t of a warm-up of W.</summary>
public enum WarmupForm
{
    /// <summary>r + (1 − r) · t / W.</summary>
    Linear,

    /// <summary>r^(1 − t / W).</summary>
    Exponential,
}
