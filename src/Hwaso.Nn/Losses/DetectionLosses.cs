using Hwaso.Torch;
using Hwaso.Torch.Processes;

namespace Hwaso.Nn;

/// <summary>The losses of detectors. Girshick, ICCV 2015; Ren et al., NIPS 2015; He et al., ICCV 2017.</summary>
public static class DetectionLosses
{
    const long SumOf = 2, MeanOf = 1;

    static readonly Operator smooth = new("aten::smooth_l1_loss"), index = new("aten::index.Tensor");

    /// <summary>A proposal network's classes: binary cross entropy, summed and divided.</summary>
    /// <param name="logits">[n] of the drawn anchors.</param>
    /// <param name="targets">[n]: 1 for an object, 0 for background.</param>
    /// <param name="normaliser">The divisor, such as the number of drawn anchors.</param>
    public static Tensor Objectness(Tensor logits, Tensor targets, double normaliser) =>
        Aten.BinaryCrossEntropyWithLogits(logits, targets, reduction: SumOf) / normaliser;

    /// <summary>Differences of boxes: smooth L1, summed and divided; zero, with a gradient of zero, where there are none.</summary>
    /// <param name="deltas">[p, 4], predicted.</param>
    /// <param name="targets">[p, 4].</param>
    /// <param name="beta">Where the loss becomes linear; 0 for L1.</param>
    /// <param name="normaliser">The divisor.</param>
    public static Tensor Boxes(Tensor deltas, Tensor targets, double beta, double normaliser) =>
        Aten.Call(smooth, deltas, targets, SumOf, beta).AsTensor() / normaliser;

    /// <summary>A head's classes: cross entropy, averaged.</summary>
    /// <param name="logits">[n, K + 1].</param>
    /// <param name="labels">[n], int64 columns.</param>
    public static Tensor Classes(Tensor logits, Tensor labels) => SharedStep.Processes is null ? Aten.CrossEntropyLoss(logits, labels)
        : Aten.CrossEntropyLoss(logits, labels, reduction: SumOf) / SharedStep.Mean(labels.Elements);

    /// <summary>Mask logits of the true classes: binary cross entropy, averaged over pixels; zero where there is no mask.</summary>
    /// <param name="logits">[p, K, h, w].</param>
    /// <param name="labels">[p], int64 columns.</param>
    /// <param name="targets">[p, h, w]: 1 inside, 0 outside, or shares between.</param>
    public static Tensor Masks(Tensor logits, Tensor labels, Tensor targets) =>
        SharedStep.Processes is not null
        ? Aten.BinaryCrossEntropyWithLogits(OfClass(logits, labels), targets, reduction: SumOf)
            / Math.Max(SharedStep.Mean(targets.Elements), 1)
        : logits.Size(0) == 0 ? logits.Sum() * 0
        : Aten.BinaryCrossEntropyWithLogits(OfClass(logits, labels), targets, reduction: MeanOf);

    /// <summary>For each row of [n, K, …] the entry of its class: [n, …].</summary>
    /// <param name="values">[n, K, …].</param>
    /// <param name="labels">[n], int64.</param>
    public static Tensor OfClass(Tensor values, Tensor labels) => Aten.Call(
        index, values, new Tensor?[] { Aten.Arange(0, labels.Size(0), dtype: ScalarType.Int64, device: labels.Device), labels }).AsTensor();

    /// <summary>Rows of a tensor.</summary>
    /// <param name="values">[n, …].</param>
    /// <param name="rows">int64 places.</param>
    public static Tensor Rows(Tensor values, Tensor rows) => Aten.IndexSelect(values, 0, rows);
}
