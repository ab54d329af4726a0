using Hwaso.Models.Attention;
using Hwaso.Models.Backbones;

namespace Hwaso.Models.Networks;

/// <summary>A segmentation network on an HRNet.</summary>
public abstract record HRNetSegmentationDefinition : SegmentationDefinition
{
    /// <summary>The body.</summary>
    public required HRNetConfig Config { get; init; }

    /// <inheritdoc/>
    public sealed override int InChannels
    {
        get => Config.InChannels;
        init => Config = Config with { InChannels = value };
    }

    /// <inheritdoc/>
    public sealed override SegmentationDefinition Deployed => this;
}

/// <summary>The sizes of HRNet, each alone and with every attention module, in one form.</summary>
static class HRNetFamily
{
    static readonly (string Size, HRNetConfig Config)[] sizes =
    [
        ("w18-small-v1", HRNetConfig.W18SmallV1),
        ("w18-small-v2", HRNetConfig.W18SmallV2),
        .. new[] { 18, 30, 32, 40, 44, 48, 64 }.Select(width => ($"w{width}", HRNetConfig.OfWidth(width))),
    ];

    /// <summary>The networks of one form.</summary>
    /// <param name="whole">The one whose stages a recipe gives.</param>
    /// <param name="published">Parameters that were published, by name.</param>
    /// <param name="form">The network of a size, as names have it, and a body.</param>
    public static NetworkFamily Of(
        ModelDefinition whole, IReadOnlyDictionary<string, long> published, Func<string, HRNetConfig, ModelDefinition> form) => new(
    [
        .. AttentionModule.InNames.Prepend<AttentionModule?>(null)
            .SelectMany(a => sizes.Select(s => Named(form(s.Size, s.Config with { Attention = a }), a, published))),
    ],
    whole);

    /// <summary>A body for networks whose stages a recipe gives.</summary>
    public static HRNetConfig Body => HRNetConfig.OfWidth(18);

    static ModelDefinition Named(ModelDefinition plain, AttentionModule? attention, IReadOnlyDictionary<string, long> published)
    {
        var named = attention is null ? plain : plain with
        {
            Name = $"{plain.Name}+{attention.Name}",
            Description = $"{plain.Description}, {attention.Name} in every BasicBlock",
        };
        return named with { PublishedParameters = published.TryGetValue(named.Name, out var count) ? count : null };
    }
}
