using Hwaso.Models.Backbones;
using Hwaso.Models.Networks;
using Hwaso.Nn;

namespace Hwaso.Models.Families;

/// <summary>An EfficientNet of any size: the classifier, or its feature maps alone.</summary>
public sealed record EfficientNetDefinition : ModelDefinition
{
    /// <summary>The body.</summary>
    public required EfficientNetConfig Config { get; init; }

    /// <summary>Whether the classifier is left out.</summary>
    public bool FeaturesOnly { get; init; }

    /// <inheritdoc/>
    public override ModelTask Task => FeaturesOnly ? ModelTask.Features : ModelTask.Classification;

    /// <inheritdoc/>
    public override int PublishedClasses { get; init; } = ResNetClassifier.ImageNetClasses;

    /// <inheritdoc/>
    public override Net Build(Weights w, int classes) => FeaturesOnly ? new EfficientNetFeatures(w, Config) : new EfficientNetClassifier(w, Config, classes);
}
