using Hwaso.Data;
using Hwaso.Data.Annotations;
using Hwaso.Data.Poses;

namespace Hwaso.Metrics.Coco;

/// <summary>Settings of a keypoint score.</summary>
public sealed record KeypointScoreOptions
{
    /// <summary>Detections of an image that count, those of the highest scores; 20 in COCO's evaluation.</summary>
    public int MaxDetections { get; init; } = 20;

    /// <summary>Resamplings of the images for confidence intervals; 0 for none.</summary>
    public int Bootstrap { get; init; }

    /// <summary>Threads to match images on.</summary>
    public int Threads { get; init; } = 1;
}

/// <summary>COCO's keypoint evaluation (pycocotools, COCOeval with iouType keypoints), number by number.</summary>
public static class KeypointScorer
{
    /// <summary>Scores a result file.</summary>
    /// <param name="truthPath">The annotation file.</param>
    /// <param name="resultsPath">The result file.</param>
    /// <param name="options">Settings.</param>
    /// <param name="stop">Cancels the work with an exception.</param>
    /// <exception cref="DatasetException">A file has another form, or an entry cannot be scored; the message names it.</exception>
    public static KeypointScores Score(
        string truthPath, string resultsPath, KeypointScoreOptions? options = null, CancellationToken stop = default) =>
        Score(CocoFile.Read(truthPath), CocoResults.Read(resultsPath), options, stop);

    /// <summary>Scores results.</summary>
    /// <inheritdoc cref="Score(string, string, KeypointScoreOptions?, CancellationToken)"/>
    public static KeypointScores Score(
        CocoFile truth, CocoResults results, KeypointScoreOptions? options = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(truth);
        ArgumentNullException.ThrowIfNull(results);
        options ??= new KeypointScoreOptions();
        CheckTruth(truth);
        var images = truth.Images.Select(i => i.Id).Distinct().Order().ToArray();
        var known = images.ToHashSet();
        foreach (var entry in results.Entries)
            if (!known.Contains(entry.ImageId))
                throw results.Error(entry, $"image {entry.ImageId} is not among the {known.Count} of {truth.Path}; are the results of "
                    + "another split?");
        // A result file is one of boxes or of joints, as its first entry is; pycocotools takes areas from that.
        var areasOfBoxes = results.Entries.Count > 0 && results.Entries[0].Box is not null;
        var people = new List<ScoredPerson>();
        var byArea = new List<List<PrecisionTable>>(AreaRange.Keypoints.Select(_ => new List<PrecisionTable>()));
        var ranked = new List<RankedDetections>();
        foreach (var category in truth.Categories.DistinctBy(c => c.Id).OrderBy(c => c.Id))
        {
            if (truth.Annotations.All(a => a.CategoryId != category.Id))
                continue;
            var similarity = new ObjectKeypointSimilarity(SigmasOf(truth, category));
            var tallies = AreaRange.Keypoints.Select(area => new DetectionTally(area)).ToArray();
            var groups = Group(truth, results, category, similarity.Joints, areasOfBoxes);
            var matched = new ImageMatches[images.Length][];
            var best = new (MatchedImage Group, double[] Oks)[images.Length];
            Parallel.For(0, images.Length, new ParallelOptions { MaxDegreeOfParallelism = options.Threads, CancellationToken = stop }, k =>
            {
                if (!groups.TryGetValue(images[k], out var group))
                    return;
                group.Rank(options.MaxDetections);
                var table = group.Similarities(similarity);
                matched[k] = [.. tallies.Select(t => t.Match(k, group.Shown, group.MatchedTruths, table))];
                best[k] = (group, table);
            });
            for (var k = 0; k < images.Length; k++)
                if (matched[k] is { } ofImage)
                {
                    foreach (var (tally, matches) in tallies.Zip(ofImage))
                        tally.Add(matches);
                    people.AddRange(best[k].Group.People(images[k], best[k].Oks, ofImage[0]));
                }
            foreach (var (a, tally) in tallies.Index())
                if (tally.Table() is { } table)
                    byArea[a].Add(table);
            ranked.Add(new RankedDetections([.. Enumerable.Range(0, images.Length).Select(k =>
                matched[k]?[0] ?? new ImageMatches(k, [], [], [], [], 0))]));
        }
        var (ap, ar) = CocoIntervals.Of(ranked, images, options.Bootstrap, options.Threads, stop);
        return KeypointScores.Of(byArea) with { ApInterval = ap, ArInterval = ar, People = people, Images = images.Length };
    }

    static void CheckTruth(CocoFile truth)
    {
        if (truth.Categories.Count == 0)
            throw new DatasetException(truth.Path, "has no 'categories', so nothing can be scored");
        var ids = new HashSet<long>();
        foreach (var (k, annotation) in truth.Annotations.Index())
        {
            // pycocotools marks matches by this number, and takes 0 for no match.
            if (annotation.Id < 1)
                throw Error(
                    $"id {annotation.Id}; pycocotools counts matches with it as misses, so ids begin at 1: renumber the annotations");
            if (!ids.Add(annotation.Id))
                throw Error($"id {annotation.Id} a second time; each annotation has its own: renumber them");

            DatasetException Error(string problem) => new(truth.Path, $"annotations[{k}]: {problem}");
        }
    }

