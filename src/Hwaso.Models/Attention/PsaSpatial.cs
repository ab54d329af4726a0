// The spatial branch of Liu et al., "Polarized self-attention: towards high-quality pixel-wise regression", 2021, alone.
// As in the paper's formula: softmax over the channels of the pooled query. The authors' release differs (PsaParallel, PsaSequential):
// it has no softmax on the query but one over H·W, which leaves the mask near one half everywhere at high resolution.
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Attention;

/// <summary>x · sigmoid(softmax(GAP(Wq x)) · Wv x), without the channel branch.</summary>
public sealed record PsaSpatial : AttentionModule
{
    /// <inheritdoc/>
    public override string Name => "psa-spatial";

    /// <inheritdoc/>
    public override Settings<AttentionModule> Settings => Common;

    /// <inheritdoc/>
    public override Net Build(Weights w, int channels) => new PsaSpatialNet(w, channels, Half(w, channels));
}

/// <summary>One mask value a pixel, from the channels that the whole image asks for.</summary>
public sealed class PsaSpatialNet : Net
{
    readonly Conv2d q, v;

    internal PsaSpatialNet(Weights w, int channels, int half) : base(w)
    {
        q = new(w / "q", channels, half, kernel: 1);
        v = new(w / "v", channels, half, kernel: 1);
        Init.KaimingNormal(q.Weight, fanOut: false);
        Init.KaimingNormal(v.Weight, fanOut: false);
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
