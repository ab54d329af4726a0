using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>A loss of a network's logits against labels, pixel by pixel.</summary>
public interface IPixelLoss : IDisposable
{
    /// <summary>
    /// The loss of logits [N, K, h, w] against labels [N, H, W] of 64-bit integers, a single number; 0 with zero gradient where no pixel
    /// counts.
    /// </summary>
    /// <exception cref="ArgumentException">Shapes or types that do not fit, or a label that is neither a class nor the ignored
    /// one.</exception>
    /// <exception cref="TorchException">Likewise, where libtorch finds the label.</exception>
    Tensor Of(Tensor logits, Tensor labels);
}

/// <summary>A loss of regions plus a share of cross entropy, which keeps it steady where regions do not overlap yet.</summary>
/// <param name="regions">Dice or Lovász; disposed with this.</param>
/// <param name="entropy">Cross entropy; disposed with this.</param>
/// <param name="share">The factor of the cross entropy.</param>
public sealed class WithCrossEntropy(IPixelLoss regions, CrossEntropy entropy, double share) : IPixelLoss
{
    /// <inheritdoc/>
    public Tensor Of(Tensor logits, Tensor labels) => regions.Of(logits, labels) + entropy.Of(logits, labels) * share;

    /// <inheritdoc/>
    public void Dispose()
    {
        regions.Dispose();
        entropy.Dispose();
    }
}

/// <summary>
/// The loss of a network's answer plus a share of an auxiliary head's: L + λ L_aux (Zhao et al., "Pyramid scene parsing network", CVPR
/// 2017).
/// </summary>
/// <param name="answer">The loss of the answer. Not disposed here.</param>
/// <param name="auxiliary">The loss of the auxiliary head; in the official HRNet code plain cross entropy, whatever the answer's. Not
/// disposed here.</param>
/// <param name="weight">λ: 0.4 in the official OCR, 0.5 in torchvision's recipes.</param>
public sealed class AuxiliaryLoss(IPixelLoss answer, IPixelLoss auxiliary, double weight)
{
    /// <summary>The weighted sum, a single number, of two logits [N, K, h, w] against labels [N, H, W] of 64-bit integers.</summary>
    /// <exception cref="ArgumentException">Shapes or types that do not fit.</exception>
    public Tensor Of(Tensor auxiliaryLogits, Tensor logits, Tensor labels) =>
        auxiliary.Of(auxiliaryLogits, labels) * weight + answer.Of(logits, labels);
}
