using Hwaso.Models.Attention;
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;

namespace Hwaso.Models.Families;

/// <summary>
/// The networks on ResNets by name: <c>resnet18</c> … <c>resnet152</c>, <c>fcn-resnet50</c> and with every attention module, <c>deeplabv3-resnet50</c>;
/// <c>encoding-fcn-resnet50</c> and <c>encoding-fcn-resnet50s</c> (deep stem) have PyTorch-Encoding's names.
/// </summary>
public static class ResNetFamily
{
    static readonly (string Size, ResNetConfig Config)[] sizes =
    [
        ("resnet18", ResNetConfig.R18),
        ("resnet34", ResNetConfig.R34),
        ("resnet50", ResNetConfig.R50),
        ("resnet101", ResNetConfig.R101),
        ("resnet152", ResNetConfig.R152),
    ];

    // Counts of torchvision's: 1000 classes; FCN 59 classes without its auxiliary head.
    static readonly Dictionary<string, long> published = new()
    {
        ["resnet18"] = 11_689_512,
        ["resnet34"] = 21_797_672,
        ["resnet50"] = 25_557_032,
        ["resnet101"] = 44_549_160,
        ["resnet152"] = 60_192_808,
        ["fcn-resnet50"] = 32_976_507,
        ["fcn-resnet101"] = 51_968_635,
    };

    static readonly FcnConfig encoding = new() { Names = FcnNames.Encoding, AlignCorners = true };

    // Those that were published; the others, and other places for attention, are a recipe away.
    static readonly (string Size, ResNetConfig Config)[] dilated = [("resnet50", Dilated(ResNetConfig.R50)), ("resnet101", Dilated(ResNetConfig.R101))];

    // The crops that the dilated networks are trained on.
    static readonly (int, int) cropped = (512, 512);

    /// <summary>Every definition, the plain networks before those with attention.</summary>
    public static IReadOnlyList<ModelDefinition> All { get; } =
    [
        .. sizes.Select(s => Named(new ResNetClassifierDefinition { Name = s.Size, Description = "ResNet for ImageNet", Config = s.Config }, null)),
        .. AttentionModule.Whole.Prepend<AttentionModule?>(null).SelectMany(a => dilated.Select(s =>
            Named(new FcnDefinition { Name = $"fcn-{s.Size}", PublishedSize = cropped, Description = "dilated FCN", Config = s.Config with { Attention = a } }, a))),
        .. dilated.Select(s => Named(new DeepLabV3Definition { Name = $"deeplabv3-{s.Size}", PublishedSize = cropped, Description = "DeepLabV3", Config = s.Config }, null)),
        .. dilated.Select(s => Named(new FcnDefinition { Name = $"encoding-fcn-{s.Size}", PublishedSize = cropped, Description = "dilated FCN with PyTorch-Encoding's names", Config = s.Config, Fcn = encoding }, null)),
        .. dilated.Select(s => Named(new FcnDefinition { Name = $"encoding-fcn-{s.Size}s", PublishedSize = cropped, Description = "dilated FCN with PyTorch-Encoding's names and deep stem", Config = s.Config with { DeepStem = true }, Fcn = encoding }, null)),
    ];

    static ResNetConfig Dilated(ResNetConfig config) => config with { OutputStride = 8 };

    static ModelDefinition Named(ModelDefinition plain, AttentionModule? attention)
    {
        var named = attention is null ? plain : plain with
        {
            Name = $"{plain.Name}+{attention.Name}",
            Description = $"{plain.Description}, {attention.Name} in every block",
        };
        return named with { PublishedParameters = published.TryGetValue(named.Name, out var count) ? count : null };
    }
}
