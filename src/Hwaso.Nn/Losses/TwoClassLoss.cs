using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>
/// A loss of two classes for a network of one output channel: its logit z counts as the logits 0 and z, whose softmax is 1 − σ(z) and σ(z).
/// </summary>
/// <param name="loss">The loss of logits of two classes; disposed with this.</param>
public sealed class TwoClassLoss(IPixelLoss loss) : IPixelLoss
{
    /// <summary>The classes that one channel tells apart.</summary>
    public const int Classes = 2;

    /// <summary>Logits [N, 2, H, W] of both classes from logits [N, 1, H, W] of class 1.</summary>
    /// <exception cref="ArgumentException">There is not one channel.</exception>
    public static Tensor Logits(Tensor one) => Tensor.Concat([Aten.ZerosLike(One(one)), one], 1);

    /// <inheritdoc/>
    public Tensor Of(Tensor logits, Tensor labels) => loss.Of(Logits(logits), labels);

    /// <summary>Frees the loss.</summary>
    public void Dispose() => loss.Dispose();

    /// <summary>The same logits, which must be of one channel.</summary>
    internal static Tensor One(Tensor logits) => logits.Dimensions == 4 && logits.Size(1) == 1
        ? logits : throw new ArgumentException($"logits {logits}: one channel, [N, 1, h, w], was wanted");
}