    static IReadOnlyList<double> SigmasOf(CocoFile truth, CocoCategory category) => PoseDescription.Of(truth, category).Sigmas
        ?? throw new DatasetException(truth.Path, $"category {category.Id} ({category.Name}) has {category.Keypoints.Count} joints but no "
            + "'sigmas', which OKS measures distances in; list one for each joint, such as 0.05");

    static Dictionary<long, MatchedImage> Group(
        CocoFile truth, CocoResults results, CocoCategory category, int joints, bool areasOfBoxes)
    {
        var groups = new Dictionary<long, MatchedImage>();
        foreach (var (k, annotation) in truth.Annotations.Index())
        {
            if (annotation.CategoryId != category.Id)
                continue;
            if (annotation.Keypoints?.Length != 3 * joints)
                throw new DatasetException(
                    truth.Path, $"annotations[{k}] (id {annotation.Id}): {annotation.Keypoints?.Length ?? 0} numbers of keypoints; category"
                    + $" {category.Name} has {joints} joints, so {3 * joints} were wanted");
            if (annotation.Area is null)
                throw new DatasetException(
                    truth.Path, $"annotations[{k}] (id {annotation.Id}): no 'area', by which similarities are measured; "
                    + "write the number of pixels of each outline, or its box's");
            Of(annotation.ImageId).Truths.Add(annotation);
        }
        foreach (var entry in results.Entries)
        {
            if (entry.CategoryId != category.Id)
                continue;
            if (entry.Keypoints?.Length != 3 * joints)
                throw results.Error(entry, $"{entry.Keypoints?.Length ?? 0} numbers of keypoints; category {category.Name} has {joints} "
                    + $"joints, so {3 * joints} were wanted");
            var size = areasOfBoxes && entry.Box is { } box ? box.Area : Extent(entry.Keypoints);
            Of(entry.ImageId).Detections.Add((entry.Score, size, entry));
        }
        return groups;

        MatchedImage Of(long image) => groups.TryGetValue(image, out var found) ? found : groups[image] = new MatchedImage();
    }

    static double Extent(double[] keypoints)
    {
        double x0 = double.MaxValue, x1 = double.MinValue, y0 = double.MaxValue, y1 = double.MinValue;
        for (var k = 0; k < keypoints.Length; k += 3)
        {
            (x0, x1) = (Math.Min(x0, keypoints[k]), Math.Max(x1, keypoints[k]));
            (y0, y1) = (Math.Min(y0, keypoints[k + 1]), Math.Max(y1, keypoints[k + 1]));
        }
        return (x1 - x0) * (y1 - y0);
    }
}

/// <summary>The truths and detections of one image and category.</summary>
sealed class MatchedImage
{
    /// <summary>The truths in the file's order.</summary>
    public List<CocoAnnotation> Truths { get; } = [];

    /// <summary>The detections in the file's order, after <see cref="Rank"/> by falling score.</summary>
    public List<(double Score, double Area, CocoResult Entry)> Detections { get; private set; } = [];

    /// <summary>Scores and areas of the detections.</summary>
    public (double Score, double Area)[] Shown => [.. Detections.Select(d => (d.Score, d.Area))];

    /// <summary>The truths as they are matched.</summary>
    public MatchedTruth[] MatchedTruths =>
        [.. Truths.Select(t => new MatchedTruth(t.Area!.Value, t.IsCrowd || Labelled(t) == 0, t.IsCrowd))];

    /// <summary>Sorts the detections and keeps the best.</summary>
    public void Rank(int most) =>
        Detections = [.. CocoRules.ByScore([.. Detections.Select(d => d.Score)]).Take(most).Select(k => Detections[k])];

    /// <summary>The similarities, a row of truths for each detection.</summary>
    public double[] Similarities(ObjectKeypointSimilarity similarity)
    {
        var table = new double[Detections.Count * Truths.Count];
        for (var d = 0; d < Detections.Count; d++)
            for (var g = 0; g < Truths.Count; g++)
                table[d * Truths.Count + g] = similarity.Of(
                    Truths[g].Keypoints, Truths[g].Box, Truths[g].Area!.Value, Detections[d].Entry.Keypoints);
        return table;
    }

    /// <summary>The people that count, each with its detection at a similarity of 0.5.</summary>
    public IEnumerable<ScoredPerson> People(long image, double[] oks, ImageMatches matches) =>
        Truths.Index().Where(t => !t.Item.IsCrowd && Labelled(t.Item) > 0).Select(t =>
        {
            var d = Array.IndexOf(matches.TruthAtHalf, t.Index);
            return new ScoredPerson(image, t.Item, d < 0 ? null : Detections[d].Entry, d < 0 ? 0 : oks[d * Truths.Count + t.Index]);
        });

    // The file's own count decides, as in pycocotools, even where it is wrong.
    static long Labelled(CocoAnnotation truth)
    {
        if (truth.KeypointCount is { } said)
            return said;
        var count = 0;
        for (var k = 2; k < truth.Keypoints!.Length; k += 3)
            count += truth.Keypoints[k] > 0 ? 1 : 0;
        return count;
    }
}
