using Hwaso.Models.Backbones;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>An EfficientNet's last feature map alone, [N, C, h, w]: torchvision's <c>features</c>, with keys that begin at its numbers; the maps before it by number.</summary>
public sealed class EfficientNetFeatures(Weights w, EfficientNetConfig config) : Net(w), ISeveralOutputs
{
    readonly EfficientNet body = new(w, config);

    /// <inheritdoc/>
    public IReadOnlyList<string> OutputNames => [.. Enumerable.Range(0, body.Channels.Count - 1).Select(k => $"{k}"), ""];

    /// <summary>Every feature map: the stem's, each stage's, the last convolution's.</summary>
    public Tensor[] Outputs(Tensor image) => image.Apply(body);

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => x.Apply(body)[^1];
}
