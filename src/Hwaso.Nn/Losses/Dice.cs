using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>
/// Soft Dice loss: 1 − (2 Σ p·y + s) / (Σ p + Σ y + s) with the softmax p and membership y of a class, over all pixels of the batch that
/// count, averaged over the classes that are in the labels. Milletari et al., 3DV 2016, with p unsquared in the denominator, as is usual
/// now.
/// </summary>
public sealed class Dice : IPixelLoss
{
    readonly double smooth;
    readonly int ignoreIndex;
    readonly bool alignCorners;

    /// <summary>A loss.</summary>
    /// <param name="smooth">s in pixels, 0 or more: keeps the loss of a class of few pixels from jumping.</param>
    /// <param name="ignoreIndex">The label that does not count.</param>
    /// <param name="alignCorners">How logits of another size are brought to the labels'.</param>
    /// <exception cref="ArgumentException">A number out of its range.</exception>
    public Dice(double smooth = 1, int ignoreIndex = 255, bool alignCorners = false)
    {
        if (!(smooth >= 0 && double.IsFinite(smooth)))
            throw new ArgumentException($"Dice loss smoothed by {smooth}: 0 pixels or more were wanted");
        (this.smooth, this.ignoreIndex, this.alignCorners) = (smooth, ignoreIndex, alignCorners);
    }

    /// <inheritdoc/>
    public Tensor Of(Tensor logits, Tensor labels)
    {
        logits = PixelLogits.AtSizeOf(logits, labels, alignCorners);
        var counted = PixelLogits.Counted(labels, ignoreIndex, logits.Type).Flatten();                       // [P]
        var members = PixelLogits.Memberships(labels, logits.Size(1), ignoreIndex, logits.Type);             // [K, P]
        var shares = logits.Softmax(1).Transpose(0, 1).Flatten(1) * counted;                                 // [K, P]
        var sizes = members.Sum([1]);                                                                        // [K]
        var overlap = (shares * members).Sum([1]);
        // A class that is not there has no part; 1 in its place keeps 0/0 out of its gradient.
        var present = Aten.Gt(sizes, 0L).To(logits.Type);
        var score = (overlap * 2 + smooth) / (shares.Sum([1]) + sizes + (present * -1 + 1) + smooth);
        return PixelLogits.Mean(((score * -1 + 1) * present).Sum(), present.Sum());
    }

    /// <summary>It holds nothing.</summary>
    public void Dispose()
    {
    }
}
