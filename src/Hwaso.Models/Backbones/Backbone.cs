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

    /// <summary>The map of each layer, one behind the other.</summary>
    /// <exception cref="ArgumentException">Not images of that many channels.</exception>
    /// <exception cref="SmallImageException">A side is below the stride of the last layer.</exception>
    private protected Tensor[] Maps(Tensor x, IReadOnlyList<Net> layers, int running, int inChannels, int stride)
    {
        if (x.Dimensions != 4 || x.Size(1) != inChannels)
            throw new ArgumentException($"{(Weights / 0 / 0).Path}: {x} was given; images [N, {inChannels}, H, W] were wanted");
        if (x.Size(2) < stride || x.Size(3) < stride)
            throw new SmallImageException((Weights / (layers.Count - 1)).Path, x.Size(2), x.Size(3), "the last stage", stride);
        var maps = new Tensor[running];
        for (var k = 0; k < maps.Length; k++)
            maps[k] = x = x.Apply(layers[k]);
        return maps;
    }
}
