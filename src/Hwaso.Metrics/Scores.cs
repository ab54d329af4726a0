namespace Hwaso.Metrics;

/// <summary>The scores of a confusion matrix, as shares of 1; null where a score is not defined.</summary>
/// <remarks>
/// A class is absent if it is neither in the truth nor predicted: its union is empty. Toolkits disagree on how it enters the mean,
/// so both means are here under their own names.
/// </remarks>
public sealed record Scores
{
    /// <summary>Mean IoU over the classes that are in the truth or predicted; null if there is none.</summary>
    public required double? Miou { get; init; }

    /// <summary>Mean IoU over all K classes, absent ones counted as 0: the convention of HRNet's official code.</summary>
    public required double MiouAbsentAsZero { get; init; }

    /// <summary>Mean IoU without class 0, the background, absent classes left out; null where there is no background class.</summary>
    public required double? ForegroundIou { get; init; }

    /// <summary>The same with absent classes counted as 0; null where there is no background class, or nothing else.</summary>
    public required double? ForegroundIouAbsentAsZero { get; init; }

    /// <summary>Mean Dice coefficient (F1) over the classes that are in the truth or predicted; null if there is none.</summary>
    public required double? MeanDice { get; init; }

    /// <summary>IoU weighted by the share of each class in the truth; null without a valid pixel.</summary>
    public required double? FrequencyWeightedIou { get; init; }

    /// <summary>Share of the valid pixels that were predicted right; null without a valid pixel.</summary>
    public required double? PixelAccuracy { get; init; }

    /// <summary>Mean recall of the classes in the truth; null if there is none.</summary>
    public required double? MeanAccuracy { get; init; }

    /// <summary>Mean recall over all K classes, those not in the truth counted as 0: the convention of HRNet's official code.</summary>
    public required double MeanAccuracyAbsentAsZero { get; init; }

    /// <summary>K scores, one a class, in class order.</summary>
    public required IReadOnlyList<ClassScore> Classes { get; init; }

    /// <summary>Valid pixels counted.</summary>
    public required long Pixels { get; init; }

    /// <summary>Valid pixels whose prediction was no class; they count as misses.</summary>
    public required long OutOfRangePixels { get; init; }

    /// <summary>The scores of a confusion matrix.</summary>
    /// <param name="matrix">Counts of K classes.</param>
    /// <param name="hasBackground">Whether class 0 is a background, so that the foreground mean is defined.</param>
    public static Scores Of(ConfusionMatrix matrix, bool hasBackground = false)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        var classes = new ClassScore[matrix.Classes];
        long outOfRange = 0;
        for (var k = 0; k < classes.Length; k++)
        {
            classes[k] = new(matrix[k, k], matrix.TruthPixels(k), matrix.PredictedPixels(k));
            outOfRange += matrix.OutOfRange(k);
        }
        var pixels = classes.Sum(c => c.TruthPixels);
        return new()
        {
            Miou = Mean(classes, c => c.Iou),
            MiouAbsentAsZero = classes.Average(c => c.Iou ?? 0),
            ForegroundIou = hasBackground ? Mean(classes.Skip(1), c => c.Iou) : null,
            ForegroundIouAbsentAsZero = hasBackground && classes.Length > 1 ? classes.Skip(1).Average(c => c.Iou ?? 0) : null,
            MeanDice = Mean(classes, c => c.Dice),
            FrequencyWeightedIou = pixels == 0 ? null : classes.Sum(c => (c.Iou ?? 0) * c.TruthPixels) / pixels,
            PixelAccuracy = pixels == 0 ? null : (double)classes.Sum(c => c.Hits) / pixels,
            MeanAccuracy = Mean(classes, c => c.Recall),
            MeanAccuracyAbsentAsZero = classes.Average(c => c.Recall ?? 0),
            Classes = classes,
            Pixels = pixels,
            OutOfRangePixels = outOfRange,
        };
    }

    static double? Mean(IEnumerable<ClassScore> classes, Func<ClassScore, double?> score) =>
        classes.Select(score).Average();
}

/// <summary>How one class did: pixel counts and the ratios made of them, null where the denominator is 0.</summary>
/// <param name="Hits">Pixels of the class predicted as the class (true positives).</param>
/// <param name="TruthPixels">Pixels of the class in the truth.</param>
/// <param name="PredictedPixels">Valid pixels predicted as the class.</param>
public sealed record ClassScore(long Hits, long TruthPixels, long PredictedPixels)
{
    /// <summary>
    /// Intersection over union, hits ÷ (truth + predicted − hits); null if the class is neither in the truth nor predicted.
    /// </summary>
    public double? Iou => Ratio(Hits, TruthPixels + PredictedPixels - Hits);

    /// <summary>Share of the class's pixels that were found, also called its accuracy; null if the class is not in the truth.</summary>
    public double? Recall => Ratio(Hits, TruthPixels);

    /// <summary>Share of the pixels predicted as the class that are right; null if it was never predicted.</summary>
    public double? Precision => Ratio(Hits, PredictedPixels);

    /// <summary>2 × hits ÷ (truth + predicted), also called F1; null if the class is neither in the truth nor predicted.</summary>
    public double? Dice => Ratio(2 * Hits, TruthPixels + PredictedPixels);

    static double? Ratio(long part, long whole) => whole == 0 ? null : (double)part / whole;
}

/// <summary>A score that tables of runs have a column for.</summary>
/// <param name="Name">Its name in files, such as <c>miou</c>.</param>
/// <param name="Title">Its name in tables, such as mIoU.</param>
/// <param name="Of">Its value, a share of 1; null where it is not defined.</param>
public sealed record Measure(string Name, string Title, Func<Scores, double?> Of)
{
    /// <summary>All measures; the first is the default.</summary>
    public static IReadOnlyList<Measure> All { get; } =
    [
        new("miou", "mIoU", s => s.Miou),
        new("foreground_iou", "IoU without background", s => s.ForegroundIou),
        new("pixel_accuracy", "pixel accuracy", s => s.PixelAccuracy),
        new("mean_accuracy", "mean accuracy", s => s.MeanAccuracy),
    ];
}
