using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>Pixels [N, M, h, w] and objects [N, M, K, 1] to pixels augmented by what they attend to, [N, M, h, w]. Yuan et al., ECCV 2020, section 3.2.</summary>
public sealed class SpatialOcr : Net<Tensor[], Tensor>
{
    readonly ObjectAttention object_context_block;
    readonly Sequential conv_bn_dropout;

    /// <summary>At a place.</summary>
    public SpatialOcr(Weights w, OcrConfig config, double momentum = 0.1) : base(w)
    {
        object_context_block = new(w / "object_context_block", config, momentum);
        conv_bn_dropout = new(w / "conv_bn_dropout",
            p => new Conv2d(p, 2 * config.Channels, config.Channels, kernel: 1),
            p => new Sequential(p, q => new BatchNorm2d(q, config.Channels, momentum: momentum), q => new ReLU(q)),
            p => new Dropout2d(p, config.Dropout));
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor[] pixelsAndObjects) =>
        Tensor.Concat([pixelsAndObjects.Apply(object_context_block), pixelsAndObjects[0]], 1).Apply(conv_bn_dropout);
}
