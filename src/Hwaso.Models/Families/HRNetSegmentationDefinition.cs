using Hwaso.Models.Backbones;

namespace Hwaso.Models.Families;

/// <summary>A segmentation network on an HRNet.</summary>
public abstract record HRNetSegmentationDefinition : SegmentationDefinition
{
    /// <summary>The body.</summary>
    public required HRNetConfig Config { get; init; }

    /// <inheritdoc/>
    public sealed override SegmentationDefinition Deployed => this;
}
