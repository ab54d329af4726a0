using Hwaso.Models.Attention;

namespace Hwaso.Models.Networks;

/// <summary>What the paper's text leaves open of a SANet's heads; the defaults are our reading of it.</summary>
public sealed record SANetConfig
{
    /// <summary>Channels inside each head; null for a quarter of its stage's, as in the FCN head.</summary>
    public int? Channels { get; init; }

    /// <summary>Side of the squares of pixels that the attention path averages.</summary>
    public int Pool { get; init; } = 2;

    /// <summary>What the attention passes before it is upsampled.</summary>
    public SqueezeActivation Activation { get; init; } = SqueezeActivation.Sigmoid;

    /// <summary>How the categorical output is squeezed from the heads' attention.</summary>
    public PresencePooling Presence { get; init; } = PresencePooling.Mean;

    /// <summary>Momentum of the batch norms in the heads.</summary>
    public double Momentum { get; init; } = 0.1;
}
