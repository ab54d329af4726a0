// Long et al., "Fully convolutional networks for semantic segmentation", CVPR 2015, as dilated networks have it: torchvision's FCNHead and
// PyTorch-Encoding's, which agree: 3×3 convolution to a quarter of the channels, batch norm, ReLU, dropout, 1×1 convolution to the classes.
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>Features [N, C, h, w] to logits [N, K, h, w].</summary>
public sealed class FcnHead : Net
{
    const int Released = 4;

    readonly Sequential layers;

    /// <summary>Builds it; its layers stand at its place, or under <see cref="FcnNames.Layers"/> there.</summary>
    /// <exception cref="ArgumentException">A width below 1 or a dropout that is no probability.</exception>
    public FcnHead(Weights w, FcnConfig config, int channels, int classes, double momentum = 0.1) : base(w)
    {
        var inner = config.Channels ?? Math.Max(channels / Released, 1);
        layers = new(config.Names.Layers is { } name ? w / name : w,
            p => new Conv2d(p, channels, inner, kernel: 3),
            p => new BatchNorm2d(p, inner, momentum: momentum),
            p => new ReLU(p),
            p => new Dropout(p, config.Dropout),
            p => new Conv2d(p, inner, classes, kernel: 1, bias: true));
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor features) => features.Apply(layers);
}
