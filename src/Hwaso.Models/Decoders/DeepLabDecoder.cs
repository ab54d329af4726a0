// Chen et al., "Encoder-decoder with atrous separable convolution for semantic image segmentation", ECCV 2018 (DeepLabV3+), and
// "Rethinking atrous convolution for semantic image segmentation", 2017 (DeepLabV3), as segmentation_models.pytorch has them
// (decoders/deeplabv3/decoder.py): at output stride 16 the rates stay 12, 24, 36, and one separable convolution follows the fusion.
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Decoders;

/// <summary>DeepLabV3: atrous spatial pyramid pooling at output stride 8.</summary>
public sealed record DeepLabDecoder : PyramidDecoder
{
    static readonly Settings<PyramidDecoder> settings = Own(new Settings<DeepLabDecoder>()
        .Include(d => d.Aspp, (d, v) => d with { Aspp = v }, AsppConfig.Settings));

    /// <summary>The pooling.</summary>
    public AsppConfig Aspp { get; init; } = new();

    /// <inheritdoc/>
    public override int OutputStride => 8;

    /// <inheritdoc/>
    public override int Depth { get; init; } = 5;

    /// <inheritdoc/>
    public override int HeadKernel => 1;

    /// <inheritdoc/>
    public override int Features => Aspp.Channels;

    /// <inheritdoc/>
    public override Settings<PyramidDecoder> Settings => settings;

    /// <inheritdoc/>
    public override Net<Tensor[], Tensor> Build(Weights w, IReadOnlyList<int> channels) => new DeepLabDecoderNet(w, Aspp, channels[^1]);
}

/// <summary>DeepLabV3+: separable pooling at output stride 16, joined with the map at a quarter of the image's size.</summary>
public sealed record DeepLabPlusDecoder : PyramidDecoder
{
    static readonly Settings<PyramidDecoder> settings = Own(new Settings<DeepLabPlusDecoder>()
        .Include(d => d.Aspp, (d, v) => d with { Aspp = v }, AsppConfig.Settings)
        .Int("fine_channels", d => d.FineChannels, (d, v) => d with { FineChannels = v }, 1,
            "channels to which a DeepLabV3+ brings the map at a quarter of the image's size; 48")
        .Int("output_stride", d => d.Stride, (d, v) => d with { Stride = v }, 8,
            "pixels of the image to one of the last map under a DeepLabV3+; 16 of `smp-deeplabv3plus`, 8 of `deeplabv3plus`",
            among: [8, 16]));

    /// <summary>The pooling.</summary>
    public AsppConfig Aspp { get; init; } = new() { Separable = true };

    /// <summary>Channels to which the map at a quarter of the image's size is brought.</summary>
    public int FineChannels { get; init; } = 48;

    /// <summary>Pixels of the image to one of the last map, 8 or 16.</summary>
    public int Stride { get; init; } = 16;

    /// <inheritdoc/>
    public override int OutputStride => Stride;

    /// <inheritdoc/>
    public override int Depth { get; init; } = 5;

    /// <inheritdoc/>
    public override int HeadKernel => 1;

    /// <inheritdoc/>
    public override int Features => Aspp.Channels;

    /// <inheritdoc/>
    public override Settings<PyramidDecoder> Settings => settings;

    /// <inheritdoc/>
    public override Net<Tensor[], Tensor> Build(Weights w, IReadOnlyList<int> channels) => new DeepLabPlusDecoderNet(w, this, channels);
}

/// <summary>The pooling and a 3×3 convolution.</summary>
sealed class DeepLabDecoderNet(Weights w, AsppConfig config, int channels) : Net<Tensor[], Tensor>(w)
{
    readonly Aspp aspp = new(w / "aspp", config, channels);
    readonly Conv2d conv = new(w / "conv", config.Channels, config.Channels, kernel: 3);
    readonly BatchNorm2d bn = new(w / "bn", config.Channels);

    protected override Tensor Forward(Tensor[] imageAndMaps) => imageAndMaps[^1].Apply(aspp).Apply(conv).NormRelu(bn);
}

/// <summary>The pooling, enlarged, and the finer map beside it.</summary>
sealed class DeepLabPlusDecoderNet : Net<Tensor[], Tensor>
{
    // The map at a quarter of the image's size stands fourth from the end.
    const int Fine = 4;

    readonly Sequential aspp, block1, block2;

    public DeepLabPlusDecoderNet(Weights w, DeepLabPlusDecoder config, IReadOnlyList<int> channels) : base(w)
    {
        var width = config.Aspp.Channels;
        aspp = new(w / "aspp",
            p => new Aspp(p, config.Aspp, channels[^1]),
            p => SeparableConvolution.Build(p, width, width),
            p => new BatchNorm2d(p, width),
            p => new ReLU(p));
        block1 = ConvNormRelu.Build(w / "block1", channels[^Fine], config.FineChannels, kernel: 1);
        block2 = new(w / "block2",
            p => SeparableConvolution.Build(p, width + config.FineChannels, width),
            p => new BatchNorm2d(p, width),
            p => new ReLU(p));
    }

    protected override Tensor Forward(Tensor[] imageAndMaps)
    {
        var fine = imageAndMaps[^Fine].Apply(block1);
        var pooled = imageAndMaps[^1].Apply(aspp).ResizeBilinear(fine.Size(2), fine.Size(3), alignCorners: true);
        return Tensor.Concat([pooled, fine], 1).Apply(block2);                  // [N, C, H/4, W/4]
    }
}
