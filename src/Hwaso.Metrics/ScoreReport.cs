using Hwaso.Data;

namespace Hwaso.Metrics;

/// <summary>The result of scoring predictions.</summary>
/// <param name="Classes">The K classes.</param>
/// <param name="Scores">Scores over the training classes.</param>
/// <param name="Confusion">The counts behind them.</param>
/// <param name="Images">Images scored.</param>
public sealed record ScoreReport(ClassList Classes, Scores Scores, ConfusionMatrix Confusion, int Images)
{
    /// <summary>Category and instance scores after Cityscapes' own definition; null for other data sets.</summary>
    public CityscapesScores? Cityscapes { get; init; }

    /// <summary>Boundary pixels of each class, whose IoU is the boundary IoU; null where they were not counted.</summary>
    public IReadOnlyList<ClassScore>? Boundary { get; init; }

    /// <summary>The resampled counts; null where there are none, or a single image.</summary>
    public Bootstrap? Bootstrap { get; init; }

    /// <summary>Mean boundary IoU over the classes that have a boundary pixel, true or predicted; null without one.</summary>
    public double? BoundaryMiou => Boundary?.Select(c => c.Iou).Average();

    /// <summary>Mean IoU under a convention.</summary>
    public double? Miou(AbsentClasses absent) => absent == AbsentClasses.Zero ? Scores.MiouAbsentAsZero : Scores.Miou;

    /// <summary>
    /// How much better these scores are than <paramref name="other"/>'s of the same images, each resampling counting the same for both.
    /// </summary>
    /// <exception cref="ArgumentException">One was not resampled, or otherwise.</exception>
    public ScoreDifference DifferenceFrom(ScoreReport other, AbsentClasses absent)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (Bootstrap is null || other.Bootstrap is null || Bootstrap.Replicates != other.Bootstrap.Replicates || Images != other.Images)
            throw new ArgumentException("scores can be compared that were resampled alike, over the same images, of which "
                + "there are two or more");
        var differences = Bootstrap.MeanIous(absent).Zip(other.Bootstrap.MeanIous(absent), (a, b) => a - b).OfType<double>().ToArray();
        return new(Miou(absent) - other.Miou(absent), Interval.Of(differences),
            differences.Length == 0 ? null : differences.Count(d => d > 0) / (double)differences.Length);
    }
}

/// <summary>How far two predictions of the same images are apart in mean IoU.</summary>
/// <param name="Miou">The difference; above 0 where the first is better.</param>
/// <param name="Interval">Where 95 % of the resampled differences lie; one that holds 0 decides nothing.</param>
/// <param name="ShareBetter">Share of the resamplings in which the first is better.</param>
public sealed record ScoreDifference(double? Miou, Interval? Interval, double? ShareBetter);
