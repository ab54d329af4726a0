using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>
/// Whether each class is anywhere in the image, as binary cross entropies: the categorical loss of SANet and the semantic encoding loss of EncNet
/// (Zhang et al., "Context encoding for semantic segmentation", CVPR 2018).
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
