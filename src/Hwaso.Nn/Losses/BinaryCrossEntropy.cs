using Hwaso.Torch;
using static System.FormattableString;

namespace Hwaso.Nn;

/// <summary>
/// Binary cross entropy of a network of one output channel, whose logit z gives class 1 the probability σ(z): the mean of
/// −w·y·log σ(z) − (1 − y)·log(1 − σ(z)) over the pixels that count, as PyTorch's BCEWithLogitsLoss with pos_weight w.
/// </summary>
public sealed class BinaryCrossEntropy : IPixelLoss
{
    readonly double positiveWeight;
    readonly int ignoreIndex;
    readonly bool alignCorners;

    /// <summary>A loss.</summary>
    /// <param name="positiveWeight">w, the weight of pixels of class 1, above 0.</param>
    /// <param name="ignoreIndex">The label that does not count.</param>
    /// <param name="alignCorners">How logits of another size are brought to the labels'.</param>
    /// <exception cref="ArgumentException">A weight out of its range.</exception>
    public BinaryCrossEntropy(double positiveWeight = 1, int ignoreIndex = 255, bool alignCorners = false)
    {
        if (!(positiveWeight > 0 && double.IsFinite(positiveWeight)))
            throw new ArgumentException(Invariant($"pixels of class 1 weigh {positiveWeight}: a number above 0 was wanted"));
        (this.positiveWeight, this.ignoreIndex, this.alignCorners) = (positiveWeight, ignoreIndex, alignCorners);
    }

    /// <summary>The loss of logits [N, 1, h, w] against labels [N, H, W], 0 or 1 or the ignored one; else as every pixel loss.</summary>
    /// <inheritdoc/>
    public Tensor Of(Tensor logits, Tensor labels)
    {
        logits = TwoClassLoss.One(PixelLogits.AtSizeOf(logits, labels, alignCorners)).Flatten();            // [P]
        var members = PixelLogits.Memberships(labels, TwoClassLoss.Classes, ignoreIndex, logits.Type);      // [2, P]
        var counted = PixelLogits.Counted(labels, ignoreIndex, logits.Type).Flatten();
        var weight = Tensor.From([positiveWeight]).To(logits.Type).To(logits.Device);
        const long Sum = 2;
        var sum = Aten.BinaryCrossEntropyWithLogits(logits, Aten.Select(members, 0, 1), counted, weight, Sum);
        return PixelLogits.Mean(sum, counted.Sum());
    }

    /// <summary>It holds nothing.</summary>
    public void Dispose()
    {
    }
}
