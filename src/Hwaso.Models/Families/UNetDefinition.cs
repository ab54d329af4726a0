using Hwaso.Models.Backbones;
using Hwaso.Models.Networks;
using Hwaso.Nn;

namespace Hwaso.Models.Families;

/// <summary>A U-Net on a ResNet of any depth, with the semantic decoder alone or a depth decoder beside it.</summary>
public sealed record UNetDefinition : SegmentationDefinition
{
    /// <summary>The encoder.</summary>
    public required ResNetConfig Config { get; init; }

    /// <summary>The decoder, or both.</summary>
    public UNetConfig UNet { get; init; } = new();

    /// <summary>Whether a depth decoder learns beside the semantic one.</summary>
    public bool DepthDecoder { get; init; }

    /// <inheritdoc/>
    public override int PublishedClasses { get; init; } = 21;

    /// <inheritdoc/>
    public override SegmentationDefinition Deployed => this with { DepthDecoder = false };

    /// <inheritdoc/>
    public override SegmentationNet Build(Weights w, int classes) =>
        DepthDecoder ? new UNetMultiDecoder(w, Config, UNet, classes) : new UNet(w, Config, UNet, classes);
}
