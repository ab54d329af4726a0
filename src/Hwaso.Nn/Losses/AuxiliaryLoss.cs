using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>The loss of a network's answer plus a share of an auxiliary head's: L + λ L_aux (Zhao et al., "Pyramid scene parsing network", CVPR 2017).</summary>
/// <param name="answer">What the answer costs. Not disposed here.</param>
/// <param name="auxiliary">What the auxiliary head's costs; the official HRNet code's is plain cross entropy, whatever the answer's. Not disposed here.</param>
/// <param name="weight">λ: 0.4 in the official OCR, 0.5 in torchvision's recipes.</param>
public sealed class AuxiliaryLoss(IPixelLoss answer, IPixelLoss auxiliary, double weight)
{
    /// <summary>The weighted sum, a single number, of two logits [N, K, h, w] against labels [N, H, W] of 64-bit integers.</summary>
    /// <exception cref="ArgumentException">Shapes or types that do not fit.</exception>
    public Tensor Of(Tensor auxiliaryLogits, Tensor logits, Tensor labels) => auxiliary.Of(auxiliaryLogits, labels) * weight + answer.Of(logits, labels);
}
