using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Models.Networks;
using Hwaso.Nn;

namespace Hwaso.Models.Families;

/// <summary>A dilated ResNet of any depth under an ASPP head.</summary>
public sealed record DeepLabV3Definition : SegmentationDefinition
{
    /// <summary>The backbone.</summary>
    public required ResNetConfig Config { get; init; }

    /// <summary>The head.</summary>
    public AsppConfig Aspp { get; init; } = new();

    /// <summary>The auxiliary head.</summary>
    public FcnConfig Fcn { get; init; } = new();

    /// <inheritdoc/>
    public override int PublishedClasses { get; init; } = 21;

    /// <inheritdoc/>
    public override SegmentationDefinition Deployed => this with { Fcn = Fcn with { Auxiliary = false } };

    /// <inheritdoc/>
    public override SegmentationNet Build(Weights w, int classes) => new DeepLabV3(w, Config, Aspp, Fcn, classes);
}
