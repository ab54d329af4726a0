using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>What a network's logits cost against labels.</summary>
public interface IPixelLoss : IDisposable
{
    /// <summary>The loss of logits [N, K, h, w] against labels [N, H, W] of 64-bit integers, a single number; 0 with zero gradient where no pixel counts.</summary>
    /// <exception cref="ArgumentException">Shapes or types that do not fit, or a label that is neither a class nor the ignored one.</exception>
    /// <exception cref="TorchException">Likewise, where libtorch finds the label.</exception>
    Tensor Of(Tensor logits, Tensor labels);
}
