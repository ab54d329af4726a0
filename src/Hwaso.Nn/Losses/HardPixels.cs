using Hwaso.Torch;
using static System.FormattableString;

namespace Hwaso.Nn;

/// <summary>
/// Cross entropy of hard pixels alone (online hard example mining): of the pixels that count, those whose probability of the right class
/// is below a threshold, which rises where fewer than wanted would be left.
/// </summary>
public sealed class HardPixels : IPixelLoss
{
    const double MoreThanAny = 2;
    // BiSeNet's code keeps one in so many pixels.
    const int KeptShare = 16;
    readonly double threshold;
    readonly int keep, ignoreIndex;
    readonly ClassWeights? weights;
    readonly bool alignCorners;
    readonly HardPixelRule rule;

    /// <summary>A loss.</summary>
    /// <param name="threshold">The probability below which a pixel is hard, above 0 up to 1.</param>
    /// <param name="keep">How many pixels are kept at least, where so many count; 1 or more. Of a batch, of each image
    /// (<see cref="HardPixelRule.MmSegmentation"/>), or without meaning (<see cref="HardPixelRule.BiSeNet"/>).</param>
    /// <param name="ignoreIndex">The label that does not count.</param>
    /// <param name="classWeights">A factor of the cross entropy for each class; null where all count alike. The mean is over pixels, not
    /// weights, as in the official code.</param>
    /// <param name="alignCorners">How logits of another size are brought to the labels'.</param>
    /// <param name="rule">Whose rule says which pixels are kept and what the mean is over.</param>
    /// <exception cref="ArgumentException">A number out of its range.</exception>
    public HardPixels(double threshold = 0.9, int keep = 131072, int ignoreIndex = 255, double[]? classWeights = null,
        bool alignCorners = false, HardPixelRule rule = HardPixelRule.HRNet)
    {
        if (threshold is not (> 0 and <= 1) || keep < 1)
            throw new ArgumentException(
                Invariant($"hard pixels with threshold {threshold}, keeping {keep}: ")
                + "a threshold above 0 up to 1, and at least 1 to keep were wanted");
        weights = classWeights is null ? null : new ClassWeights(classWeights);
        (this.threshold, this.keep, this.ignoreIndex, this.alignCorners, this.rule) = (threshold, keep, ignoreIndex, alignCorners, rule);
    }

    /// <inheritdoc/>
    public Tensor Of(Tensor logits, Tensor labels)
    {
        logits = PixelLogits.AtSizeOf(logits, labels, alignCorners);
        var costs = PixelLogits.CrossEntropies(logits, labels, ignoreIndex, weights?.For(logits));
        if (rule == HardPixelRule.BiSeNet)
            return Dearest(costs, labels);
        var hard = Hard(logits, labels);
        var sum = (costs * hard).Sum();
        return rule == HardPixelRule.MmSegmentation ? sum / labels.Elements : PixelLogits.Mean(sum, hard.Sum());
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
        var wanted = rule == HardPixelRule.MmSegmentation ? keep * labels.Size(0) : keep;
        var kth = Smallest(certainty.Flatten(), Math.Min(wanted, counted - 1));
        return scope.Keep(Aten.Lt(certainty, Math.Max(kth, threshold)).To(logits.Type));
    }

    /// <summary>The mean of the costs above the threshold's, or of the largest where those are too few.</summary>
    Tensor Dearest(Tensor costs, Tensor labels)
    {
        var hard = Aten.Gt(costs.Detach(), -Math.Log(threshold)).To(costs.Type);
        var least = (long)PixelLogits.Counted(labels, ignoreIndex, costs.Type).Sum().Item() / KeptShare;
        if (hard.Sum().Item() >= least)
            return PixelLogits.Mean((costs * hard).Sum(), hard.Sum());
        var largest = Aten.CallAll(Largest, costs.Flatten(), least)[0].AsTensor();
        return PixelLogits.Mean(largest.Sum(), Tensor.Zeros([], costs.Type, costs.Device) + least);
    }

    /// <summary>The number before which as many smaller ones stand when all are sorted.</summary>
    static double Smallest(Tensor numbers, long before)
    {
        // On CUDA libtorch refuses kthvalue in deterministic processes, because of the positions that it also returns.
        var found = TorchInfo.IsDeterministic
            ? Aten.Select(Aten.CallAll(Sort, numbers)[0].AsTensor(), 0, before)
            : Aten.Call(KthValue, numbers, before + 1).AsTensor();
        return found.Item();
    }

    static readonly Operator KthValue = new("aten::kthvalue"), Sort = new("aten::sort"), Largest = new("aten::topk");
}

/// <summary>Whose rule says which pixels are hard.</summary>
public enum HardPixelRule
{
    /// <summary>
    /// HRNet's, PIDNet's and DDRNet's code: probabilities below the larger of the threshold and the K-th lowest; the mean is over them.
    /// </summary>
    HRNet,

    /// <summary>
    /// BiSeNet's and STDC's code: costs above −log of the threshold, or the largest sixteenth of the pixels that count where those are
    /// fewer; the mean is over them.
    /// </summary>
    BiSeNet,

    /// <summary>mmsegmentation's sampler: HRNet's pixels, with K for each image; the mean is over all pixels, ignored ones too.</summary>
    MmSegmentation,
}
