// Zhong et al., "Squeeze-and-attention networks for semantic segmentation", CVPR 2020:
// X_attn = Up(σ(F_attn(APool(X_in)))), X_out = X_attn · X_res + X_attn. There is no official code.
// What the text leaves open, and is chosen here:
// - both F_attn and the main convolutions are 3×3 to an inner width, batch norm, ReLU, 3×3 to the output channels, with bias;
// - APool is an average over squares of `pool` pixels, 2 by default; squares that reach over the edge average what they cover;
// - σ is the logistic function, before the upsampling; ReLU or nothing by setting;
// - Up is bilinear, without aligned corners.
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Attention;

/// <summary>
/// Attention that is not fully squeezed: features [N, C, h, w] to [N, K, h, w], grouped by an attention map of the same shape.
/// </summary>
public sealed class SqueezeAttention : Net<Tensor, SqueezeAttentionMaps>
{
    readonly Sequential main, attn;
    readonly int pool;
    readonly SqueezeActivation activation;

    /// <summary>Builds it.</summary>
    /// <param name="w">Its place.</param>
    /// <param name="cin">C.</param>
    /// <param name="inner">Channels between the two convolutions of each path.</param>
    /// <param name="cout">K.</param>
    /// <param name="pool">Side of the squares that are averaged.</param>
    /// <param name="activation">σ.</param>
    /// <param name="momentum">Batch norm's momentum.</param>
    /// <exception cref="ArgumentException">A number below 1.</exception>
    public SqueezeAttention(Weights w, int cin, int inner, int cout, int pool = 2, SqueezeActivation activation = SqueezeActivation.Sigmoid,
        double momentum = 0.1) : base(w)
    {
        if (pool < 1)
            throw new ArgumentException($"{w.Path}: pooling over {pool} pixels; at least 1 was wanted");
        (this.pool, this.activation) = (pool, activation);
        main = Convolutions(w / "main", cin, inner, cout, momentum);
        attn = Convolutions(w / "attn", cin, inner, cout, momentum);
    }

    /// <inheritdoc/>
    protected override SqueezeAttentionMaps Forward(Tensor x)
    {
        var result = x.Apply(main);                                                                             // [N, K, h, w]
        var squeezed = Aten.AvgPool2d(x, [pool, pool], [pool, pool], ceilMode: true).Apply(attn);               // [N, K, h/pool, w/pool]
        var attention = Activate(squeezed).ResizeBilinear(x.Size(2), x.Size(3));                                // [N, K, h, w]
        return new SqueezeAttentionMaps(attention * result + attention, attention, result, squeezed);
    }

    Tensor Activate(Tensor x) => activation switch
    {
        SqueezeActivation.Sigmoid => x.Sigmoid(),
        SqueezeActivation.Relu => x.Relu(),
        _ => x,
    };

    static Sequential Convolutions(Weights w, int cin, int inner, int cout, double momentum) => new(w,
        p => new Conv2d(p, cin, inner, kernel: 3),
        p => new BatchNorm2d(p, inner, momentum: momentum),
        p => new ReLU(p),
        p => new Conv2d(p, inner, cout, kernel: 3, bias: true));
}

/// <summary>What a squeeze-and-attention module sees: every map [N, K, h, w] but the squeezed one.</summary>
/// <param name="Output">Attention · main + attention.</param>
/// <param name="Attention">The upsampled attention.</param>
/// <param name="Main">The main convolutions' result.</param>
/// <param name="Squeezed">The attention at the pooled resolution before its activation, [N, K, h/pool, w/pool], rounded up.</param>
public sealed record SqueezeAttentionMaps(Tensor Output, Tensor Attention, Tensor Main, Tensor Squeezed) : ITensors
{
    /// <inheritdoc/>
    public IEnumerable<Tensor> All => [Output, Attention, Main, Squeezed];
}

/// <summary>What squeeze-and-attention's pooled maps pass before they are upsampled.</summary>
public enum SqueezeActivation
{
    /// <summary>The logistic function: attention from 0 to 1.</summary>
    Sigmoid,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>Nothing.</summary>
    None,
}
