using Hwaso.Models.Networks;
using Hwaso.Nn;

namespace Hwaso.Models;

/// <summary>A segmentation network that can be built.</summary>
public abstract record SegmentationDefinition : ModelDefinition
{
    /// <inheritdoc/>
    public override ModelTask Task => ModelTask.Segmentation;

    /// <inheritdoc/>
    public override int PublishedClasses { get; init; } = 59;

    /// <summary>The same without what only training uses: what predicts, is exported and is counted. Same class, same answers.</summary>
    public abstract SegmentationDefinition Deployed { get; }

    /// <inheritdoc/>
    public abstract override SegmentationNet Build(Weights w, int classes);
}
