// He et al., "Deep residual learning for image recognition", CVPR 2016. Key names follow torchvision (models/resnet.py).
using Hwaso.Models.Backbones;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>Images [N, 3, H, W] to class logits [N, K]: the last stage averaged over its pixels, and a linear layer.</summary>
public sealed class ResNetClassifier : Net
{
    /// <summary>ImageNet's classes.</summary>
    public const int ImageNetClasses = 1000;

    readonly ResNet body;
    readonly Linear fc;

    /// <summary>Builds the network.</summary>
    /// <exception cref="ArgumentException">Numbers that do not fit each other, or no class.</exception>
    public ResNetClassifier(Weights w, ResNetConfig config, int classes = ImageNetClasses) : base(w)
    {
        if (classes < 1)
            throw new ArgumentOutOfRangeException(nameof(classes), $"fc: {classes} classes; at least 1 was wanted");
        body = new(w, config);
        fc = new(w / "fc", body.Channels[^1], classes);
    }

    /// <summary>torchvision's initial values: every convolution He's normal by fan-out, batch norms 1 and 0, the linear layer as PyTorch leaves it.</summary>
    public void InitialiseAsPublished() => body.InitialiseAsPublished();

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => x.Apply(body)[^1].Mean([2, 3]).Apply(fc);
}
