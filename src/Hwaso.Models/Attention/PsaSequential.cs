// Liu et al., "Polarized self-attention: towards high-quality pixel-wise regression", 2021; as the authors released it (PSA_s).
// Key names are the release's. There the two methods are named against their effect; here they are named for what they return.
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Attention;

/// <summary>Channel attention, then spatial attention on its result.</summary>
public sealed record PsaSequential : AttentionModule
{
    /// <summary>Which of its branches are there.</summary>
    public PsaBranches Branches { get; init; }

    /// <inheritdoc/>
    public override string Name => NameOf("psa-s", Branches);

    /// <inheritdoc/>
    public override Net Build(Weights w, int channels) => new PsaSequentialNet(w, channels, Half(w, channels), Branches);
}

/// <summary>pixels(channels(x)).</summary>
public sealed class PsaSequentialNet : Net
{
    readonly Conv2d? conv_q_right, conv_v_right, conv_q_left, conv_v_left;
    readonly Sequential? conv_up;

    internal PsaSequentialNet(Weights w, int channels, int half, PsaBranches branches) : base(w)
    {
        Branches = branches;
        if (branches != PsaBranches.Pixels)
        {
            var narrow = Math.Max(half / 4, 1);                     // rounded down, as released
            conv_q_right = new(w / "conv_q_right", channels, 1, kernel: 1);
            conv_v_right = new(w / "conv_v_right", channels, half, kernel: 1);
            conv_up = new(w / "conv_up",
                p => new Conv2d(p, half, narrow, kernel: 1, bias: true),
                p => new LayerNorm(p, [narrow, 1, 1]),
                p => new ReLU(p),
                p => new Conv2d(p, narrow, channels, kernel: 1, bias: true));
        }
        if (branches != PsaBranches.Channels)
        {
            conv_q_left = new(w / "conv_q_left", channels, half, kernel: 1);
            conv_v_left = new(w / "conv_v_left", channels, half, kernel: 1);
        }
        foreach (var conv in new[] { conv_q_right, conv_v_right, conv_q_left, conv_v_left }.OfType<Conv2d>())
            Init.KaimingNormal(conv.Weight, fanOut: false);
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
    public Tensor OverChannels(Tensor x)
    {
        var value = x.Apply(conv_v_right!).Flatten(2);                                   // [N, C/2, H·W]
        var query = x.Apply(conv_q_right!).Flatten(2).Softmax(2).Transpose(1, 2);        // [N, H·W, 1]
        var context = value.MatMul(query).Unsqueeze(3);                                 // [N, C/2, 1, 1]
        return x * context.Apply(conv_up!).Sigmoid();
    }

    /// <summary>The branch that weighs pixels, where it is there ("channel_pool" in the release): softmax over H·W of the value, then the product and sigmoid.</summary>
    public Tensor OverPixels(Tensor x)
    {
        var query = x.Apply(conv_q_left!).Mean([2, 3]).Unsqueeze(1);                     // [N, 1, C/2]
        var value = x.Apply(conv_v_left!).Flatten(2).Softmax(2);                         // [N, C/2, H·W]
        var mask = query.MatMul(value).Sigmoid();                                       // [N, 1, H·W]
        return x * mask.Reshape(x.Size(0), 1, x.Size(2), x.Size(3));
    }
}
