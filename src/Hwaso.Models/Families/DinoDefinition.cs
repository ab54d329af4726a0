using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Models.Networks;
using Hwaso.Nn;

namespace Hwaso.Models.Families;

/// <summary>A DINOv2 of any size, alone or with a depth head.</summary>
public sealed record DinoDefinition : ModelDefinition
{
    /// <summary>The transformer.</summary>
    public required DinoConfig Config { get; init; }

    /// <summary>What makes it a depth network; null for the transformer alone.</summary>
    public DepthHead? Head { get; init; }

    /// <inheritdoc/>
    public override ModelTask Task => Head is null ? ModelTask.Features : ModelTask.Depth;

    /// <inheritdoc/>
    public override int PublishedClasses { get; init; }

    /// <inheritdoc/>
    public override Net Build(Weights w, int classes) => Head is null ? new DinoVisionTransformer(w, Config) : new DinoDepth(w, Config, Head);
}
