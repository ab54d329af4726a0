using Hwaso.Models;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Training.Objectives;

/// <summary>The network's answer and its auxiliary head's are learned from: of OCR, FCN and DeepLabV3.</summary>
/// <param name="net">A network of two outputs, the auxiliary one first.</param>
/// <param name="answer">What the answer costs; disposed with this.</param>
/// <param name="auxiliary">What the auxiliary head's costs; disposed with this.</param>
/// <param name="weight">What the auxiliary head's loss is multiplied by.</param>
public sealed class AuxiliaryObjective(ISeveralOutputs net, IPixelLoss answer, IPixelLoss auxiliary, double weight) : ITrainingObjective
{
    readonly AuxiliaryLoss loss = new(answer, auxiliary, weight);

    /// <inheritdoc/>
    public Tensor[] Forward(Tensor images) => net.Outputs(images);

    /// <inheritdoc/>
    public Tensor Loss(Tensor[] outputs, Targets targets) => loss.Of(outputs[0], outputs[1], targets.Labels);

    /// <summary>Frees the losses.</summary>
    public void Dispose()
    {
        answer.Dispose();
        auxiliary.Dispose();
    }
}
