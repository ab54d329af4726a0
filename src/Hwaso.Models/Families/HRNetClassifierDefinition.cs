using Hwaso.Models.Backbones;
using Hwaso.Models.Networks;
using Hwaso.Nn;

namespace Hwaso.Models.Families;

/// <summary>An HRNet for ImageNet of any size.</summary>
public sealed record HRNetClassifierDefinition : ModelDefinition
{
    /// <summary>The body.</summary>
    public required HRNetConfig Config { get; init; }

    /// <inheritdoc/>
    public override ModelTask Task => ModelTask.Classification;

    /// <inheritdoc/>
    public override int PublishedClasses { get; init; } = HRNetClassifier.ImageNetClasses;

    /// <inheritdoc/>
    public override Net Build(Weights w, int classes) => new HRNetClassifier(w, Config, classes);
}
