using Hwaso.Models.Backbones;

namespace Hwaso.Models.Families;

/// <summary>The U-Nets by name: <c>unet-resnet18</c> … <c>unet-resnet152</c>, <c>unet-resnet50-multidecoder</c>.</summary>
public static class UNetFamily
{
    static readonly (string Size, ResNetConfig Config)[] sizes =
        [("resnet18", ResNetConfig.R18), ("resnet34", ResNetConfig.R34), ("resnet50", ResNetConfig.R50), ("resnet101", ResNetConfig.R101), ("resnet152", ResNetConfig.R152)];

    // Of segmentation_models.pytorch at 21 classes; deployed, the one of several decoders is the plain one.
    const long OfResNet50 = 32_524_005;

    /// <summary>Every definition.</summary>
    public static IReadOnlyList<ModelDefinition> All { get; } =
    [
        .. sizes.Select(s => new UNetDefinition { Name = $"unet-{s.Size}", Description = "U-Net", Config = s.Config, PublishedSize = (512, 512), PublishedParameters = s.Size == "resnet50" ? OfResNet50 : null }),
        .. sizes.Where(s => s.Config.Bottlenecks).Select(s => new UNetDefinition
        {
            Name = $"unet-{s.Size}-multidecoder",
            Description = "U-Net with a depth decoder beside the semantic one, in training",
            Config = s.Config,
            DepthDecoder = true,
            PublishedSize = (512, 512),
            PublishedParameters = s.Size == "resnet50" ? OfResNet50 : null,
        }),
    ];
}
