using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Models.Networks;
using Hwaso.Nn;

namespace Hwaso.Models.Families;

/// <summary>A dilated ResNet of any depth under an FCN head.</summary>
public sealed record FcnDefinition : SegmentationDefinition
{
    /// <summary>The backbone.</summary>
    public required ResNetConfig Config { get; init; }

    /// <summary>The heads.</summary>
    public FcnConfig Fcn { get; init; } = new();

    /// <inheritdoc/>
    public override SegmentationDefinition Deployed => this with { Fcn = Fcn with { Auxiliary = false } };

    /// <inheritdoc/>
    public override SegmentationNet Build(Weights w, int classes) => new FcnResNet(w, Config, Fcn, classes);
}
