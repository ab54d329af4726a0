// Liu et al., "Polarized self-attention: towards high-quality pixel-wise regression", 2021; as the authors released it (PSA_s).
// Key names are the release's. There the two methods are named against their effect; here they are named for what they return.
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Attention;

/// <summary>Channel attention, then spatial attention on its result.</summary>
public sealed record PsaSequential : AttentionModule
{
    /// <summary>Which of its branches are there.</summary>
    public PsaBranches Branches { get; init; }

    /// <inheritdoc/>
    public override string Name =>
        Branches switch { PsaBranches.Channels => "psa-s-channel", PsaBranches.Pixels => "psa-s-spatial", _ => "psa-s" };

    /// <inheritdoc/>
    public override Settings<AttentionModule> Settings => Common;

    /// <inheritdoc/>
    public override Net Build(Weights w, int channels) => new PsaSequentialNet(w, channels, Half(w, channels), Branches);
}

/// <summary>pixels(channels(x)).</summary>
public sealed class PsaSequentialNet : Net
{
    readonly PsaConvolutions convolutions;

    internal PsaSequentialNet(Weights w, int channels, int half, PsaBranches branches) : base(w)
    {
        Branches = branches;
        var narrow = Math.Max(half / 4, 1);                                     // rounded down, as released
        convolutions = new(w, channels, half, branches, up: place => new Sequential(place,
            p => new Conv2d(p, half, narrow, kernel: 1, bias: true),
            p => new LayerNorm(p, [narrow, 1, 1]),
            p => new ReLU(p),
            p => new Conv2d(p, narrow, channels, kernel: 1, bias: true)));
    }

    /// <summary>Which of its branches it has.</summary>
    public PsaBranches Branches { get; }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => Branches switch
    {
        PsaBranches.Channels => OverChannels(x),
        PsaBranches.Pixels => OverPixels(x),
        _ => OverPixels(OverChannels(x)),
    };

    /// <summary>The branch that weighs channels, where it is there ("spatial_pool" in the release).</summary>
    public Tensor OverChannels(Tensor x) => convolutions.OverChannels(x);

    /// <summary>
    /// The branch that weighs pixels, where it is there ("channel_pool" in the release): softmax over H·W of the value, then the product
    /// and sigmoid.
    /// </summary>
    public Tensor OverPixels(Tensor x) => convolutions.OverPixels(x, (query, value) => query.Times(value.Softmax(2)).Sigmoid());
}
