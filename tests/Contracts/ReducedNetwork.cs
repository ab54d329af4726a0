using Hwaso.Models;
using Hwaso.Models.Backbones;
using Hwaso.Models.Decoders;
using Hwaso.Models.Detectors;
using Hwaso.Models.Heads;
using Hwaso.Models.Networks;

namespace Hwaso.Tests;

/// <summary>The zoo in small, for tests that go through all of it.</summary>
static class ReducedNetwork
{
    /// <summary>
    /// Of the networks that differ in size alone (their descriptions are the same) the first, which families list smallest first.
    /// </summary>
    public static IReadOnlyList<ModelDefinition> Smallest { get; } = [.. Zoo.All.GroupBy(d => d.Description).Select(g => g.First())];

    /// <summary>An attention module is the same code in every form of HRNet: one of them has it.</summary>
    public static IReadOnlyList<ModelDefinition> Distinct { get; } = [.. Smallest.Where(d => !d.Name.Contains('+', StringComparison.Ordinal)
        || d.Name.StartsWith("hrnetv2-w18-small-v1+", StringComparison.Ordinal) || d.Name.StartsWith("fcn-", StringComparison.Ordinal))];

    /// <summary>Where even the smallest size takes seconds: the same structure, narrower.</summary>
    public static ModelDefinition Of(ModelDefinition definition) => definition switch
    {
        DinoDefinition dino => dino with { Config = dino.Config with { Width = 96, Depth = 4, Heads = 6, ImagePx = 70 } },
        DinoV3Definition dino => dino with { Config = dino.Config with { Width = 48, Depth = 3, Heads = 3 } },
        EomtDefinition eomt => eomt with
        {
            Config = eomt.Config with { Width = 48, Depth = 4, Heads = 3, ImagePx = 64 },
            Head = eomt.Head with { Queries = 6, Blocks = 2 },
        },
        Mask2FormerDefinition former => former with
        {
            Encoder = Narrow(former.Encoder),
            Head = new() { Queries = 6, Width = 32, Heads = 4, EncoderLayers = 1, EncoderWidth = 24, DecoderLayers = 3, DecoderWidth = 24 },
        },
        ResNetClassifierDefinition resnet => resnet with { Config = Narrow(resnet.Config) },
        HRNetDetectorDefinition hrnet => hrnet with
        {
            Config = Narrow(hrnet.Config),
            Detection = Narrow(hrnet.Detection),
        },
        HRNetV2Definition hrnet => hrnet with { Config = Narrow(hrnet.Config) },
        HRNetOcrDefinition hrnet => hrnet with { Config = Narrow(hrnet.Config) },
        HRNetPyramidDefinition hrnet => hrnet with { Config = Narrow(hrnet.Config) },
        HRNetPoseDefinition hrnet => hrnet with { Config = Narrow(hrnet.Config) },
        HRNetClassifierDefinition hrnet => hrnet with { Config = Narrow(hrnet.Config) },
        ResNetDetectorDefinition resnet =>
            resnet with { Config = Narrow(resnet.Config), Detection = Narrow(resnet.Detection) },
        FcnDefinition fcn => fcn with { Config = Narrow(fcn.Config) },
        DeepLabV3Definition deeplab => deeplab with { Config = Narrow(deeplab.Config), Aspp = deeplab.Aspp with { Channels = 16 } },
        EfficientNetDefinition efficient => efficient with { Config = Narrow(efficient.Config) },
        UNetDefinition unet => unet with { Config = Narrow(unet.Config), UNet = new UNetConfig { Channels = [48, 32, 24, 16, 8] } },
        EncoderDecoderDefinition pyramid => pyramid with { Encoder = Narrow(pyramid.Encoder), Decoder = Narrow(pyramid.Decoder) },
        DdrNetDefinition dual => dual with { Config = dual.Config with { Planes = 8, PoolingChannels = 8, HeadChannels = 8 } },
        PidNetDefinition dual => dual with { Config = dual.Config with { Planes = 8, PoolingChannels = 8, HeadChannels = 8 } },
        StdcDefinition stdc => stdc with { Config = stdc.Config with { Width = 16, DetailStrides = [2, 4, 8] } },
        BiSeNetV2Definition bilateral => bilateral with { Config = bilateral.Config with { HeadChannels = 16, AuxiliaryChannels = 16 } },
        DecodeHeadDefinition net => net with { Encoder = Narrow(net.Encoder), Head = net.Head with { Channels = 16 } },
        SANetDefinition { ResNet: { } resnet } sanet => sanet with { ResNet = Narrow(resnet) },
        SANetDefinition { EfficientNet: { } efficient } sanet => sanet with { EfficientNet = Narrow(efficient) },
        // A block that is skipped gets no gradient.
        SegFormerDefinition segformer => segformer with
        {
            Config = Narrow(segformer.Config),
            Head = segformer.Head with { Channels = 16 },
        },
        _ => definition,
    };

