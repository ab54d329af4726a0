// Liu et al., "Polarized self-attention: towards high-quality pixel-wise regression", 2021; as the authors released it (PSA_p).
// Key names are the release's. There the two methods are named against their effect; here they are named for what they return.
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Attention;

/// <summary>Channel attention and spatial attention side by side, summed.</summary>
public sealed record PsaParallel : AttentionModule
{
    /// <summary>Which of its branches are there.</summary>
    public PsaBranches Branches { get; init; }

    /// <inheritdoc/>
    public override string Name =>
        Branches switch { PsaBranches.Channels => "psa-p-channel", PsaBranches.Pixels => "psa-p-spatial", _ => "psa-p" };

    /// <inheritdoc/>
    public override Settings<AttentionModule> Settings => Common;

    /// <inheritdoc/>
    public override Net Build(Weights w, int channels) => new PsaParallelNet(w, channels, Half(w, channels), Branches);
}

/// <summary>x · channels(x) + x · pixels(x).</summary>
public sealed class PsaParallelNet : Net
{
    readonly PsaConvolutions convolutions;

    internal PsaParallelNet(Weights w, int channels, int half, PsaBranches branches) : base(w)
    {
        Branches = branches;
        convolutions = new(w, channels, half, branches, up: p => new Conv2d(p, half, channels, kernel: 1));
    }

    /// <summary>Which of its branches it has.</summary>
    public PsaBranches Branches { get; }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => Branches switch
    {
        PsaBranches.Channels => OverChannels(x),
        PsaBranches.Pixels => OverPixels(x),
        _ => OverChannels(x) + OverPixels(x),
    };

    /// <summary>The branch that weighs channels, where it is there ("spatial_pool" in the release).</summary>
    public Tensor OverChannels(Tensor x) => convolutions.OverChannels(x);

    /// <summary>
    /// The branch that weighs pixels, where it is there ("channel_pool" in the release): softmax over H·W of the finished map, then
    /// sigmoid.
    /// </summary>
    public Tensor OverPixels(Tensor x) => convolutions.OverPixels(x, (query, value) => query.Times(value).Softmax(2).Sigmoid());
}
