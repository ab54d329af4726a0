// Cheng et al., "Masked-attention mask transformer for universal image segmentation", CVPR 2022; the loss follows the authors' code
// (mask2former/modeling/matcher.py, criterion.py). Points of uncertain pixels: Kirillov et al., "PointRend", CVPR 2020.
using Hwaso.Torch;
using Hwaso.Torch.Autograd;
using Hwaso.Torch.Processes;

namespace Hwaso.Nn;

/// <summary>The weights and points of a <see cref="MaskSetLoss"/>; the defaults are the authors'.</summary>
public sealed record MaskSetOptions
{
    /// <summary>Of the class in costs and loss.</summary>
    public double ClassWeight { get; init; } = 2;

    /// <summary>Of the masks' binary cross entropy in costs and loss.</summary>
    public double MaskWeight { get; init; } = 5;

    /// <summary>Of the masks' Dice in costs and loss.</summary>
    public double DiceWeight { get; init; } = 5;

    /// <summary>Of queries without an object, beside those that have one, 0 or more.</summary>
    public double NoObject { get; init; } = 0.1;

    /// <summary>Points at which masks are compared, 1 or more.</summary>
    public int Points { get; init; } = 12544;
}

/// <summary>
/// The loss of a set of classes and masks against the objects of an image: each object is paired with one query, at the least cost of all;
/// paired queries learn class and mask, the others that there is no object. Masks are compared at random points.
/// </summary>
/// <param name="options">Weights and points.</param>
public sealed class MaskSetLoss(MaskSetOptions options)
{
    // Three times as many points are drawn, and three quarters are those where the mask is least certain.
    const int Oversampling = 3;
    const double Uncertain = 0.75, Unusable = 1e9;

    static readonly Operator topk = new("aten::topk");

    /// <summary>The loss of a batch, a single number; points are drawn from libtorch's generator.</summary>
    /// <param name="classLogits">[N, Q, K + 1]; the last class means that there is no object.</param>
    /// <param name="maskLogits">[N, Q, h, w].</param>
    /// <param name="truths">The objects of each image.</param>
    /// <exception cref="ArgumentException">Shapes that do not fit.</exception>
    public Tensor Of(Tensor classLogits, Tensor maskLogits, IReadOnlyList<MaskTruth> truths)
    {
        ArgumentNullException.ThrowIfNull(truths);
        Check(classLogits, maskLogits, truths);
        var pairs = new List<(int[] Queries, int[] Objects)>();
        using (var scope = new Scope())
        using (new NoGrad())
            for (var n = 0; n < truths.Count; n++)
                pairs.Add(Match(Aten.Select(classLogits, 0, n), Aten.Select(maskLogits, 0, n), truths[n],
                    Aten.Rand([1, options.Points, 2], device: maskLogits.Device)));
        var parts = Parts(classLogits, maskLogits, truths, pairs, UncertainPoints);
        return parts.Class * options.ClassWeight + parts.Mask * options.MaskWeight + parts.Dice * options.DiceWeight;
    }

    /// <summary>Pairs the queries of an image [Q, K + 1], [Q, h, w] with its objects, by costs at points [1, P, 2].</summary>
    internal (int[] Queries, int[] Objects) Match(Tensor classLogits, Tensor maskLogits, MaskTruth truth, Tensor points)
    {
        if (truth.Classes.Count == 0)
            return ([], []);
        var (mask, dice, kind) = Costs(classLogits, maskLogits, truth, points);
        var sum = mask * options.MaskWeight + kind * options.ClassWeight + dice * options.DiceWeight;
        // Of a network that overflowed every pair is as bad; its loss says so.
        double[] costs = [.. sum.ToArray<float>().Select(c => float.IsFinite(c) ? c : Unusable)];
        return LinearAssignment.Solve(costs, (int)sum.Size(0), (int)sum.Size(1));
    }

    /// <summary>The three costs of each pair, [Q, T]: binary cross entropy, Dice, and less the probability of the class.</summary>
    internal static (Tensor Mask, Tensor Dice, Tensor Class) Costs(Tensor classLogits, Tensor maskLogits, MaskTruth truth, Tensor points)
    {
        var device = classLogits.Device;
        var kinds = Tensor.From(truth.Classes.ToArray(), truth.Classes.Count).To(device);
        var kind = -Aten.IndexSelect(classLogits.Softmax(1), 1, kinds);
        var (seen, real) = (Sample(maskLogits, points), Sample(truth.Masks, points).Transpose(0, 1));        // [Q, P], [P, T]
        var (yes, no) = (CrossEntropies(seen, Aten.OnesLike(seen)), CrossEntropies(seen, Aten.ZerosLike(seen)));
        var mask = (yes.MatMul(real) + no.MatMul(-real + 1)) / points.Size(1);
        var probable = seen.Sigmoid();
        var dice = -((probable.MatMul(real) * 2 + 1) / (probable.Sum([1], keep: true) + real.Sum([0], keep: true) + 1)) + 1;
        return (mask, dice, kind);
    }

