using Hwaso.Models;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Training.Objectives;

/// <summary>The network's own answer alone is learned from.</summary>
/// <param name="net">The network.</param>
/// <param name="loss">What its answer costs; disposed with this.</param>
public sealed class AnswerObjective(SegmentationNet net, IPixelLoss loss) : ITrainingObjective
{
    /// <inheritdoc/>
    public Tensor[] Forward(Tensor images) => [net.Call(images)];

    /// <inheritdoc/>
    public Tensor Loss(Tensor[] outputs, Targets targets) => loss.Of(outputs[0], targets.Labels);

    /// <summary>Frees the loss.</summary>
    public void Dispose() => loss.Dispose();
}
