using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>
/// Whether each class is anywhere in the image, as binary cross entropies: the categorical loss of SANet and the semantic encoding loss of
/// EncNet (Zhang et al., "Context encoding for semantic segmentation", CVPR 2018).
/// </summary>
/// <param name="ignoreIndex">The label that does not count.</param>
public sealed class ClassPresence(int ignoreIndex = 255)
{
    /// <summary>The mean over images and classes of the loss of logits [N, K] against labels [N, H, W] of 64-bit integers.</summary>
    /// <exception cref="ArgumentException">Shapes or types that do not fit.</exception>
    public Tensor Of(Tensor logits, Tensor labels)
    {
        if (logits.Dimensions != 2 || labels.Dimensions != 3 || labels.Type != ScalarType.Int64 || logits.Size(0) != labels.Size(0))
            throw new ArgumentException($"presence {logits} and labels {labels}: [N, K] and int64[N, H, W] were wanted");
        var (images, classes) = (logits.Size(0), logits.Size(1));
        var members = PixelLogits.Memberships(labels, classes, ignoreIndex, logits.Type).Reshape(classes, images, -1);
        return Aten.BinaryCrossEntropyWithLogits(logits, Aten.Amax(members, [2]).Transpose(0, 1));
    }
}

/// <summary>
/// SANet's three losses, L_mask + α L_cat + β L_dense: of the attention heads' summed masks, of which classes are in the image, and of the
/// merged answer. Zhong et al., "Squeeze-and-attention networks for semantic segmentation", CVPR 2020, whose grid had 0.2 and 0.8 as its
/// best.
/// </summary>
/// <param name="pixels">The loss of the masks and of the answer; the paper's is cross entropy. Not disposed here.</param>
/// <param name="presence">The loss of the presence of classes.</param>
/// <param name="categoricalWeight">α, 0 or more.</param>
/// <param name="denseWeight">β, 0 or more.</param>
public sealed class SqueezeAttentionLoss(IPixelLoss pixels, ClassPresence presence, double categoricalWeight = 0.2,
    double denseWeight = 0.8)
{
    /// <summary>The weighted sum, a single number.</summary>
    /// <param name="mask">The heads' sum, logits [N, K, h, w].</param>
    /// <param name="categorical">Presence of each class, logits [N, K].</param>
    /// <param name="dense">The network's answer, logits [N, K, h, w].</param>
    /// <param name="labels">Labels [N, H, W] of 64-bit integers.</param>
    /// <exception cref="ArgumentException">Shapes or types that do not fit.</exception>
    public Tensor Of(Tensor mask, Tensor categorical, Tensor dense, Tensor labels) =>
        pixels.Of(mask, labels) + presence.Of(categorical, labels) * categoricalWeight + pixels.Of(dense, labels) * denseWeight;
}
