// Attention from deformable convolution: one feature is key, query and value; query and value each pass a deformable convolution (Dai et
// al., "Deformable convolutional networks", ICCV 2017), the pooled query chooses among the value's channels, and the resulting map weighs
// the key. The design has no released code. It leaves open, and here is: the query is pooled by its mean, its softmax goes over channels;
// query and value predict offsets of their own; the deformable convolutions have no bias.
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Attention;

/// <summary>x · sigmoid(softmax(GAP(Q x)) · V x), where Q and V are deformable convolutions, C to C/2.</summary>
public sealed record DeformableAttention : AttentionModule
{
    static readonly Settings<AttentionModule> settings =
        Common.Include(m => (DeformableAttention)m, (_, m) => m, new Settings<DeformableAttention>()
        .Int("kernel", m => m.Kernel, (m, v) => m with { Kernel = v }, 1, "kernel of `dca`'s deformable convolutions; 3", odd: true)
        .Flag("modulation", m => m.Modulation, (m, v) => m with { Modulation = v }, "whether `dca` weighs each sample; false"));

    /// <summary>Side of the deformable convolutions' kernel, odd.</summary>
    public int Kernel { get; init; } = 3;

    /// <summary>Whether each sample is also weighed (Zhu et al., "Deformable ConvNets v2", CVPR 2019).</summary>
    public bool Modulation { get; init; }

    /// <inheritdoc/>
    public override string Name => "dca";

    /// <inheritdoc/>
    public override Settings<AttentionModule> Settings => settings;

    /// <inheritdoc/>
    public override Net Build(Weights w, int channels) => Kernel >= 1 && Kernel % 2 == 1
        ? new DeformableAttentionNet(w, channels, Half(w, channels), Kernel, Modulation)
        : throw new ArgumentException($"{w.Path}: a kernel of {Kernel} does not keep the size of the map; 1 or 3 would fit");
}

/// <summary>One mask value a pixel, from where the offsets look.</summary>
public sealed class DeformableAttentionNet : Net
{
    readonly DeformConv2d q, v;

    internal DeformableAttentionNet(Weights w, int channels, int half, int kernel, bool modulation) : base(w)
    {
        q = new(w / "q", channels, half, kernel, modulated: modulation);
        v = new(w / "v", channels, half, kernel, modulated: modulation);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x)
    {
        var query = x.Apply(q).Mean([2, 3]).Softmax(1).Unsqueeze(1);            // [N, 1, C/2]
        var value = x.Apply(v).Flatten(2);                                      // [N, C/2, H·W]
        var mask = query.Times(value).Sigmoid();                               // [N, 1, H·W]
        return x * mask.Reshape(x.Size(0), 1, x.Size(2), x.Size(3));
    }
}
