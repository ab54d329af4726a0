using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>An <see cref="HRNetV2p"/> as a network by name: it answers with the coarsest level [N, 256, H/64, W/64], and with all five where all are asked for.</summary>
public sealed class HRNetV2pLevels(Weights w, HRNetConfig config, int channels = FeaturePyramid.ReleasedChannels) : Net(w), ISeveralOutputs, ISeveralAnswers
{
    readonly HRNetV2p pyramid = new(w, config, channels);

    /// <inheritdoc/>
    public IReadOnlyList<string> OutputNames => [.. Enumerable.Range(0, FeaturePyramid.Levels - 1).Select(level => $"{level}"), ""];

    /// <summary>The levels at strides 4, 8, 16, 32 and 64.</summary>
    public Tensor[] Outputs(Tensor image) => image.Apply(pyramid);

    /// <inheritdoc/>
    public Tensor[] Answers(Tensor image) => Outputs(image);

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => Outputs(x)[^1];
}
