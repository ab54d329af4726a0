using Hwaso.Torch;
using static System.FormattableString;

namespace Hwaso.Nn;

/// <summary>
/// Cross entropy of hard pixels alone (online hard example mining), as in the official HRNet code: of the pixels that count, those whose
/// probability of the right class is below a threshold, which rises where fewer than wanted would be left.
/// </summary>
public sealed class HardPixels : IPixelLoss
{
    const double MoreThanAny = 2;
    readonly double threshold;
    readonly int keep, ignoreIndex;
    readonly ClassWeights? weights;
    readonly bool alignCorners;

    /// <summary>A loss.</summary>
    /// <param name="threshold">The probability below which a pixel is hard, above 0 up to 1.</param>
    /// <param name="keep">How many pixels of a batch are kept at least, where so many count; 1 or more.</param>
    /// <param name="ignoreIndex">The label that does not count.</param>
    /// <param name="classWeights">A factor of the cross entropy for each class; null where all count alike. The mean is over pixels, not
    /// weights, as in the official code.</param>
    /// <param name="alignCorners">How logits of another size are brought to the labels'.</param>
    /// <exception cref="ArgumentException">A number out of its range.</exception>
    public HardPixels(double threshold = 0.9, int keep = 131072, int ignoreIndex = 255, double[]? classWeights = null,
        bool alignCorners = false)
    {
        if (threshold is not (> 0 and <= 1) || keep < 1)
            throw new ArgumentException(
                Invariant($"hard pixels with threshold {threshold}, keeping {keep}: ")
                + "a threshold above 0 up to 1, and at least 1 to keep were wanted");
        weights = classWeights is null ? null : new ClassWeights(classWeights);
        (this.threshold, this.keep, this.ignoreIndex, this.alignCorners) = (threshold, keep, ignoreIndex, alignCorners);
    }

    /// <inheritdoc/>
    public Tensor Of(Tensor logits, Tensor labels)
    {
        logits = PixelLogits.AtSizeOf(logits, labels, alignCorners);
        var costs = PixelLogits.CrossEntropies(logits, labels, ignoreIndex, weights?.For(logits));
        var hard = Hard(logits, labels);
        return PixelLogits.Mean((costs * hard).Sum(), hard.Sum());
    }

    /// <inheritdoc/>
    public void Dispose() => weights?.Dispose();

    /// <summary>1 at the pixels that are learned from, else 0.</summary>
    Tensor Hard(Tensor logits, Tensor labels)
    {
        using var scope = new Scope();
        using var off = new Torch.Autograd.NoGrad();
        var ignored = Aten.Eq(labels, (long)ignoreIndex);
        var certainty = Aten.MaskedFill(Aten.Exp(-PixelLogits.CrossEntropies(logits.Detach(), labels, ignoreIndex)), ignored, MoreThanAny);
        var counted = (long)(labels.Elements - ignored.Sum().Item());
        if (counted == 0)
            return scope.Keep(Aten.ZerosLike(certainty));
        var kth = Aten.Call(KthValue, certainty.Flatten(), Math.Min(keep, counted - 1) + 1).AsTensor().Item();
        return scope.Keep(Aten.Lt(certainty, Math.Max(kth, threshold)).To(logits.Type));
    }

    static readonly Operator KthValue = new("aten::kthvalue");
}
