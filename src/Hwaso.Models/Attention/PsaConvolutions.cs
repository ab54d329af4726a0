using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Attention;

/// <summary>Which branches of a released polarized self-attention are there.</summary>
public enum PsaBranches
{
    /// <summary>Both, as released.</summary>
    Both,

    /// <summary>The one that weighs channels alone.</summary>
    Channels,

    /// <summary>The one that weighs pixels alone.</summary>
    Pixels,
}

/// <summary>
/// The convolutions that both released forms of polarized self-attention have, under the release's names, and the parts of the branches in
/// which they agree. They stand directly at the module's place and are no module themselves.
/// </summary>
sealed class PsaConvolutions
{
    readonly Conv2d? conv_q_right, conv_v_right, conv_q_left, conv_v_left;
    readonly Net? conv_up;

    /// <summary>Builds them in the release's order, which decides the initial values.</summary>
    /// <param name="w">The module's place.</param>
    /// <param name="channels">C.</param>
    /// <param name="half">C/2.</param>
    /// <param name="branches">Which of them are there.</param>
    /// <param name="up">Builds the way from C/2 back to C channels, at its place.</param>
    public PsaConvolutions(Weights w, int channels, int half, PsaBranches branches, Func<Weights, Net> up)
    {
        if (branches != PsaBranches.Pixels)
        {
            conv_q_right = new(w / "conv_q_right", channels, 1, kernel: 1);
            conv_v_right = new(w / "conv_v_right", channels, half, kernel: 1);
            conv_up = up(w / "conv_up");
        }
        if (branches != PsaBranches.Channels)
        {
            conv_q_left = new(w / "conv_q_left", channels, half, kernel: 1);
            conv_v_left = new(w / "conv_v_left", channels, half, kernel: 1);
        }
        foreach (var conv in new[] { conv_q_right, conv_v_right, conv_q_left, conv_v_left }.OfType<Conv2d>())
            Init.KaimingNormal(conv.Weight, fanOut: false);
    }

    /// <summary>The branch that weighs channels ("spatial_pool" in the release): x times one weight a channel.</summary>
    public Tensor OverChannels(Tensor x)
    {
        var value = x.Apply(conv_v_right!).Flatten(2);                                   // [N, C/2, H·W]
        var query = x.Apply(conv_q_right!).Flatten(2).Softmax(2).Transpose(1, 2);        // [N, H·W, 1]
        var context = value.Times(query).Unsqueeze(3);                                 // [N, C/2, 1, 1]
        return x * context.Apply(conv_up!).Sigmoid();
    }

    /// <summary>The branch that weighs pixels ("channel_pool" in the release): x times one weight a pixel.</summary>
    /// <param name="x">[N, C, H, W].</param>
    /// <param name="mask">Makes the mask [N, 1, H·W] of the query [N, 1, C/2] and the value [N, C/2, H·W]: here the two forms
    /// differ.</param>
    public Tensor OverPixels(Tensor x, Func<Tensor, Tensor, Tensor> mask)
    {
        var query = x.Apply(conv_q_left!).Mean([2, 3]).Unsqueeze(1);
        var value = x.Apply(conv_v_left!).Flatten(2);
        return x * mask(query, value).Reshape(x.Size(0), 1, x.Size(2), x.Size(3));
    }
}