    static MixTransformerConfig Narrow(MixTransformerConfig config) =>
        config with { Depths = [1, 1, 1, 1], Widths = [16, 16, 20, 32], DropPath = 0 };

    static PyramidEncoder Narrow(PyramidEncoder encoder) => encoder switch
    {
        ResNetEncoder resnet => resnet with { Config = Narrow(resnet.Config) },
        MixEncoder mix => mix with { Config = Narrow(mix.Config) },
        ConvNextEncoder next => next with
        {
            Config = next.Config with { Depths = [1, 1, 1, 1], Widths = [16, 16, 24, 32], DropPath = 0 },
        },
        SwinEncoder swin => swin with
        {
            Config = swin.Config with { Depths = [1, 2, 1, 1], Width = 8, Heads = [2, 2, 4, 4], Window = 3, DropPath = 0 },
        },
        _ => encoder,
    };

    static PyramidDecoder Narrow(PyramidDecoder decoder) => decoder switch
    {
        FpnDecoder fpn => fpn with { Channels = 32, PyramidChannels = 16 },
        ManetDecoder manet => manet with { Widths = [24, 16, 16, 8, 8], AttentionChannels = 8, Reduction = 2 },
        UNetPlusPlusDecoder nested => nested with { Widths = [24, 16, 16, 8, 8] },
        PspDecoder psp => psp with { Channels = 16 },
        DeepLabDecoder deeplab => deeplab with { Aspp = deeplab.Aspp with { Channels = 16 } },
        DeepLabPlusDecoder deeplab => deeplab with { Aspp = deeplab.Aspp with { Channels = 16 }, FineChannels = 8 },
        UperDecoder uper => uper with { Channels = 16 },
        SegFormerDecoder segformer => segformer with { Channels = 16 },
        _ => decoder,
    };

    // Every branch, fusion and transition is there once. With fewer channels an attention module's norm sees one number.
    static HRNetConfig Narrow(HRNetConfig config) => config with
    {
        Stage1Blocks = 1,
        Stage1Channels = 16,
        Stage2 = new HRNetStage(1, [1, 1], [16, 24]),
        Stage3 = new HRNetStage(1, [1, 1, 1], [16, 24, 32]),
        Stage4 = new HRNetStage(1, [1, 1, 1, 1], [16, 24, 32, 40]),
    };

    static DetectorConfig Narrow(DetectorConfig config) => config with { Channels = 16, Width = 32, Proposals = 12 };

    // No block is skipped: one that is gets no gradient.
    static EfficientNetConfig Narrow(EfficientNetConfig config) =>
        EfficientNetConfig.Scaled(0.25, 0.5, 0.2) with { OutputStride = config.OutputStride, StochasticDepth = 0 };

    static ResNetConfig Narrow(ResNetConfig config) => config with { Blocks = [1, 2, 2, 1], Widths = [32, 32, 48, 64], StemChannels = 8 };
}
