using Hwaso.Torch;

namespace Hwaso.Training.Objectives;

/// <summary>What a network is asked in training, and what its answers cost.</summary>
public interface ITrainingObjective : IDisposable
{
    /// <summary>Everything that the loss looks at, of images [N, 3, H, W].</summary>
    Tensor[] Forward(Tensor images);

    /// <summary>The loss of what <see cref="Forward"/> gave against what was wanted, a single number.</summary>
    /// <exception cref="TorchException">A label that is neither a class nor the ignored one.</exception>
    Tensor Loss(Tensor[] outputs, Targets targets);
}
