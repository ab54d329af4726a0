using Hwaso.Models;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Training.Tasks.Segmentation;

/// <summary>
/// The losses of an STDC: L + λ (L_16 + L_32) + μ L_details, where both contexts learn with the answer's loss. Fan et al., CVPR 2021.
/// </summary>
/// <param name="net">A network of <see cref="EdgeKind.Details"/>.</param>
/// <param name="pixels">The loss of answer and contexts; disposed with this.</param>
/// <param name="contextWeight">λ, 0 or more.</param>
/// <param name="detailWeight">μ, 0 or more.</param>
public sealed class DetailObjective(SegmentationNet net, IPixelLoss pixels, double contextWeight, double detailWeight)
    : ISegmentationObjective
{
    const int Contexts = 2;

    /// <inheritdoc/>
    public Tensor[] Forward(Tensor images) => ((ISeveralOutputs)net).Outputs(images);

    /// <inheritdoc/>
    public Tensor Loss(Tensor[] outputs, Targets targets)
    {
        var labels = targets.Labels;
        var truth = LabelEdges.Details(labels);
        var answer = pixels.Of(outputs[^1], labels);
        var contexts = pixels.Of(outputs[0], labels) + pixels.Of(outputs[1], labels);
        return outputs[Contexts..^1].Aggregate(answer + contexts * contextWeight, (sum, map) => sum + DetailLoss.Of(
            map.Contiguous().ResizeBilinear(labels.Size(1), labels.Size(2), net.AlignCorners), truth) * detailWeight);
    }

    /// <summary>Frees the loss.</summary>
    public void Dispose() => pixels.Dispose();
}
