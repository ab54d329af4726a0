using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>Images [N, 3, H, W] to feature maps, finest first, for a head to stand on.</summary>
public abstract class Backbone(Weights w) : Net<Tensor, Tensor[]>(w)
{
    /// <summary>Channels of each map.</summary>
    public abstract IReadOnlyList<int> Channels { get; }

    /// <summary>The maps at the end of each resolution, coarsest last: where decoders and heads take hold.</summary>
    public abstract IReadOnlyList<int> Ends { get; }

    /// <summary>Gives the weights the initial values that the network's authors begin with.</summary>
    public abstract void InitialiseAsPublished();
}
