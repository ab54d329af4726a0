using System.Buffers;

namespace Hwaso.Metrics.Coco;

/// <summary>
/// Matches detections with truths and counts them as pycocotools does (COCOeval, evaluateImg and accumulate): by falling score, at ten
/// similarities, each truth once; ignored truths absorb detections without counting.
/// </summary>
/// <param name="area">The sizes that count.</param>
sealed class DetectionTally(AreaRange area)
{
    readonly List<ImageMatches> images = [];

    /// <summary>Truths that count.</summary>
    public int Positives => images.Sum(i => i.Positives);

    /// <summary>The images that were added, in order.</summary>
    public IReadOnlyList<ImageMatches> Images => images;

    /// <summary>Matches one image without adding it; may be called from any thread.</summary>
    /// <param name="image">The image's place among all.</param>
    /// <param name="detections">Scores and areas, by falling score, no more than the evaluation allows.</param>
    /// <param name="truths">The truths, in the file's order.</param>
    /// <param name="similarity">Similarities, a row of truths for each detection.</param>
    public ImageMatches Match(
        int image, IReadOnlyList<(double Score, double Area)> detections, IReadOnlyList<MatchedTruth> truths,
        ReadOnlySpan<double> similarity)
    {
        // Ignored truths come last, otherwise in order.
        var ignored = truths.Select(t => t.Ignored || !area.Contains(t.Area)).ToArray();
        var order = Enumerable.Range(0, truths.Count).OrderBy(k => ignored[k]).ToArray();
        var matches = new ImageMatches(
            image, [.. detections.Select(d => d.Score)], new ushort[detections.Count], new ushort[detections.Count],
            new int[detections.Count], ignored.Count(i => !i));
        Array.Fill(matches.TruthAtHalf, -1);
        var taken = new bool[truths.Count];
        for (var t = 0; t < CocoRules.Thresholds.Count; t++)
        {
            var bit = (ushort)(1 << t);
            Array.Clear(taken);
            for (var d = 0; d < detections.Count; d++)
            {
                var best = Math.Min(CocoRules.Thresholds[t], 1 - 1e-10);
                var found = -1;
                foreach (var g in order)
                {
                    if (taken[g] && !truths[g].IsCrowd)
                        continue;
                    if (found >= 0 && !ignored[found] && ignored[g])
                        break;
                    var value = similarity[d * truths.Count + g];
                    if (value < best)
                        continue;
                    (best, found) = (value, g);
                }
                if (found < 0)
                {
                    if (!area.Contains(detections[d].Area))
                        matches.Ignored[d] |= bit;
                    continue;
                }
                taken[found] = true;
                matches.Matched[d] |= bit;
                if (t == 0)
                    matches.TruthAtHalf[d] = found;
                if (ignored[found])
                    matches.Ignored[d] |= bit;
            }
        }
        return matches;
    }

    /// <summary>Adds an image; those with neither truths nor detections need not be.</summary>
    public void Add(ImageMatches image) => images.Add(image);

    /// <summary>Precision and recall of the images added; null without a truth that counts.</summary>
    public PrecisionTable? Table() => Positives == 0 ? null : PrecisionTable.Of(new RankedDetections(images), null);
}

/// <summary>A truth that detections are matched with.</summary>
/// <param name="Area">Its area in square pixels.</param>
/// <param name="Ignored">Whether it absorbs detections without counting.</param>
/// <param name="IsCrowd">Whether it can be matched again and again.</param>
readonly record struct MatchedTruth(double Area, bool Ignored, bool IsCrowd);

/// <summary>The matches of one image; masks have a bit for each threshold.</summary>
/// <param name="Image">The image's place among all.</param>
/// <param name="Scores">The detections' scores, falling.</param>
/// <param name="Matched">Whether each is matched.</param>
/// <param name="Ignored">Whether each counts neither as right nor as wrong.</param>
/// <param name="TruthAtHalf">The truth that each is matched with at 0.5; -1 for none.</param>
/// <param name="Positives">Truths that count.</param>
sealed record ImageMatches(int Image, double[] Scores, ushort[] Matched, ushort[] Ignored, int[] TruthAtHalf, int Positives);

