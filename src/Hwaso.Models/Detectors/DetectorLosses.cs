using Hwaso.Nn;
using Hwaso.Nn.Boxes;
using Hwaso.Torch;
using Hwaso.Torch.Processes;

namespace Hwaso.Models.Detectors;

/// <summary>The true objects of an image.</summary>
/// <param name="Boxes">Their boxes in pixels of the batch.</param>
/// <param name="Labels">Their classes from 0.</param>
public sealed record DetectorTruth(Box[] Boxes, int[] Labels)
{
    /// <summary>Their pixels in those of the batch; null where no masks are learned.</summary>
    public ObjectMask[]? Masks { get; init; }
}

/// <summary>How many boxes of an image a step learns from.</summary>
/// <param name="Anchors">Anchors drawn for the proposal network, at most half of them with an object.</param>
/// <param name="Proposals">Proposals drawn for the head, at most a quarter of them with an object.</param>
public sealed record SampleCounts(int Anchors = 256, int Proposals = 512);

/// <summary>The losses of a step, unweighted; their sum is what is learned from.</summary>
/// <param name="ProposalClasses">Cross entropy of the drawn anchors.</param>
/// <param name="ProposalBoxes">Differences of those with an object.</param>
/// <param name="Classes">Cross entropy of the drawn proposals.</param>
/// <param name="Boxes">Differences of those with an object.</param>
public sealed record DetectorLoss(Tensor ProposalClasses, Tensor ProposalBoxes, Tensor Classes, Tensor Boxes)
{
    /// <summary>Cross entropy of the pixels of the masks of those with an object; null where no masks are learned.</summary>
    public Tensor? Masks { get; init; }

    /// <summary>The sum.</summary>
    public Tensor Total => Masks is { } masks ? OfBoxes + masks : OfBoxes;

    Tensor OfBoxes => ProposalClasses + ProposalBoxes + Classes + Boxes;
}

/// <summary>The losses of a detector in one step, by the conventions of its form.</summary>
/// <param name="detector">The detector.</param>
/// <param name="counts">How many boxes are drawn.</param>
public sealed class DetectorLosses(Detector detector, SampleCounts counts)
{
    readonly BoxForm form = detector.Config.Form;

    /// <summary>The losses of a batch.</summary>
    /// <param name="batch">[N, 3, H, W], padded on the right and below.</param>
    /// <param name="images">The images in it.</param>
    /// <param name="truths">The objects of each.</param>
    /// <param name="random">Draws the boxes of all images, one image after another.</param>
    public DetectorLoss Of(
        Tensor batch, IReadOnlyList<DetectorImage> images, IReadOnlyList<DetectorTruth> truths, Random random)
    {
        ArgumentNullException.ThrowIfNull(images);
        return Of(batch, images, truths, [.. Enumerable.Repeat(random, images.Count)]);
    }

