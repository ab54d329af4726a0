using Hwaso.Models.Backbones;
using Hwaso.Models.Networks;
using Hwaso.Nn;

namespace Hwaso.Models.Families;

/// <summary>A ResNet for ImageNet of any depth.</summary>
public sealed record ResNetClassifierDefinition : ModelDefinition
{
    /// <summary>The backbone.</summary>
    public required ResNetConfig Config { get; init; }

    /// <inheritdoc/>
    public override ModelTask Task => ModelTask.Classification;

    /// <inheritdoc/>
    public override int PublishedClasses { get; init; } = ResNetClassifier.ImageNetClasses;

    /// <inheritdoc/>
    public override Net Build(Weights w, int classes) => new ResNetClassifier(w, Config, classes);
}
