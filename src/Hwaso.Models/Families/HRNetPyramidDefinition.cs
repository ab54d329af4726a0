using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Models.Networks;
using Hwaso.Nn;

namespace Hwaso.Models.Families;

/// <summary>An HRNetV2p of any size: what a detector's heads look at.</summary>
public sealed record HRNetPyramidDefinition : ModelDefinition
{
    /// <summary>The body.</summary>
    public required HRNetConfig Config { get; init; }

    /// <summary>Channels of every level.</summary>
    public int Channels { get; init; } = FeaturePyramid.ReleasedChannels;

    /// <inheritdoc/>
    public override ModelTask Task => ModelTask.Features;

    /// <inheritdoc/>
    public override int PublishedClasses { get; init; }

    /// <inheritdoc/>
    public override Net Build(Weights w, int classes) => new HRNetV2pLevels(w, Config, Channels);
}
