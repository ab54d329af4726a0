using Hwaso.Models.Attention;
using Hwaso.Models.Backbones;

namespace Hwaso.Models.Families;

/// <summary>
/// The HRNet networks by name, of every width and with every attention module: <c>hrnetv2-w48</c>, <c>hrnetv2-w48-ocr</c>, <c>hrnet-w32-pose</c>, <c>hrnetv2p-w32</c>,
/// <c>hrnet-w48-cls</c>, <c>hrnetv2-w48+psa-spatial</c>, …
/// </summary>
public static class HRNetFamily
{
    static readonly (string Size, HRNetConfig Config)[] sizes =
    [
        ("w18-small-v1", HRNetConfig.W18SmallV1),
        ("w18-small-v2", HRNetConfig.W18SmallV2),
        .. new[] { 18, 30, 32, 40, 44, 48, 64 }.Select(width => ($"w{width}", HRNetConfig.OfWidth(width))),
    ];

    // Counts of the official implementations: 59 classes, with OCR 19; the paper behind psa-spatial prints 65.9 M and 69.0 M.
    static readonly Dictionary<string, long> published = new()
    {
        ["hrnetv2-w18-small-v1"] = 1_550_459,
        ["hrnetv2-w18-small-v2"] = 3_950_419,
        ["hrnetv2-w18"] = 9_651_959,
        ["hrnetv2-w32"] = 29_565_755,
        ["hrnetv2-w40"] = 45_918_475,
        ["hrnetv2-w48"] = 65_888_219,
        ["hrnetv2-w48+psa-spatial"] = 69_058_523,
        ["hrnetv2-w48+psa-s"] = 71_272_763,
        ["hrnetv2-w48+psa-p"] = 72_243_419,
        ["hrnetv2-w48-ocr"] = 70_372_678,
        ["hrnet-w32-pose"] = 28_536_113,
        ["hrnet-w48-pose"] = 63_595_745,
    };

    // The forms, each of a size and a body.
    static readonly Func<string, HRNetConfig, ModelDefinition>[] forms =
    [
        (size, config) => Named(new HRNetV2Definition { Name = $"hrnetv2-{size}", Description = "HRNetV2 for segmentation", Config = config }, config),
        (size, config) => Named(new HRNetOcrDefinition { Name = $"hrnetv2-{size}-ocr", Description = "HRNetV2 with object-contextual representations", Config = config with { AlignCorners = true }, PublishedSize = (512, 1024) }, config),
        (size, config) => Named(new HRNetPoseDefinition { Name = $"hrnet-{size}-pose", Description = "HRNetV1 for the keypoints of a person", Config = config }, config),
        (size, config) => Named(new HRNetPyramidDefinition { Name = $"hrnetv2p-{size}", Description = "HRNetV2p, the pyramid of features that detectors stand on", Config = config, PublishedSize = (800, 1344) }, config),
        (size, config) => Named(new HRNetClassifierDefinition { Name = $"hrnet-{size}-cls", Description = "HRNet for ImageNet", Config = config }, config),
    ];

    /// <summary>Every definition, the plain networks before those with attention.</summary>
    public static IReadOnlyList<ModelDefinition> All { get; } =
    [
        .. AttentionModule.Whole.Prepend<AttentionModule?>(null).SelectMany(a => forms.SelectMany(form => sizes.Select(s => form(s.Size, s.Config with { Attention = a })))),
    ];

    static ModelDefinition Named(ModelDefinition plain, HRNetConfig config)
    {
        var named = config.Attention is not { } attention ? plain : plain with
        {
            Name = $"{plain.Name}+{attention.Name}",
            Description = $"{plain.Description}, {attention.Name} in every BasicBlock",
        };
        return named with { PublishedParameters = published.TryGetValue(named.Name, out var count) ? count : null };
    }
}
