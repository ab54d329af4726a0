// Cheng et al., "Masked-attention mask transformer for universal image segmentation", CVPR 2022, and Kerssies et al., "Your ViT is secretly
// an image segmentation model", CVPR 2025: both put instances and panoptic segments together in the same way. They differ before and
// after it: Mask2Former's panoptic networks give instances of things alone, and EoMT's see images fitted into a square.
using Hwaso.Data.Panoptic;
using Hwaso.Imaging.Masks;

namespace Hwaso.Inference.Queries;

/// <summary>Which answers of queries become instances and segments; the defaults are those of both authors' published networks.</summary>
public sealed record QueryLimits
{
    /// <summary>The most instances of an image.</summary>
    public int Most { get; init; } = 100;

    /// <summary>Queries whose surest class has a probability above this become panoptic segments.</summary>
    public double Score { get; init; } = 0.8;

    /// <summary>The least share of a mask's pixels that must be left to it by surer masks.</summary>
    public double Overlap { get; init; } = 0.8;
}

/// <summary>An object that a query found.</summary>
/// <param name="Query">The query.</param>
/// <param name="Label">The class from 0.</param>
/// <param name="Score">The class's probability times the mean probability of the mask's pixels.</param>
/// <param name="Mask">The pixels where the mask's probability is above ½.</param>
public sealed record FoundInstance(int Query, int Label, double Score, RunLengths Mask);

/// <summary>Puts instances and panoptic segments together from classes and masks of queries.</summary>
public static class QuerySegments
{
    /// <summary>
    /// The surest pairs of a query and a class, the surest first; a query may have several. Pairs without a pixel are left out.
    /// </summary>
    /// <param name="answer">The queries' answer.</param>
    /// <param name="limits">How many; null for the defaults.</param>
    /// <param name="things">The classes whose objects are wanted; null for all.</param>
    public static FoundInstance[] Instances(QueryAnswer answer, QueryLimits? limits = null, IReadOnlySet<int>? things = null)
    {
        ArgumentNullException.ThrowIfNull(answer);
        limits ??= new QueryLimits();
        var pairs = Enumerable.Range(0, answer.Queries)
            .SelectMany(q => Enumerable.Range(0, answer.Classes).Select(k => (Query: q, Label: k, Share: answer.SharesOf(q)[k])))
            .OrderByDescending(p => p.Share).Take(limits.Most).Where(p => things is null || things.Contains(p.Label));
        var (logits, bits) = (new float[answer.Height * answer.Width], new byte[answer.Height * answer.Width]);
        var found = new List<FoundInstance>();
        foreach (var group in pairs.GroupBy(p => p.Query))
        {
            answer.MaskOf(group.Key, logits);
            var (area, sum) = (0L, 0.0);
            for (var p = 0; p < logits.Length; p++)
            {
                bits[p] = logits[p] > 0 ? (byte)1 : (byte)0;
                if (bits[p] == 0)
                    continue;
                area++;
                sum += Sigmoid(logits[p]);
            }
            if (area == 0)
                continue;
            var mask = RunLengths.Of(bits, answer.Height, answer.Width);
            found.AddRange(group.Select(p => new FoundInstance(p.Query, p.Label, p.Share * sum / area, mask)));
        }
        return [.. found.OrderByDescending(f => f.Score)];
    }

    /// <summary>
    /// Each pixel to the query whose class's probability times mask is largest there, where its mask is at least ½; queries that keep
    /// too few of their pixels are dropped, and the stuff of a class is one segment.
    /// </summary>
    /// <param name="answer">The queries' answer.</param>
    /// <param name="things">The classes whose objects are told apart.</param>
    /// <param name="limits">Which queries take part; null for the defaults.</param>
    /// <param name="categories">The category of each class; null: the class's number from 1.</param>
    public static PanopticMap Panoptic(
        QueryAnswer answer, IReadOnlySet<int> things, QueryLimits? limits = null, IReadOnlyList<long>? categories = null)
    {
        ArgumentNullException.ThrowIfNull(answer);
        ArgumentNullException.ThrowIfNull(things);
        limits ??= new QueryLimits();
        (int Query, int Label, double Share)[] kept = [.. Enumerable.Range(0, answer.Queries).Select(q => Surest(answer, q))
            .Where(s => s.Label < answer.Classes && s.Share > limits.Score)];
        var (ids, segments) = (new int[answer.Height * answer.Width], new List<PanopticSegment>());
        if (kept.Length == 0)
            return new PanopticMap(answer.Width, answer.Height, ids, segments);
        var (winners, inside) = (new int[ids.Length], new bool[ids.Length]);
        var own = Compete(answer, kept, winners, inside);
        var (left, final) = (new long[kept.Length], new long[kept.Length]);
        for (var p = 0; p < winners.Length; p++)
        {
            left[winners[p]]++;
            final[winners[p]] += inside[p] ? 1 : 0;
        }
        var numbers = new int[kept.Length];
        var stuff = new Dictionary<int, int>();
        for (var k = 0; k < kept.Length; k++)
        {
            if (final[k] == 0 || (double)left[k] / own[k] < limits.Overlap)
                continue;
            var (_, label, share) = kept[k];
            if (!things.Contains(label) && stuff.TryGetValue(label, out var known))
            {
                numbers[k] = known;
                continue;
            }
            segments.Add(new PanopticSegment(segments.Count + 1, categories?[label] ?? label + 1) { Score = (float)share });
            numbers[k] = segments.Count;
            if (!things.Contains(label))
                stuff[label] = segments.Count;
        }
        for (var p = 0; p < ids.Length; p++)
            ids[p] = inside[p] ? numbers[winners[p]] : PanopticMap.Void;
        return new PanopticMap(answer.Width, answer.Height, ids, segments);
    }

    /// <summary>The winner of each pixel, and whether it is inside the winner's mask; returns each mask's pixels.</summary>
    static long[] Compete(QueryAnswer answer, (int Query, int Label, double Share)[] kept, int[] winners, bool[] inside)
    {
        var (logits, best, own) = (new float[winners.Length], new float[winners.Length], new long[kept.Length]);
        Array.Fill(best, -1);
        for (var k = 0; k < kept.Length; k++)
        {
            answer.MaskOf(kept[k].Query, logits);
            for (var p = 0; p < logits.Length; p++)
            {
                var isInside = logits[p] >= 0;
                own[k] += isInside ? 1 : 0;
                var weighted = (float)(kept[k].Share * Sigmoid(logits[p]));
                if (weighted > best[p])
                    (best[p], winners[p], inside[p]) = (weighted, k, isInside);
            }
        }
        return own;
    }

    static (int Query, int Label, double Share) Surest(QueryAnswer answer, int query)
    {
        var shares = answer.SharesOf(query);
        var best = 0;
        for (var k = 1; k < shares.Length; k++)
            if (shares[k] > shares[best])
                best = k;
        return (query, best, shares[best]);
    }

    static float Sigmoid(float logit) => 1 / (1 + MathF.Exp(-logit));
}