/// <summary>The detections of all images by falling score.</summary>
sealed class RankedDetections
{
    /// <summary>Sorts the detections; equal scores stay in the order of the images.</summary>
    public RankedDetections(IReadOnlyList<ImageMatches> images)
    {
        double[] scores = [.. images.SelectMany(i => i.Scores)];
        ushort[] matched = [.. images.SelectMany(i => i.Matched)], ignored = [.. images.SelectMany(i => i.Ignored)];
        var owners = images.Index().SelectMany(i => Enumerable.Repeat(i.Index, i.Item.Scores.Length)).ToArray();
        var order = CocoRules.ByScore(scores);
        (Scores, Image, matched, ignored) = (Pick(scores), Pick(owners), Pick(matched), Pick(ignored));
        Positives = [.. images.Select(i => i.Positives)];
        Turns = [.. CocoRules.Thresholds.Select((_, t) => TurnsOf(matched, ignored, 1 << t))];

        T[] Pick<T>(T[] values) => [.. order.Select(k => values[k])];
    }

    /// <summary>The scores.</summary>
    public double[] Scores { get; }

    /// <summary>The image of each, as a place in <see cref="Positives"/>.</summary>
    public int[] Image { get; }

    /// <summary>Truths that count, of each image.</summary>
    public int[] Positives { get; }

    /// <summary>
    /// Of each threshold, the places of the detections that are not simply wrong, in order: k of one that is right, ~k of one that counts
    /// neither as right nor as wrong.
    /// </summary>
    public int[][] Turns { get; }

    static int[] TurnsOf(ushort[] matched, ushort[] ignored, int bit)
    {
        var turns = new List<int>();
        for (var k = 0; k < matched.Length; k++)
            if ((ignored[k] & bit) != 0)
                turns.Add(~k);
            else if ((matched[k] & bit) != 0)
                turns.Add(k);
        return [.. turns];
    }
}

/// <summary>Precision at 101 recalls, and the recall reached, at each of ten similarities.</summary>
/// <param name="Precision">Ten rows of 101.</param>
/// <param name="Scores">The score at which each recall is reached, likewise; 0 where it is not.</param>
/// <param name="Recall">The recall reached, ten.</param>
sealed record PrecisionTable(double[][] Precision, double[][] Scores, double[] Recall)
{
    /// <summary>The table of detections.</summary>
    /// <param name="ranked">The detections by falling score.</param>
    /// <param name="weights">How often each image counts; null for once.</param>
    public static PrecisionTable? Of(RankedDetections ranked, int[]? weights)
    {
        long positives = 0;
        for (var k = 0; k < ranked.Positives.Length; k++)
            positives += (long)ranked.Positives[k] * (weights?[k] ?? 1);
        if (positives == 0)
            return null;
        var thresholds = CocoRules.Thresholds.Count;
        var (precision, scores, recall) = (new double[thresholds][], new double[thresholds][], new double[thresholds]);
        var count = ranked.Scores.Length;
        var upTo = ArrayPool<long>.Shared.Rent(Math.Max(1, count));
        var most = ranked.Turns.Max(t => t.Length);
        var (places, found, precise) = (new int[most], new double[most], new double[most]);
        long sum = 0;
        for (var k = 0; k < count; k++)
            upTo[k] = sum += weights is null ? 1 : weights[ranked.Image[k]];
        for (var t = 0; t < thresholds; t++)
        {
            // Recall grows, and precision has a peak, only at detections that are right: the others need no look.
            long right = 0, ignored = 0;
            var rights = 0;
            foreach (var turn in ranked.Turns[t])
            {
                var k = turn < 0 ? ~turn : turn;
                var weight = weights is null ? 1 : weights[ranked.Image[k]];
                if (turn < 0)
                {
                    ignored += weight;
                    continue;
                }
                right += weight;
                places[rights] = k;
                found[rights] = (double)right / positives;
                precise[rights++] = right / (upTo[k] - ignored + CocoRules.Epsilon);
            }
            recall[t] = rights > 0 ? found[rights - 1] : 0;
            for (var k = rights - 1; k > 0; k--)
                if (precise[k] > precise[k - 1])
                    precise[k - 1] = precise[k];
            (precision[t], scores[t]) = (new double[CocoRules.Recalls.Count], new double[CocoRules.Recalls.Count]);
            // A recall of 0 is reached by the first detection, right or wrong.
            if (count > 0)
                (precision[t][0], scores[t][0]) = (rights > 0 ? precise[0] : 0, ranked.Scores[0]);
            var at = 0;
            for (var r = 1; r < CocoRules.Recalls.Count; r++)
            {
                while (at < rights && found[at] < CocoRules.Recalls[r])
                    at++;
                if (at == rights)
                    break;
                (precision[t][r], scores[t][r]) = (precise[at], ranked.Scores[places[at]]);
            }
        }
        ArrayPool<long>.Shared.Return(upTo);
        return new PrecisionTable(precision, scores, recall);
    }
}
