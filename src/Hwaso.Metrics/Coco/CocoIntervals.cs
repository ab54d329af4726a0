using System.Globalization;

namespace Hwaso.Metrics.Coco;

/// <summary>Confidence intervals of AP and AR: images are drawn again and again, as <see cref="Bootstrap"/> draws them.</summary>
static class CocoIntervals
{
    /// <summary>The intervals; null without resampling or with fewer than two images.</summary>
    /// <param name="categories">The detections of each category, with an entry for every image.</param>
    /// <param name="images">The images' numbers.</param>
    /// <param name="count">How often images are drawn.</param>
    /// <param name="threads">Threads to draw on.</param>
    /// <param name="stop">Cancels the work with an exception.</param>
    public static (Interval? Ap, Interval? Ar) Of(
        IReadOnlyList<RankedDetections> categories, IReadOnlyList<long> images, int count, int threads, CancellationToken stop)
    {
        if (count == 0 || images.Count < 2)
            return (null, null);
        var states = images.Select(id => Bootstrap.StateOf(id.ToString(CultureInfo.InvariantCulture))).ToArray();
        var (ap, ar) = (new double[count], new double[count]);
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = stop }, r =>
        {
            var weights = states.Select(state => Bootstrap.WeightOf(state, r)).ToArray();
            var tables = categories.Select(c => PrecisionTable.Of(c, weights)).OfType<PrecisionTable>().ToArray();
            (ap[r], ar[r]) = (KeypointScores.MeanPrecision(tables), KeypointScores.MeanRecall(tables));
        });
        return (Interval.Of(ap.Where(v => v >= 0)), Interval.Of(ar.Where(v => v >= 0)));
    }
}
