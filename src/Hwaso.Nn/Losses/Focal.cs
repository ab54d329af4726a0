using Hwaso.Torch;
using static System.FormattableString;

namespace Hwaso.Nn;

/// <summary>
/// Focal loss in the form of the softmax: α (1 − exp(−CE))^γ · CE pixel by pixel, averaged over the pixels that count. Lin et al., ICCV
/// 2017; the form is that of the multi-decoder paper (2024). Others read it as a sigmoid per class, which is another loss.
/// </summary>
public sealed class Focal : IPixelLoss
{
    // Where a pixel is certain to the last bit, 1 − exp(−CE) is 0, whose power below 1 has no slope; the product has slope 0 there.
    const double LeastDoubt = 1e-30;
    readonly double alpha, gamma;
    readonly int ignoreIndex;
    readonly bool alignCorners;

    /// <summary>A loss.</summary>
    /// <param name="alpha">α, above 0.</param>
    /// <param name="gamma">γ, 0 or more; 0 is cross entropy times α.</param>
    /// <param name="ignoreIndex">The label that does not count.</param>
    /// <param name="alignCorners">How logits of another size are brought to the labels'.</param>
    /// <exception cref="ArgumentException">A number out of its range.</exception>
    public Focal(double alpha = 1, double gamma = 2, int ignoreIndex = 255, bool alignCorners = false)
    {
        if (!(alpha > 0 && gamma >= 0 && double.IsFinite(alpha) && double.IsFinite(gamma)))
            throw new ArgumentException(Invariant($"focal loss with α {alpha} and γ {gamma}: α above 0 and γ of at least 0 were wanted"));
        (this.alpha, this.gamma, this.ignoreIndex, this.alignCorners) = (alpha, gamma, ignoreIndex, alignCorners);
    }

    /// <inheritdoc/>
    public Tensor Of(Tensor logits, Tensor labels)
    {
        logits = PixelLogits.AtSizeOf(logits, labels, alignCorners);
        var entropies = PixelLogits.CrossEntropies(logits, labels, ignoreIndex);                  // [N, H, W]
        var doubt = Aten.Clamp(-Aten.Call(ExpMinus1, -entropies).AsTensor(), min: LeastDoubt);
        var costs = Aten.Pow(doubt, gamma) * entropies;
        return PixelLogits.Mean(costs.Sum() * alpha, PixelLogits.Counted(labels, ignoreIndex, logits.Type).Sum());
    }

    /// <summary>It holds nothing.</summary>
    public void Dispose()
    {
    }

    static readonly Operator ExpMinus1 = new("aten::expm1");
}
