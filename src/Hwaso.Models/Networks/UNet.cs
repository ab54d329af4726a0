// Ronneberger et al., "U-Net: convolutional networks for biomedical image segmentation", MICCAI 2015, on a ResNet encoder.
// Structure and key names follow segmentation_models.pytorch (Unet): encoder, decoder, segmentation_head.
// Deviations: none known; as there, each block upsamples to its skip's size, so that images need no multiples of 32.
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>A ResNet's five maps decoded step by step to the image's size: logits [N, K, H, W].</summary>
public sealed class UNet : SegmentationNet
{
    readonly ResNet encoder;
    readonly UNetDecoder decoder;
    readonly UNetHead segmentation_head;

    /// <summary>Builds the network.</summary>
    /// <exception cref="ArgumentException">Numbers that do not fit each other.</exception>
    public UNet(Weights w, ResNetConfig config, UNetConfig unet, int classes) : base(w, classes, alignCorners: false)
    {
        encoder = new(w / "encoder", config);
        decoder = new(w / "decoder", unet, encoder.Channels, config.Momentum);
        segmentation_head = new(w / "segmentation_head", decoder.Channels, classes);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> HeadPaths => ["decoder", "segmentation_head"];

    /// <inheritdoc/>
    public override void InitialiseAsPublished()
    {
        encoder.InitialiseAsPublished();
        decoder.InitialiseAsPublished();
        segmentation_head.InitialiseAsPublished();
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x)
    {
        Tensor[] maps = [x, .. x.Apply(encoder)];
        return maps.Apply(decoder).Apply(segmentation_head);
    }
}
