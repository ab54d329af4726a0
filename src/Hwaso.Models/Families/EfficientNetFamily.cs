using Hwaso.Models.Backbones;

namespace Hwaso.Models.Families;

/// <summary>The EfficientNets by name: <c>efficientnet-b0</c> … <c>efficientnet-b7</c>, and <c>efficientnet-b0-features</c> for the last feature map alone.</summary>
public static class EfficientNetFamily
{
    // Counts of torchvision's documentation, 1000 classes, and the sides of the images that they are trained on.
    static readonly (string Size, EfficientNetConfig Config, int SidePx, long Parameters)[] sizes =
    [
        ("b0", EfficientNetConfig.B0, 224, 5_288_548),
        ("b1", EfficientNetConfig.B1, 240, 7_794_184),
        ("b2", EfficientNetConfig.B2, 260, 9_109_994),
        ("b3", EfficientNetConfig.B3, 300, 12_233_232),
        ("b4", EfficientNetConfig.B4, 380, 19_341_616),
        ("b5", EfficientNetConfig.B5, 456, 30_389_784),
        ("b6", EfficientNetConfig.B6, 528, 43_040_704),
        ("b7", EfficientNetConfig.B7, 600, 66_347_960),
    ];

    /// <summary>Every definition.</summary>
    public static IReadOnlyList<ModelDefinition> All { get; } =
    [
        .. sizes.Select(s => new EfficientNetDefinition { Name = $"efficientnet-{s.Size}", Description = "EfficientNet for ImageNet", Config = s.Config, PublishedSize = (s.SidePx, s.SidePx), PublishedParameters = s.Parameters }),
        new EfficientNetDefinition
        {
            Name = "efficientnet-b0-features",
            Description = "EfficientNet's feature maps",
            Config = EfficientNetConfig.B0,
            FeaturesOnly = true,
            PublishedSize = (224, 224),
            PublishedClasses = 0,
            PublishedParameters = 4_007_548,
        },
    ];
}
