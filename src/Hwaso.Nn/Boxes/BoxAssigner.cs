namespace Hwaso.Nn.Boxes;

/// <summary>What becomes of a truth's best boxes whose overlap is below the threshold.</summary>
public enum LowQuality
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Each is assigned to that truth; where it is the best of several, to the last of them (mmdetection).</summary>
    LaterTruth,

    /// <summary>Each is assigned to the truth that it overlaps most itself (torchvision).</summary>
    OwnBest,
}

/// <summary>From which overlaps on boxes are assigned to truths.</summary>
/// <param name="Positive">A box is assigned from this intersection over union on.</param>
/// <param name="Negative">A box is background below this one.</param>
public sealed record AssignRules(float Positive, float Negative)
{
    /// <summary>What becomes of a truth's best boxes below the threshold.</summary>
    public LowQuality LowQuality { get; init; }

    /// <summary>The least overlap with which <see cref="LowQuality.LaterTruth"/> assigns.</summary>
    public float LowQualityFrom { get; init; }

    /// <summary>Whether all boxes that overlap a truth most are assigned, or the first alone.</summary>
    public bool EveryBest { get; init; } = true;

    /// <summary>Boxes with more than this share within an ignored region are left out; null where ignored regions do not count.</summary>
    public float? IgnoredShare { get; init; }
}

/// <summary>The truths that boxes are assigned to.</summary>
/// <param name="Truth">
/// A truth's place for each box, <see cref="Background"/>, or <see cref="Neither"/>, of which nothing is learned.
/// </param>
/// <param name="Overlap">Each box's largest intersection over union; -1 where an ignored region took it.</param>
public sealed record Assignment(int[] Truth, float[] Overlap)
{
    /// <summary>No truth: the box is background.</summary>
    public const int Background = -1;

    /// <summary>Between the thresholds, or within an ignored region.</summary>
    public const int Neither = -2;
}

/// <summary>Assigns boxes to the truths that they overlap. Ren et al., NIPS 2015, section 3.1.2.</summary>
public static class BoxAssigner
{
    /// <summary>Assigns every box.</summary>
    /// <param name="boxes">Anchors or proposals.</param>
    /// <param name="truths">The true boxes.</param>
    /// <param name="rules">From which overlaps on.</param>
    /// <param name="extent">Added to the difference of two edges: 1 where a box includes its last pixel, otherwise 0.</param>
    /// <param name="ignored">Regions of which nothing is known, such as crowds.</param>
    public static Assignment Assign(
        ReadOnlySpan<Box> boxes, ReadOnlySpan<Box> truths, AssignRules rules, float extent = 0, ReadOnlySpan<Box> ignored = default)
    {
        ArgumentNullException.ThrowIfNull(rules);
        var truth = new int[boxes.Length];
        var overlap = new float[boxes.Length];
        Array.Fill(truth, Assignment.Background);
        if (truths.Length == 0)
            return new Assignment(truth, overlap);
        var overlaps = BoxOverlaps.Of(truths, boxes, Overlap.Union, extent);
        if (rules.IgnoredShare is { } share && ignored.Length > 0)
            Ignore(overlaps, BoxOverlaps.Of(boxes, ignored, Overlap.First, extent), ignored.Length, boxes.Length, share);
        var best = new int[boxes.Length];
        Array.Fill(overlap, float.NegativeInfinity);
        for (var t = 0; t < truths.Length; t++)
        {
            var row = overlaps.AsSpan(t * boxes.Length, boxes.Length);
            for (var k = 0; k < row.Length; k++)
                if (row[k] > overlap[k])
                    (overlap[k], best[k]) = (row[k], t);
        }
        for (var k = 0; k < boxes.Length; k++)
            truth[k] = overlap[k] >= rules.Positive ? best[k]
                : overlap[k] >= 0 && overlap[k] < rules.Negative ? Assignment.Background
                : Assignment.Neither;
        for (var t = 0; t < truths.Length && boxes.Length > 0 && rules.LowQuality != LowQuality.None; t++)
        {
            var row = overlaps.AsSpan(t * boxes.Length, boxes.Length);
            var most = Largest(row);
            if (rules.LowQuality == LowQuality.LaterTruth && !(most >= rules.LowQualityFrom))
                continue;
            for (var k = 0; k < row.Length; k++)
                if (row[k] == most)
                {
                    truth[k] = rules.LowQuality == LowQuality.OwnBest ? best[k] : t;
                    if (!rules.EveryBest)
                        break;
                }
        }
        return new Assignment(truth, overlap);
    }

    static void Ignore(float[] overlaps, float[] shares, int ignored, int boxes, float limit)
    {
        for (var k = 0; k < boxes; k++)
            if (Largest(shares.AsSpan(k * ignored, ignored)) > limit)
                for (var at = k; at < overlaps.Length; at += boxes)
                    overlaps[at] = -1;
    }

    static float Largest(ReadOnlySpan<float> values)
    {
        var most = values[0];
        foreach (var value in values)
            most = value > most ? value : most;
        return most;
    }
}

/// <summary>Draws the boxes that a step learns from, so that background does not outweigh the rest.</summary>
public static class BoxSampler
{
    /// <summary>The places of the drawn boxes, each list rising: assigned ones, and background.</summary>
    /// <param name="truth">The assignment.</param>
    /// <param name="count">How many to draw in all; background fills what assigned boxes leave.</param>
    /// <param name="share">The largest share of assigned boxes.</param>
    /// <param name="random">Where the chance comes from; unused where fewer boxes are there than wanted.</param>
    public static (int[] Positive, int[] Negative) Sample(ReadOnlySpan<int> truth, int count, double share, Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        List<int> positive = [], negative = [];
        for (var k = 0; k < truth.Length; k++)
            if (truth[k] >= 0)
                positive.Add(k);
            else if (truth[k] == Assignment.Background)
                negative.Add(k);
        var drawn = Draw(positive, (int)(count * share), random);
        return (drawn, Draw(negative, count - drawn.Length, random));
    }

    static int[] Draw(List<int> from, int count, Random random)
    {
        if (from.Count <= count)
            return [.. from];
        for (var k = 0; k < count; k++)
        {
            var other = random.Next(k, from.Count);
            (from[k], from[other]) = (from[other], from[k]);
        }
        var drawn = from.GetRange(0, count).ToArray();
        Array.Sort(drawn);
        return drawn;
    }
}