    /// <summary>The three losses without weights.</summary>
    /// <param name="classLogits">[N, Q, K + 1].</param>
    /// <param name="maskLogits">[N, Q, h, w].</param>
    /// <param name="truths">The objects of each image.</param>
    /// <param name="pairs">Which query has which object, of each image.</param>
    /// <param name="points">From M masks [M, h, w] to points [M, P, 2] or [1, P, 2].</param>
    internal (Tensor Class, Tensor Mask, Tensor Dice) Parts(
        Tensor classLogits, Tensor maskLogits, IReadOnlyList<MaskTruth> truths, IReadOnlyList<(int[] Queries, int[] Objects)> pairs,
        Func<Tensor, Tensor> points)
    {
        var (batch, queries, classes) = ((int)classLogits.Size(0), (int)classLogits.Size(1), classLogits.Size(2));
        var (device, type) = (classLogits.Device, classLogits.Type);
        var wanted = new long[batch * queries];
        Array.Fill(wanted, classes - 1);
        var rows = new List<long>();
        for (var n = 0; n < batch; n++)
            foreach (var (query, thing) in pairs[n].Queries.Zip(pairs[n].Objects))
            {
                wanted[n * queries + query] = truths[n].Classes[thing];
                rows.Add(n * queries + query);
            }
        var weights = Enumerable.Repeat(1.0, (int)classes).ToArray();
        weights[^1] = options.NoObject;
        var kind = ClassLoss(classLogits.Reshape(-1, classes), Tensor.From(wanted).To(device), Tensor.From(weights).To(type).To(device));

        var count = Math.Max(1, SharedStep.Mean((double)truths.Sum(truth => truth.Classes.Count)));
        if (rows.Count == 0)
        {
            var none = maskLogits.Sum() * 0;
            return (kind, none, none);
        }
        var (height, width) = (maskLogits.Size(2), maskLogits.Size(3));
        var masks = Aten.IndexSelect(maskLogits.Reshape(-1, height, width), 0, Tensor.From([.. rows], rows.Count).To(device));
        var places = points(masks.Detach());
        var seen = Sample(masks, places);                                                                    // [M, P]
        var real = Truth(truths, pairs, places);
        var cross = CrossEntropies(seen, real);
        var probable = seen.Sigmoid();
        var dice = -(((probable * real).Sum([1]) * 2 + 1) / (probable.Sum([1]) + real.Sum([1]) + 1)) + 1;
        return (kind, cross.Mean([1]).Sum() / count, dice.Sum() / count);
    }

    static Tensor ClassLoss(Tensor logits, Tensor wanted, Tensor weights)
    {
        const int Mean = 1, Sum = 2;
        return SharedStep.Processes is null
            ? Aten.CrossEntropyLoss(logits, wanted, weights, Mean)
            : PixelLogits.Quotient(
                Aten.CrossEntropyLoss(logits, wanted, weights, Sum), SharedStep.Mean(Aten.IndexSelect(weights, 0, wanted).Sum()));
    }

    /// <summary>The paired objects at the points, [M, P].</summary>
    static Tensor Truth(IReadOnlyList<MaskTruth> truths, IReadOnlyList<(int[] Queries, int[] Objects)> pairs, Tensor places)
    {
        var (parts, from) = (new List<Tensor>(), 0L);
        for (var n = 0; n < truths.Count; n++)
            if (pairs[n].Objects is { Length: > 0 } objects)
            {
                var chosen = Tensor.From(objects.Select(o => (long)o).ToArray(), objects.Length).To(places.Device);
                var own = places.Size(0) == 1 ? places : places.Narrow(0, from, objects.Length);
                parts.Add(Sample(Aten.IndexSelect(truths[n].Masks, 0, chosen), own));
                from += objects.Length;
            }
        return Tensor.Concat(parts, 0);
    }

    /// <summary>Points [M, P, 2]: most of them where each mask is least certain, of more that were drawn; the rest as they come.</summary>
    Tensor UncertainPoints(Tensor masks)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        var (count, drawn, certain) = (masks.Size(0), (long)options.Points * Oversampling, (long)(options.Points * Uncertain));
        var points = Aten.Rand([count, drawn, 2], device: masks.Device);
        var best = Aten.CallAll(topk, -Aten.Abs(Sample(masks, points)), certain, 1L, true, false)[1].AsTensor();
        var first = Aten.Arange(0L, count * drawn, drawn, ScalarType.Int64, masks.Device).Unsqueeze(1);
        var chosen = Aten.IndexSelect(points.Reshape(-1, 2), 0, (best + first).Flatten()).Reshape(count, certain, 2);
        return scope.Keep(Tensor.Concat([chosen, Aten.Rand([count, options.Points - certain, 2], device: masks.Device)], 1));
    }

    /// <summary>Maps [M, h, w] between pixels at points (x, y) from 0 to 1: [M, P], of points [M, P, 2] or [1, P, 2]; 0 outside.</summary>
    static Tensor Sample(Tensor maps, Tensor points)
    {
        var grid = (points * 2 - 1).Unsqueeze(1);
        // The same points in every map: they are one map of many channels.
        var (input, count) = points.Size(0) == 1 ? (maps.Unsqueeze(0), maps.Size(0)) : (maps.Unsqueeze(1), points.Size(0));
        return Aten.GridSampler(input, grid, interpolationMode: 0, paddingMode: 0, alignCorners: false).Reshape(count, points.Size(1));
    }

    static Tensor CrossEntropies(Tensor logits, Tensor real) => Aten.BinaryCrossEntropyWithLogits(logits, real, reduction: 0);

    static void Check(Tensor classLogits, Tensor maskLogits, IReadOnlyList<MaskTruth> truths)
    {
        if (classLogits.Dimensions != 3 || maskLogits.Dimensions != 4 || classLogits.Size(0) != truths.Count
            || maskLogits.Size(0) != truths.Count || classLogits.Size(1) != maskLogits.Size(1))
            throw new ArgumentException($"class logits {classLogits} and mask logits {maskLogits} of {truths.Count} images: "
                + "[N, Q, K + 1] and [N, Q, h, w] were wanted");
        foreach (var truth in truths)
            if (truth.Classes.Any(k => k < 0 || k >= classLogits.Size(2) - 1))
                throw new ArgumentException(
                    $"objects of classes {string.Join(", ", truth.Classes)}; 0 to {classLogits.Size(2) - 2} were wanted");
    }
}
