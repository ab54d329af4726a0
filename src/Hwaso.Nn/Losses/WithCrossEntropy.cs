using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>A loss of regions plus a share of cross entropy, which keeps it steady where regions do not overlap yet.</summary>
/// <param name="regions">Dice or Lovász; disposed with this.</param>
/// <param name="entropy">Cross entropy; disposed with this.</param>
/// <param name="share">What cross entropy is multiplied by.</param>
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
