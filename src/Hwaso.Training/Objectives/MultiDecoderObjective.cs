using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Training.Objectives;

/// <summary>
/// A U-Net of two decoders learns from its labels and from depth: w_s L_seg + w_d L_depth, in the multi-decoder paper (2024) 0.85 and 0.15. A
/// decoder of weight 0 is not asked.
/// </summary>
/// <param name="net">The network.</param>
/// <param name="semantic">What the semantic decoder's answer costs; disposed with this.</param>
/// <param name="semanticWeight">w_s, 0 or more.</param>
/// <param name="depthWeight">w_d, 0 or more, not 0 together with w_s.</param>
public sealed class MultiDecoderObjective(UNetMultiDecoder net, IPixelLoss semantic, double semanticWeight, double depthWeight) : ITrainingObjective
{
    readonly MaskedSquaredError depthError = new();

    /// <inheritdoc/>
    public Tensor[] Forward(Tensor images) =>
        depthWeight == 0 ? [net.Call(images)]
        : semanticWeight == 0 ? [net.Depth(images)]
        : net.Outputs(images);

    /// <inheritdoc/>
    public Tensor Loss(Tensor[] outputs, Targets targets)
    {
        if (depthWeight == 0)
            return semantic.Of(outputs[0], targets.Labels) * semanticWeight;
        var depth = depthError.Of(outputs[0], targets.Depth ?? throw new InvalidOperationException("the batch brings no depth")) * depthWeight;
        return semanticWeight == 0 ? depth : semantic.Of(outputs[1], targets.Labels) * semanticWeight + depth;
    }

    /// <summary>Frees the loss.</summary>
    public void Dispose() => semantic.Dispose();
}
