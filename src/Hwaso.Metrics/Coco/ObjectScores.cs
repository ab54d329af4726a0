using Hwaso.Data.Annotations;

namespace Hwaso.Metrics.Coco;

/// <summary>Settings of a score of boxes or masks.</summary>
public sealed record ObjectScoreOptions
{
    /// <summary>Whether masks are compared, otherwise boxes.</summary>
    public bool Masks { get; init; }

    /// <summary>Whether a detection may match a truth of any category, as proposals are scored.</summary>
    public bool ClassAgnostic { get; init; }

    /// <summary>Detections of an image and category that count, rising: three numbers; AP is read at 100, recalls at each.</summary>
    public IReadOnlyList<int> MaxDetections { get; init; } = [1, 10, 100];

    /// <summary>Resamplings of the images for confidence intervals; 0 for none.</summary>
    public int Bootstrap { get; init; }

    /// <summary>Threads to match categories on.</summary>
    public int Threads { get; init; } = 1;
}

/// <summary>
/// The twelve numbers of COCO's evaluation of boxes and masks, 0 to 1, and −1 where no truth counts: average precision and recall over
/// intersections over union from 0.50 to 0.95.
/// </summary>
/// <param name="Ap">Average precision.</param>
/// <param name="Ap50">At an overlap of 0.5.</param>
/// <param name="Ap75">At 0.75.</param>
/// <param name="ApSmall">Of areas to 32².</param>
/// <param name="ApMedium">Of areas from 32² to 96².</param>
/// <param name="ApLarge">Of areas from 96².</param>
/// <param name="ArFew">Average recall with the fewest detections, 1 by default.</param>
/// <param name="ArSome">With the next number, 10.</param>
/// <param name="ArMost">With the largest, 100.</param>
/// <param name="ArSmall">Of areas to 32².</param>
/// <param name="ArMedium">Of areas from 32² to 96².</param>
/// <param name="ArLarge">Of areas from 96².</param>
public sealed record ObjectScores(
    double Ap, double Ap50, double Ap75, double ApSmall, double ApMedium, double ApLarge,
    double ArFew, double ArSome, double ArMost, double ArSmall, double ArMedium, double ArLarge)
{
    /// <summary>The interval of <see cref="Ap"/> over resampled images; null where none was asked for.</summary>
    public Interval? ApInterval { get; init; }

    /// <summary>The interval of <see cref="ArMost"/> likewise.</summary>
    public Interval? ArInterval { get; init; }

    /// <summary>Average precision of each category in the order of ids; −1 without a truth that counts.</summary>
    public IReadOnlyList<(CocoCategory Category, double Ap)> ByCategory { get; init; } = [];

    /// <summary>
    /// Precision at the recalls 0, 0.01, … 1, the mean of the categories with truths, at intersections over union of 0.5 and 0.75; empty
    /// without a truth that counts.
    /// </summary>
    public IReadOnlyList<(double Overlap, IReadOnlyList<double> Precision)> Curves { get; init; } = [];

    /// <summary>The images of the annotation file.</summary>
    public int Images { get; init; }

    /// <summary>The twelve numbers by the names of <c>--json</c>, with a title for tables.</summary>
    /// <param name="maxDetections">Those of the options, for the titles.</param>
    public IReadOnlyList<(string Name, string Title, double Value)> Numbers(IReadOnlyList<int> maxDetections) =>
    [
        ("ap", "AP", Ap), ("ap50", "AP50", Ap50), ("ap75", "AP75", Ap75), ("aps", "AP small", ApSmall), ("apm", "AP medium", ApMedium),
        ("apl", "AP large", ApLarge), ("ar1", $"AR at {maxDetections[0]}", ArFew), ("ar10", $"AR at {maxDetections[1]}", ArSome),
        ("ar100", $"AR at {maxDetections[2]}", ArMost), ("ars", "AR small", ArSmall), ("arm", "AR medium", ArMedium),
        ("arl", "AR large", ArLarge),
    ];
}
