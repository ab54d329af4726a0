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

    /// <inheritdoc/>
    public abstract override SegmentationNet Build(Weights w, int classes);
}
