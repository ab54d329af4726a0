namespace Hwaso.Models.Networks;

/// <summary>A U-Net's decoder; the default is segmentation_models.pytorch's.</summary>
public sealed record UNetConfig
{
    /// <summary>Channels of the five decoder blocks, coarsest first.</summary>
    public IReadOnlyList<int> Channels { get; init; } = [256, 128, 64, 32, 16];

    /// <summary>Channels of a depth decoder's five blocks; null for those of the semantic one.</summary>
    public IReadOnlyList<int>? DepthChannels { get; init; }
}
