using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Models.Networks;
using Hwaso.Nn;

namespace Hwaso.Models.Families;

/// <summary>A SANet on a ResNet or an EfficientNet; exactly one of the two is given.</summary>
public sealed record SANetDefinition : SegmentationDefinition
{
    /// <summary>The backbone, if it is a ResNet.</summary>
    public ResNetConfig? ResNet { get; init; }

    /// <summary>The backbone, if it is an EfficientNet.</summary>
    public EfficientNetConfig? EfficientNet { get; init; }

    /// <summary>The squeeze-and-attention heads.</summary>
    public SANetConfig SANet { get; init; } = new();

    /// <summary>The FCN head.</summary>
    public FcnConfig Fcn { get; init; } = new() { Auxiliary = false };

    /// <inheritdoc/>
    public override SegmentationDefinition Deployed => this;

    /// <inheritdoc/>
    public override SegmentationNet Build(Weights w, int classes) =>
        new SANet(w, p => EfficientNet is { } efficient ? new EfficientNet(p, efficient) : new ResNet(p, ResNet ?? throw new ArgumentException("a SANet without a backbone")), SANet, Fcn, classes);
}
