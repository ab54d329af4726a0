using Hwaso.Data;
using Hwaso.Data.Annotations;

namespace Hwaso.Metrics.Coco;

/// <summary>COCO's evaluation of boxes and masks (pycocotools, COCOeval with iouType bbox and segm), number by number.</summary>
public static class ObjectScorer
{
    // AP is read at this many detections alone, whatever others are asked for.
    const int Usual = 100;

    /// <summary>Scores a result file.</summary>
    /// <param name="truthPath">The annotation file.</param>
    /// <param name="resultsPath">The result file.</param>
    /// <param name="options">Settings.</param>
    /// <param name="stop">Cancels the work with an exception.</param>
    /// <exception cref="DatasetException">A file has another form, or an entry cannot be scored; the message names it.</exception>
    public static ObjectScores Score(
        string truthPath, string resultsPath, ObjectScoreOptions? options = null, CancellationToken stop = default)
    {
        options ??= new ObjectScoreOptions();
        return Score(CocoFile.Read(truthPath, options.Masks), CocoResults.Read(resultsPath, outlines: true), options, stop);
    }

    /// <summary>Scores results.</summary>
    /// <inheritdoc cref="Score(string, string, ObjectScoreOptions?, CancellationToken)"/>
    public static ObjectScores Score(
        CocoFile truth, CocoResults results, ObjectScoreOptions? options = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(truth);
        ArgumentNullException.ThrowIfNull(results);
        options ??= new ObjectScoreOptions();
        var counts = options.MaxDetections;
        if (counts is not [>= 1, _, _] || counts[1] <= counts[0] || counts[2] <= counts[1])
            throw new ArgumentException(
                $"{string.Join(", ", counts)} detections; three rising numbers from 1 on were wanted", nameof(options));
        var scene = new ObjectScene(truth, results, options);
        CocoCategory[] categories = [.. truth.Categories.DistinctBy(c => c.Id).OrderBy(c => c.Id)];
        // Without classes there is one list of all, category by category.
        long[][] groups = options.ClassAgnostic ? [[.. categories.Select(c => c.Id)]] : [.. categories.Select(c => new[] { c.Id })];
        var tables = new CategoryTables[groups.Length];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Threads, CancellationToken = stop };
        Parallel.For(0, groups.Length, parallel, k => tables[k] = Tables(scene, groups[k], options));
        var (ap, ar) = CocoIntervals.Of(
            [.. tables.Select(t => t.Ranked).OfType<RankedDetections>()], scene.Images, options.Bootstrap, options.Threads, stop);
        return Numbers(tables, options) with
        {
            ApInterval = ap,
            ArInterval = ar,
            Images = scene.Images.Count,
            Curves = [.. CurvesOf(tables.Select(t => t.At(Usual, options)).OfType<PrecisionTable>().ToArray())],
            ByCategory = options.ClassAgnostic ? [] : [.. categories.Zip(tables, (category, t) =>
                (category, t.At(Usual, options) is { } table ? KeypointScores.MeanPrecision([table]) : -1))],
        };
    }

    static IEnumerable<(double Overlap, IReadOnlyList<double> Precision)> CurvesOf(PrecisionTable[] tables)
    {
        const int Half = 0, ThreeQuarters = 5;
        if (tables.Length == 0)
            yield break;
        foreach (var threshold in new[] { Half, ThreeQuarters })
            yield return (CocoRules.Thresholds[threshold],
                [.. Enumerable.Range(0, CocoRules.Recalls.Count).Select(r => tables.Average(t => t.Precision[threshold][r]))]);
    }

    static CategoryTables Tables(ObjectScene scene, long[] categories, ObjectScoreOptions options)
    {
        var tallies = AreaRange.Objects.Select(area => new DetectionTally(area)).ToArray();
        foreach (var (image, found) in scene.Of(categories))
        {
            var ranked = found.Ranked(options.MaxDetections[^1]);
            (double, double)[] shown = [.. ranked.Select(d => (d.Score, d.Area))];
            MatchedTruth[] truths = [.. found.Truths.Select(t => new MatchedTruth(t.Area, t.IsCrowd, t.IsCrowd))];
            var overlaps = Overlaps(ranked, found.Truths);
            foreach (var tally in tallies)
                tally.Add(tally.Match(image, shown, truths, overlaps));
        }
        return new CategoryTables(
            [.. options.MaxDetections.Select(most => Table(tallies[0].Images, most))],
            [.. tallies.Select(tally => tally.Table())])
        {
            Ranked = options.Bootstrap == 0 ? null : Ranked(tallies[0].Images, scene.Images.Count),
        };
    }

    /// <summary>The detections with an entry for every image, those without truths and detections too.</summary>
    static RankedDetections Ranked(IReadOnlyList<ImageMatches> matches, int images)
    {
        var byPlace = matches.ToDictionary(m => m.Image);
        return new RankedDetections([.. Enumerable.Range(0, images).Select(k =>
            byPlace.GetValueOrDefault(k) ?? new ImageMatches(k, [], [], [], [], 0))]);
    }

    static double[] Overlaps(IReadOnlyList<SceneObject> found, IReadOnlyList<SceneObject> truths)
    {
        var overlaps = new double[found.Count * truths.Count];
        for (var d = 0; d < found.Count; d++)
            for (var t = 0; t < truths.Count; t++)
                overlaps[d * truths.Count + t] = found[d].Overlap(truths[t]);
        return overlaps;
    }

    /// <summary>The table with fewer detections of each image: the matches of the first are the same.</summary>
    static PrecisionTable? Table(IReadOnlyList<ImageMatches> images, int most) => PrecisionTable.Of(
        new RankedDetections([.. images.Select(i => i.Scores.Length <= most ? i : i with
        {
            Scores = i.Scores[..most],
            Matched = i.Matched[..most],
            Ignored = i.Ignored[..most],
            TruthAtHalf = i.TruthAtHalf[..most],
        })]), null);

    static ObjectScores Numbers(CategoryTables[] categories, ObjectScoreOptions options)
    {
        return new ObjectScores(
            KeypointScores.MeanPrecision(categories.Select(c => c.At(Usual, options)).OfType<PrecisionTable>()),
            Precision(0, 0), Precision(0, 5), Precision(1), Precision(2), Precision(3),
            Few(0), Few(1), Few(2), Recall(1), Recall(2), Recall(3));

        double Precision(int area, int? threshold = null) => KeypointScores.MeanPrecision(Of(area), threshold);
        double Recall(int area) => KeypointScores.MeanRecall(Of(area));
        double Few(int most) => KeypointScores.MeanRecall(categories.Select(c => c.ByCount[most]).OfType<PrecisionTable>());
        IEnumerable<PrecisionTable> Of(int area) => categories.Select(c => c.ByArea[area]).OfType<PrecisionTable>();
    }

    /// <summary>The tables of a category: of all sizes at each number of detections, and at the largest of each size.</summary>
    sealed record CategoryTables(PrecisionTable?[] ByCount, PrecisionTable?[] ByArea)
    {
        /// <summary>The detections of all images, for resampling; null where none is asked for.</summary>
        public RankedDetections? Ranked { get; init; }

        /// <summary>The table at a number of detections; null where it was not asked for, too.</summary>
        public PrecisionTable? At(int most, ObjectScoreOptions options) =>
            options.MaxDetections.ToList().IndexOf(most) is >= 0 and var k ? ByCount[k] : null;
    }
}
