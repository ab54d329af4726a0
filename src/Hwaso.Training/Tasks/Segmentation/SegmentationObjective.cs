using Hwaso.Models;
using Hwaso.Models.Heads;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Training.Tasks.Segmentation;

/// <summary>Which outputs of a segmentation network training looks at, and their loss.</summary>
public interface ISegmentationObjective : IDisposable
{
    /// <summary>Every output that the loss needs, of images [N, 3, H, W].</summary>
    Tensor[] Forward(Tensor images);

    /// <summary>The loss of the outputs of <see cref="Forward"/>, a single number.</summary>
    /// <exception cref="TorchException">A label is neither a class nor the ignored one.</exception>
    Tensor Loss(Tensor[] outputs, Targets targets);
}

/// <summary>What the outputs for a batch should have been.</summary>
/// <param name="Labels">Labels [N, H, W] of 64-bit integers.</param>
/// <param name="Depth">
/// Depth [N, H, W], or of a network with queries the numbers of segments; NaN where there is none, null where the run reads none.
/// </param>
public readonly record struct Targets(Tensor Labels, Tensor? Depth = null);

/// <summary>The loss of the network's answer alone.</summary>
/// <param name="net">The network.</param>
/// <param name="loss">The loss of its answer; disposed with this.</param>
public sealed class AnswerObjective(SegmentationNet net, IPixelLoss loss) : ISegmentationObjective
{
    /// <inheritdoc/>
    public Tensor[] Forward(Tensor images) => [net.Call(images)];

    /// <inheritdoc/>
    public Tensor Loss(Tensor[] outputs, Targets targets) => loss.Of(outputs[0], targets.Labels);

    /// <summary>Frees the loss.</summary>
    public void Dispose() => loss.Dispose();
}

/// <summary>The loss of the answer, and those of auxiliary heads: OCR, FCN and DeepLabV3 have one, BiSeNetV2 four.</summary>
/// <param name="net">A network of two outputs or more, its answer last.</param>
/// <param name="answer">The loss of the answer; disposed with this.</param>
/// <param name="auxiliary">The loss of an auxiliary head; disposed with this.</param>
/// <param name="weight">The factor of every auxiliary loss.</param>
public sealed class AuxiliaryObjective(ISeveralOutputs net, IPixelLoss answer, IPixelLoss auxiliary, double weight) : ISegmentationObjective
{
    readonly AuxiliaryLoss loss = new(answer, auxiliary, weight);

    /// <inheritdoc/>
    public Tensor[] Forward(Tensor images) => net.Outputs(images);

    /// <inheritdoc/>
    public Tensor Loss(Tensor[] outputs, Targets targets) => outputs[1..^1].Aggregate(
        loss.Of(outputs[0], outputs[^1], targets.Labels),
        (sum, further) => sum + auxiliary.Of(further, targets.Labels) * weight);

    /// <summary>Frees the losses.</summary>
    public void Dispose()
    {
        answer.Dispose();
        auxiliary.Dispose();
    }
}

/// <summary>
/// The loss of what queries say after every layer, each time paired anew with the classes or segments of the image; the losses are added.
/// </summary>
/// <param name="net">The network.</param>
/// <param name="classes">K.</param>
/// <param name="loss">The loss of one layer.</param>
/// <param name="ignoreIndex">The label of pixels that are in no class.</param>
public sealed class MaskSetObjective(IMaskQueries net, int classes, MaskSetLoss loss, int ignoreIndex) : ISegmentationObjective
{
    const int PerPrediction = 2;

    /// <summary>Class logits and mask logits of each layer in turn.</summary>
    public Tensor[] Forward(Tensor images) => [.. net.Predictions(images).SelectMany(prediction => prediction.All)];

    /// <inheritdoc/>
    public Tensor Loss(Tensor[] outputs, Targets targets)
    {
        var truths = targets.Depth is { } segments ? MaskTruth.Of(targets.Labels, segments, classes, ignoreIndex)
            : MaskTruth.Of(targets.Labels, classes, ignoreIndex);
        return outputs.Chunk(PerPrediction).Select(layer => loss.Of(layer[0], layer[1], truths)).Aggregate((sum, layer) => sum + layer);
    }

    /// <summary>Nothing to free.</summary>
    public void Dispose()
    {
    }
}

/// <summary>The losses of a SANet: masks, presence of classes, answer.</summary>
/// <param name="net">The network.</param>
/// <param name="pixels">The loss of masks and answer; disposed with this.</param>
/// <param name="loss">The three losses together.</param>
public sealed class SqueezeAttentionObjective(SANet net, IPixelLoss pixels, SqueezeAttentionLoss loss) : ISegmentationObjective
{
    /// <inheritdoc/>
    public Tensor[] Forward(Tensor images) => net.Outputs(images);

    /// <inheritdoc/>
    public Tensor Loss(Tensor[] outputs, Targets targets) => loss.Of(outputs[0], outputs[1], outputs[2], targets.Labels);

    /// <summary>Frees the loss.</summary>
    public void Dispose() => pixels.Dispose();
}

/// <summary>
/// The losses of a U-Net of two decoders: w_s L_seg + w_d L_depth, in the multi-decoder paper (2024) 0.85 and 0.15. A decoder of weight 0
/// does not run.
/// </summary>
/// <param name="net">The network.</param>
/// <param name="semantic">The loss of the semantic decoder; disposed with this.</param>
/// <param name="semanticWeight">w_s, 0 or more.</param>
/// <param name="depthWeight">w_d, 0 or more, not 0 together with w_s.</param>
public sealed class MultiDecoderObjective(UNetMultiDecoder net, IPixelLoss semantic, double semanticWeight, double depthWeight)
    : ISegmentationObjective
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
        var truth = targets.Depth ?? throw new InvalidOperationException("the batch holds no depth");
        var depth = depthError.Of(outputs[0], truth) * depthWeight;
        return semanticWeight == 0 ? depth : semantic.Of(outputs[1], targets.Labels) * semanticWeight + depth;
    }

    /// <summary>Frees the loss.</summary>
    public void Dispose() => semantic.Dispose();
}
