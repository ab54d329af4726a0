using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>
/// A pre-norm block of DINOv2: attention, then the token-wise network, each behind a norm and scaled before it is added. [N, T, D] to the
/// same.
/// </summary>
public sealed class TransformerBlock : Net
{
    const double Epsilon = 1e-6, Deviation = 0.02;

    readonly LayerNorm norm1, norm2;
    readonly SelfAttention attn;
    readonly LayerScale ls1, ls2;
    readonly Mlp mlp;

    /// <summary>Builds one.</summary>
    public TransformerBlock(Weights w, DinoConfig config) : base(w)
    {
        var d = config.Width;
        norm1 = new(w / "norm1", [d], Epsilon);
        attn = new(w / "attn", d, config.Heads, Deviation);
        ls1 = new(w / "ls1", d, config.InitialScale);
        norm2 = new(w / "norm2", [d], Epsilon);
        mlp = new(w / "mlp", d, config.MlpRatio * d, Deviation);
        ls2 = new(w / "ls2", d, config.InitialScale);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x)
    {
        x = x + x.Apply(norm1).Apply(attn).Apply(ls1);
        return x + x.Apply(norm2).Apply(mlp).Apply(ls2);
    }
}
