using Hwaso.Models.Backbones;

namespace Hwaso.Models.Families;

/// <summary>The SANets by name: <c>sanet-resnet50</c>, <c>sanet-resnet101</c>, <c>sanet-efficientnet-b7</c>; all dilated to output stride 8.</summary>
public static class SANetFamily
{
    const int OutputStride = 8;

    /// <summary>Every definition.</summary>
    public static IReadOnlyList<ModelDefinition> All { get; } =
    [
        new SANetDefinition { Name = "sanet-resnet50", Description = "squeeze-and-attention network", ResNet = ResNetConfig.R50 with { OutputStride = OutputStride } },
        new SANetDefinition { Name = "sanet-resnet101", Description = "squeeze-and-attention network", ResNet = ResNetConfig.R101 with { OutputStride = OutputStride } },
        new SANetDefinition
        {
            Name = "sanet-efficientnet-b7",
            Description = "squeeze-and-attention network on EfficientNet",
            EfficientNet = EfficientNetConfig.B7 with { OutputStride = OutputStride },
        },
    ];
}
