using Hwaso.Data.Annotations;

namespace Hwaso.Metrics.Coco;

/// <summary>
/// The ten numbers of COCO's keypoint evaluation, 0 to 1, and −1 where no truth counts: average precision and recall over similarities
/// from 0.50 to 0.95, at 0.50, at 0.75, and of people of medium and large area.
/// </summary>
/// <param name="Ap">Average precision.</param>
/// <param name="Ap50">At a similarity of 0.5.</param>
/// <param name="Ap75">At 0.75.</param>
/// <param name="ApMedium">Of areas from 32² to 96².</param>
/// <param name="ApLarge">Of areas from 96².</param>
/// <param name="Ar">Average recall.</param>
/// <param name="Ar50">At a similarity of 0.5.</param>
/// <param name="Ar75">At 0.75.</param>
/// <param name="ArMedium">Of areas from 32² to 96².</param>
/// <param name="ArLarge">Of areas from 96².</param>
public sealed record KeypointScores(
    double Ap, double Ap50, double Ap75, double ApMedium, double ApLarge,
    double Ar, double Ar50, double Ar75, double ArMedium, double ArLarge)
{
    /// <summary>The interval of <see cref="Ap"/> over resampled images; null where none was asked for.</summary>
    public Interval? ApInterval { get; init; }

    /// <summary>The interval of <see cref="Ar"/> likewise.</summary>
    public Interval? ArInterval { get; init; }

    /// <summary>The images of the annotation file.</summary>
    public int Images { get; init; }

    /// <summary>The people that count, in the order of the images.</summary>
    public IReadOnlyList<ScoredPerson> People { get; init; } = [];

    /// <summary>The ten numbers by the names of <c>--json</c>, with a title for tables.</summary>
    public IReadOnlyList<(string Name, string Title, double Value)> Numbers =>
    [
        ("ap", "AP", Ap), ("ap50", "AP50", Ap50), ("ap75", "AP75", Ap75), ("apm", "AP medium", ApMedium), ("apl", "AP large", ApLarge),
        ("ar", "AR", Ar), ("ar50", "AR50", Ar50), ("ar75", "AR75", Ar75), ("arm", "AR medium", ArMedium), ("arl", "AR large", ArLarge),
    ];

    /// <summary>The numbers of tables, a list of categories for each of all, medium and large.</summary>
    internal static KeypointScores Of(IReadOnlyList<IReadOnlyList<PrecisionTable>> byArea)
    {
        return new KeypointScores(
            Precision(0), Precision(0, 0), Precision(0, 5), Precision(1), Precision(2),
            Recall(0), Recall(0, 0), Recall(0, 5), Recall(1), Recall(2));

        double Precision(int area, int? threshold = null) => MeanPrecision(byArea[area], threshold);
        double Recall(int area, int? threshold = null) => MeanRecall(byArea[area], threshold);
    }

    internal static double MeanPrecision(IEnumerable<PrecisionTable> tables, int? threshold = null) => Mean(
        tables.SelectMany(t => threshold is { } one ? t.Precision[one] : t.Precision.SelectMany(row => row)));

    internal static double MeanRecall(IEnumerable<PrecisionTable> tables, int? threshold = null) =>
        Mean(tables.SelectMany(t => threshold is { } one ? [t.Recall[one]] : t.Recall));

    static double Mean(IEnumerable<double> values)
    {
        double[] all = [.. values];
        return all.Length == 0 ? -1 : CocoRules.Sum(all) / all.Length;
    }
}

/// <summary>A person of the truth and what was found of it.</summary>
/// <param name="Image">The image's number.</param>
/// <param name="Truth">The annotation.</param>
/// <param name="Found">The detection matched at a similarity of 0.5; null where the person was missed.</param>
/// <param name="Oks">Their similarity; 0 where missed.</param>
public sealed record ScoredPerson(long Image, CocoAnnotation Truth, CocoResult? Found, double Oks);