    /// <summary>The losses of a batch, or of a process's part of one: the mean over all processes is that of the whole.</summary>
    /// <param name="batch">[N, 3, H, W], padded on the right and below.</param>
    /// <param name="images">The images in it.</param>
    /// <param name="truths">The objects of each.</param>
    /// <param name="random">Draws the boxes of each image.</param>
    public DetectorLoss Of(
        Tensor batch, IReadOnlyList<DetectorImage> images, IReadOnlyList<DetectorTruth> truths, IReadOnlyList<Random> random)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(truths);
        ArgumentNullException.ThrowIfNull(random);
        var (height, width) = ((int)batch.Size(2), (int)batch.Size(3));
        var levels = detector.Levels(batch);
        var maps = detector.Maps(levels);
        var (anchorClasses, anchorBoxes) = OfAnchors(maps, detector.Anchors(maps, height, width), images, truths, random);
        var found = detector.Proposals(maps, height, width, images, ProposalLimits.Published(form, training: true));
        var (classes, boxes, masks) = OfProposals(levels, found, images, truths, random);
        return new DetectorLoss(anchorClasses, anchorBoxes, classes, boxes) { Masks = masks };
    }

    (Tensor Classes, Tensor Boxes) OfAnchors(
        Tensor[] maps, Box[][] anchors, IReadOnlyList<DetectorImage> images, IReadOnlyList<DetectorTruth> truths,
        IReadOnlyList<Random> random)
    {
        Box[] all = [.. anchors.SelectMany(a => a)];
        List<long> drawn = [], positive = [];
        List<float> objects = [], targets = [];
        var normaliser = 0;
        for (var n = 0; n < images.Count; n++)
        {
            int[] inside = [.. Enumerable.Range(0, all.Length).Where(k => IsUsed(all[k], images[n]))];
            Box[] own = [.. inside.Select(k => all[k])];
            var assignment = BoxAssigner.Assign(own, truths[n].Boxes, form.ProposalRules, form.Extent);
            var (with, without) = BoxSampler.Sample(assignment.Truth, counts.Anchors, 0.5, random[n]);
            drawn.AddRange(with.Concat(without).Select(k => (long)n * all.Length + inside[k]));
            objects.AddRange(Enumerable.Repeat(1f, with.Length).Concat(Enumerable.Repeat(0f, without.Length)));
            positive.AddRange(with.Select(k => (long)n * all.Length + inside[k]));
            Encode(BoxCoder.Proposals(form), with, own, truths[n].Boxes, assignment.Truth, targets);
            // torchvision counts what was drawn; the others at least one of each.
            normaliser += form == BoxForm.Torchvision ? with.Length + without.Length
                : Math.Max(with.Length, 1) + Math.Max(without.Length, 1);
        }
        var divisor = SharedStep.Mean(normaliser);
        var half = maps.Length / 2;
        var logits = Flat(maps[..half], 1).Reshape(-1);
        var deltas = Flat(maps[half..], 4).Reshape(-1, 4);
        var device = logits.Device;
        return (
            DetectionLosses.Objectness(Rows(logits, drawn), Tensor.From(objects.ToArray()).To(device), divisor),
            DetectionLosses.Boxes(Rows(deltas, positive), Fours(targets).To(device), form.ProposalBeta, divisor));
    }

    (Tensor Classes, Tensor Boxes, Tensor? Masks) OfProposals(
        Tensor[] levels, ScoredBox[][] found, IReadOnlyList<DetectorImage> images, IReadOnlyList<DetectorTruth> truths,
        IReadOnlyList<Random> random)
    {
        var (at, background) = (0L, form.BackgroundLast ? detector.Classes : 0);
        var (drawn, withObject) = (new Box[found.Length][], new (Box Box, int Truth)[found.Length][]);
        List<long> labels = [], positive = [];
        List<float> targets = [];
        for (var n = 0; n < found.Length; n++)
        {
            var truth = truths[n];
            Box[] proposals = [.. found[n].Select(p => p.Box)];
            var (own, assigned) = WithTruths(proposals, truth.Boxes);
            var (with, without) = BoxSampler.Sample(assigned, counts.Proposals, 0.25, random[n]);
            drawn[n] = [.. with.Concat(without).Select(k => own[k])];
            withObject[n] = [.. with.Select(k => (own[k], assigned[k]))];
            labels.AddRange(with.Select(k => (long)truth.Labels[assigned[k]] + (form.BackgroundLast ? 0 : 1)));
            labels.AddRange(Enumerable.Repeat((long)background, without.Length));
            positive.AddRange(Enumerable.Range(0, with.Length).Select(k => at + k));
            Encode(BoxCoder.Head(form), with, own, truth.Boxes, assigned, targets);
            at += drawn[n].Length;
        }
        var answers = detector.Head(detector.Pool(levels, drawn));
        var device = answers[0].Device;
        Tensor columns = Tensor.From(labels.ToArray()).To(device);
        var learned = Places(positive).To(device);
        var ownDeltas = DetectionLosses.OfClass(
            DetectionLosses.Rows(answers[1].Reshape(answers[1].Size(0), -1, 4), learned), DetectionLosses.Rows(columns, learned));
        return (
            DetectionLosses.Classes(answers[0], columns),
            DetectionLosses.Boxes(ownDeltas, Fours(targets).To(device), form.HeadBeta, SharedStep.Mean(Math.Max(labels.Count, 1))),
            OfMasks(levels, withObject, DetectionLosses.Rows(columns, learned), images, truths));
    }

    /// <summary>The loss of the masks of the drawn proposals with an object; null where there are none to learn.</summary>
    Tensor? OfMasks(
        Tensor[] levels, (Box Box, int Truth)[][] drawn, Tensor columns, IReadOnlyList<DetectorImage> images,
        IReadOnlyList<DetectorTruth> truths)
    {
        if (!detector.HasMasks || truths.Any(t => t.Masks is null))
            return null;
        const int Side = 2 * MaskHead.Side;
        var targets = new float[drawn.Sum(own => own.Length)][];
        var at = 0;
        for (var n = 0; n < drawn.Length; n++)
        {
            var (first, own, masks, size) = (at, drawn[n], truths[n].Masks!, MaskSize(images[n]));
            Parallel.For(0, own.Length, k => MaskTargets.Of(
                form, masks[own[k].Truth], own[k].Box, size, Side, targets[first + k] = new float[Side * Side]));
            at += own.Length;
        }
        var logits = detector.Masks(detector.Pool(levels, [.. drawn.Select(own => own.Select(d => d.Box).ToArray())], MaskHead.Side));
        return DetectionLosses.Masks(
            logits, columns, Tensor.From<float>(targets.SelectMany(t => t).ToArray(), targets.Length, Side, Side).To(logits.Device));
    }

    /// <summary>Masks are padded with their image, but for torchvision's.</summary>
    (int Height, int Width) MaskSize(DetectorImage image) => form == BoxForm.Torchvision ? (image.Height, image.Width)
        : (Padded(image.Height), Padded(image.Width));

    static int Padded(int side) => (side + ResizeRule.Multiple - 1) / ResizeRule.Multiple * ResizeRule.Multiple;

    /// <summary>The proposals with the truths among them, and the truth of each.</summary>
    (Box[] Boxes, int[] Truth) WithTruths(Box[] proposals, Box[] truths)
    {
        int[] themselves = [.. Enumerable.Range(0, truths.Length)];
        if (form == BoxForm.Torchvision)
        {
            Box[] all = [.. proposals, .. truths];
            return (all, BoxAssigner.Assign(all, truths, form.HeadRules, form.Extent).Truth);
        }
        return ([.. truths, .. proposals], [.. themselves, .. BoxAssigner.Assign(proposals, truths, form.HeadRules, form.Extent).Truth]);
    }

    /// <summary>The authors learn from anchors within the image alone.</summary>
    bool IsUsed(Box anchor, DetectorImage image) => form != BoxForm.Authors
        || (anchor.X1 >= 0 && anchor.Y1 >= 0 && anchor.X2 < image.Width && anchor.Y2 < image.Height);

    static void Encode(BoxCoder coder, int[] drawn, Box[] boxes, Box[] truths, int[] assigned, List<float> targets)
    {
        Span<float> delta = stackalloc float[4];
        foreach (var k in drawn)
        {
            coder.Encode(boxes[k], truths[assigned[k]], delta);
            targets.AddRange(delta);
        }
    }

    // [N, A·each, h, w] of each level as [N, anchors, each], in the anchors' order.
    static Tensor Flat(Tensor[] maps, int each) =>
        Tensor.Concat(maps.Select(map => map.Permute(0, 2, 3, 1).Reshape(map.Size(0), -1, each)), 1);

    static Tensor Rows(Tensor values, List<long> rows) => DetectionLosses.Rows(values, Places(rows).To(values.Device));

    static Tensor Places(List<long> rows) => Tensor.From<long>(rows.ToArray(), rows.Count);

    static Tensor Fours(List<float> values) => Tensor.From<float>(values.ToArray(), values.Count / 4, 4);
}
