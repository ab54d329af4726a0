using Hwaso.Models.Backbones;

namespace Hwaso.Models.Families;

/// <summary>The EfficientNets by name: <c>efficientnet-b0</c> … <c>efficientnet-b7</c>, and <c>efficientnet-b0-features</c> for the last feature map alone.</summary>
public static class EfficientNetFamily
{
    // Counts of torchvision's documentation, 1000 classes.
    static readonly (string Size, EfficientNetConfig Config, long Parameters)[] sizes =
    [
        ("b0", EfficientNetConfig.B0, 5_288_548),
        ("b1", EfficientNetConfig.B1, 7_794_184),
        ("b2", EfficientNetConfig.B2, 9_109_994),
        ("b3", EfficientNetConfig.B3, 12_233_232),
        ("b4", EfficientNetConfig.B4, 19_341_616),
        ("b5", EfficientNetConfig.B5, 30_389_784),
        ("b6", EfficientNetConfig.B6, 43_040_704),
        ("b7", EfficientNetConfig.B7, 66_347_960),
    ];

    /// <summary>Every definition.</summary>
    public static IReadOnlyList<ModelDefinition> All { get; } =
    [
        .. sizes.Select(s => new EfficientNetDefinition { Name = $"efficientnet-{s.Size}", Description = "EfficientNet for ImageNet", Config = s.Config, PublishedParameters = s.Parameters }),
        new EfficientNetDefinition
        {
            Name = "efficientnet-b0-features",
            Description = "EfficientNet's feature maps",
            Config = EfficientNetConfig.B0,
            FeaturesOnly = true,
            PublishedClasses = 0,
            PublishedParameters = 4_007_548,
        },
    ];
}
