using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Training.Objectives;

/// <summary>A SANet learns from its masks, the presence of classes and its answer.</summary>
/// <param name="net">The network.</param>
/// <param name="pixels">What masks and answer cost; disposed with this.</param>
/// <param name="loss">The three losses over it.</param>
public sealed class SqueezeAttentionObjective(SANet net, IPixelLoss pixels, SqueezeAttentionLoss loss) : ITrainingObjective
{
    /// <inheritdoc/>
    public Tensor[] Forward(Tensor images) => net.Outputs(images);

    /// <inheritdoc/>
    public Tensor Loss(Tensor[] outputs, Targets targets) => loss.Of(outputs[0], outputs[1], outputs[2], targets.Labels);

    /// <summary>Frees the loss.</summary>
    public void Dispose() => pixels.Dispose();
}
