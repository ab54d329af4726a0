using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>
/// A pre-norm block of DINOv2: attention, then the token-wise network, each behind a norm and scaled before it is added. Tokens
/// [N, T, D], and where some must not see others a bias [N or 1, 1, T, T], to [N, T, D].
/// </summary>
public sealed class TransformerBlock : Net<Tensor[], Tensor>
{
    const double Epsilon = 1e-6, Deviation = 0.02;

    readonly LayerNorm norm1, norm2;
    readonly SelfAttention attn;
    readonly LayerScale ls1, ls2;
    readonly Net mlp;

    /// <summary>Builds one.</summary>
    /// <param name="w">Its place.</param>
    /// <param name="config">The transformer.</param>
    /// <param name="timm">Whether a gated token-wise network has timm's names, which are those of one without a gate.</param>
    public TransformerBlock(Weights w, DinoConfig config, bool timm = false) : base(w)
    {
        var d = config.Width;
        norm1 = new(w / "norm1", [d], Epsilon);
        attn = new(w / "attn", d, config.Heads, Deviation);
        ls1 = new(w / "ls1", d, config.InitialScale);
        norm2 = new(w / "norm2", [d], Epsilon);
        var hidden = config.MlpRatio * d;
        var (wide, narrow) = timm ? ("fc1", "fc2") : ("w12", "w3");
        mlp = config.Gated
            ? new SwiGlu(w / "mlp", d, SwiGlu.HiddenFor(hidden), Deviation, wide, narrow)
            : new Mlp(w / "mlp", d, hidden, Deviation);
        ls2 = new(w / "ls2", d, config.InitialScale);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor[] tokensAndBias)
    {
        var x = tokensAndBias[0];
        Tensor[] input = [x.Apply(norm1), .. tokensAndBias[1..]];
        x = x + input.Apply(attn).Apply(ls1);
        return x + x.Apply(norm2).Apply(mlp).Apply(ls2);
    }
}
