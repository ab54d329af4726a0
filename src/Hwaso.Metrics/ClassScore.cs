namespace Hwaso.Metrics;

/// <summary>How one class did: pixel counts and the ratios made of them, null where the denominator is 0.</summary>
/// <param name="Hits">Pixels of the class predicted as the class (true positives).</param>
/// <param name="TruthPixels">Pixels of the class in the truth.</param>
/// <param name="PredictedPixels">Valid pixels predicted as the class.</param>
public sealed record ClassScore(long Hits, long TruthPixels, long PredictedPixels)
{
    /// <summary>Intersection over union, hits ÷ (truth + predicted − hits); null if the class is neither in the truth nor predicted.</summary>
    public double? Iou => Ratio(Hits, TruthPixels + PredictedPixels - Hits);

    /// <summary>Share of the class's pixels that were found, also called its accuracy; null if the class is not in the truth.</summary>
    public double? Recall => Ratio(Hits, TruthPixels);

    /// <summary>Share of the pixels predicted as the class that are right; null if it was never predicted.</summary>
    public double? Precision => Ratio(Hits, PredictedPixels);

    /// <summary>2 × hits ÷ (truth + predicted), also called F1; null if the class is neither in the truth nor predicted.</summary>
    public double? Dice => Ratio(2 * Hits, TruthPixels + PredictedPixels);

    static double? Ratio(long part, long whole) => whole == 0 ? null : (double)part / whole;
}
