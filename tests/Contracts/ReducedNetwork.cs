using Hwaso.Models;
using Hwaso.Models.Backbones;
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

    /// <summary>Where even the smallest size takes seconds: the same structure, narrower.</summary>
    public static ModelDefinition Of(ModelDefinition definition) => definition switch
    {
        DinoDefinition dino => dino with { Config = dino.Config with { Width = 96, Depth = 4, Heads = 6, ImagePx = 70 } },
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
        SANetDefinition { ResNet: { } resnet } sanet => sanet with { ResNet = Narrow(resnet) },
        SANetDefinition { EfficientNet: { } efficient } sanet => sanet with { EfficientNet = Narrow(efficient) },
        // A block that is skipped gets no gradient.
        SegFormerDefinition segformer => segformer with
        {
            Config = segformer.Config with { Depths = [1, 1, 1, 1], Widths = [16, 16, 20, 32], DropPath = 0 },
            Head = segformer.Head with { Channels = 16 },
        },
        _ => definition,
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
