namespace Hwaso.Nn.Boxes;

/// <summary>A proposal network's answer at one level of a pyramid, of one image.</summary>
/// <param name="Logits">[A, h, w]: how much each anchor looks like an object.</param>
/// <param name="Deltas">[4·A, h, w]: where each anchor's object lies.</param>
/// <param name="Anchors">h·w·A boxes, row by row, at a position anchor by anchor.</param>
public sealed record ProposalLevel(ReadOnlyMemory<float> Logits, ReadOnlyMemory<float> Deltas, Box[] Anchors)
{
    /// <summary>A: anchors at a position.</summary>
    public required int Shapes { get; init; }

    /// <summary>The logits in the anchors' order.</summary>
    public float[] OrderedLogits() => Ordered(Logits.Span, 1);

    /// <summary>The deltas in the anchors' order, four each.</summary>
    public float[] OrderedDeltas() => Ordered(Deltas.Span, 4);

    float[] Ordered(ReadOnlySpan<float> maps, int each)
    {
        if (maps.Length != each * Anchors.Length)
            throw new ArgumentException($"{maps.Length} numbers for {Anchors.Length} anchors; {each} of each were wanted");
        if (maps.Length == 0)
            return [];
        var ordered = new float[maps.Length];
        var pixels = Anchors.Length / Shapes;
        for (var map = 0; map < Shapes * each; map++)
            for (var p = 0; p < pixels; p++)
                ordered[p * Shapes * each + map] = maps[map * pixels + p];
        return ordered;
    }
}

/// <summary>How many proposals are chosen.</summary>
/// <param name="Before">The best anchors of each level that are looked at.</param>
/// <param name="Kept">Proposals of an image.</param>
/// <param name="Threshold">Largest intersection over union of two proposals.</param>
public sealed record ProposalLimits(int Before, int Kept, double Threshold = 0.7)
{
    /// <summary>Proposals of one level; the authors' form alone.</summary>
    public int PerLevel { get; init; } = int.MaxValue;

    /// <summary>Whether boxes of different levels suppress each other; the authors' form alone.</summary>
    public bool AcrossLevels { get; init; }

    /// <summary>The shortest side in pixels; null for the form's own: none, above 0, or 0.001.</summary>
    public float? MinSide { get; init; }

    /// <summary>The limits with which the networks of a form are trained and tested.</summary>
    public static ProposalLimits Published(BoxForm form, bool training) => form switch
    {
        BoxForm.Authors => new ProposalLimits(2000, 2000) { PerLevel = 2000 },
        BoxForm.Mmdetection => new ProposalLimits(training ? 2000 : 1000, 1000),
        _ => training ? new ProposalLimits(2000, 2000) : new ProposalLimits(1000, 1000),
    };
}

/// <summary>From a proposal network's maps to the boxes that its head looks at.</summary>
public static class ProposalSelection
{
    /// <summary>The proposals of one image in the order of the form's original.</summary>
    /// <param name="form">Whose conventions.</param>
    /// <param name="levels">The maps of each level.</param>
    /// <param name="limits">How many.</param>
    /// <param name="size">Height and width of the image without its padding.</param>
    public static ScoredBox[] Of(
        BoxForm form, IReadOnlyList<ProposalLevel> levels, ProposalLimits limits, (int Height, int Width) size)
    {
        ArgumentNullException.ThrowIfNull(levels);
        ArgumentNullException.ThrowIfNull(limits);
        var coder = BoxCoder.Proposals(form);
        List<Box> boxes = [];
        List<float> scores = [];
        List<int> of = [];
        for (var level = 0; level < levels.Count; level++)
        {
            var start = boxes.Count;
            Candidates(form, levels[level], limits, size, coder, boxes, scores);
            if (form == BoxForm.Authors)
                OfLevel(boxes, scores, start, limits);
            of.AddRange(Enumerable.Repeat(level, boxes.Count - of.Count));
        }
        Box[] all = [.. boxes];
        float[] sure = [.. scores];
        IEnumerable<int> kept = form != BoxForm.Authors ? Suppression.KeepByClass(all, sure, [.. of], limits.Threshold)
            : limits.AcrossLevels ? Suppression.Keep(all, sure, limits.Threshold, form.Extent).Order()
            : Suppression.Order(sure);
        return [.. kept.Take(limits.Kept).Select(k => new ScoredBox(all[k], sure[k]))];
    }

    static void Candidates(
        BoxForm form, ProposalLevel level, ProposalLimits limits, (int Height, int Width) size, BoxCoder coder, List<Box> boxes,
        List<float> scores)
    {
        float[] logits = level.OrderedLogits(), deltas = level.OrderedDeltas();
        float[] sure = Array.ConvertAll(logits, Sigmoid);
        // The best anchors, best first; all in their order where a level has no more.
        var places = form == BoxForm.Torchvision || logits.Length > limits.Before
            ? Suppression.Order(form == BoxForm.Torchvision ? logits : sure).Take(limits.Before)
            : Enumerable.Range(0, logits.Length);
        foreach (var k in places)
        {
            var box = coder.Decode(level.Anchors[k], deltas.AsSpan(4 * k, 4), size);
            if (!IsLargeEnough(form, box, limits.MinSide))
                continue;
            boxes.Add(box);
            scores.Add(sure[k]);
        }
    }

    static bool IsLargeEnough(BoxForm form, Box box, float? minSide)
    {
        float width = box.X2 - box.X1 + form.Extent, height = box.Y2 - box.Y1 + form.Extent;
        return form switch
        {
            BoxForm.Authors => minSide is not > 0 || (width >= minSide && height >= minSide),
            BoxForm.Mmdetection => width > (minSide ?? 0) && height > (minSide ?? 0),
            _ => width >= (minSide ?? 1e-3f) && height >= (minSide ?? 1e-3f),
        };
    }

    /// <summary>Suppression within a level, whose boxes keep their order.</summary>
    static void OfLevel(List<Box> boxes, List<float> scores, int start, ProposalLimits limits)
    {
        var (own, sure) = (boxes[start..].ToArray(), scores[start..].ToArray());
        int[] kept = [.. Suppression.Keep(own, sure, limits.Threshold, BoxForm.Authors.Extent).Order().Take(limits.PerLevel)];
        boxes.RemoveRange(start, own.Length);
        scores.RemoveRange(start, own.Length);
        boxes.AddRange(kept.Select(k => own[k]));
        scores.AddRange(kept.Select(k => sure[k]));
    }

    static float Sigmoid(float x) => 1 / (1 + MathF.Exp(-x));
}
