using Hwaso.Models;
using Hwaso.Nn;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Training.Tasks.Segmentation;

/// <summary>
/// The losses of a PIDNet: λ L_fine + L_answer + L_edges + μ L_answer at edges, where labels count whose pixels the map of edges is sure
/// of. Xu et al., CVPR 2023, eq. 9.
/// </summary>
/// <param name="net">A network of <see cref="EdgeKind.Wide"/>.</param>
/// <param name="answer">The loss of the answer; disposed with this.</param>
/// <param name="fine">The loss of the fine map; disposed with this.</param>
/// <param name="fineWeight">λ, 0 or more.</param>
/// <param name="boundary">The loss of the map of edges.</param>
/// <param name="edgeWeight">μ, 0 or more.</param>
/// <param name="ignoreIndex">The label that does not count.</param>
public sealed class EdgeObjective(
    SegmentationNet net, IPixelLoss answer, IPixelLoss fine, double fineWeight, BoundaryLoss boundary, double edgeWeight, int ignoreIndex)
    : ISegmentationObjective
{
    const double Sure = 0.8;

    /// <inheritdoc/>
    public Tensor[] Forward(Tensor images) => ((ISeveralOutputs)net).Outputs(images);

    /// <inheritdoc/>
    public Tensor Loss(Tensor[] outputs, Targets targets)
    {
        var labels = targets.Labels;
        // Row-major first, as losses of pixels are computed.
        var large = outputs.Select(x => x.Contiguous().ResizeBilinear(labels.Size(1), labels.Size(2), net.AlignCorners)).ToArray();
        return fine.Of(large[0], labels) * fineWeight
            + answer.Of(large[2], labels)
            + boundary.Of(large[1], LabelEdges.Wide(labels))
            + answer.Of(large[2], AtEdges(large[1], labels)) * edgeWeight;
    }

    /// <summary>Frees the losses.</summary>
    public void Dispose()
    {
        answer.Dispose();
        fine.Dispose();
    }

    Tensor AtEdges(Tensor edges, Tensor labels)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        var unsure = Aten.Call(NotAbove, edges.Sigmoid(), Sure).AsTensor().Squeeze(1);
        return scope.Keep(Aten.MaskedFill(labels, unsure, (long)ignoreIndex));
    }

    static readonly Operator NotAbove = new("aten::le.Scalar");
}
