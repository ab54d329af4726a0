using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>A transformer's token-wise network: wider, GELU, back. Names as in timm and DINOv2 (<c>fc1</c>, <c>fc2</c>).</summary>
public sealed class Mlp : Net
{
    readonly Linear fc1, fc2;
    readonly GELU act;

    /// <summary>From <paramref name="width"/> to <paramref name="hidden"/> and back.</summary>
    /// <param name="w">Its place.</param>
    /// <param name="width">D.</param>
    /// <param name="hidden">Width between; four times D as a rule.</param>
    /// <param name="deviation">That of the weights' first values (normal, biases 0); null for PyTorch's own.</param>
    public Mlp(Weights w, int width, int hidden, double? deviation = null) : base(w)
    {
        fc1 = new(w / "fc1", width, hidden, deviation: deviation);
        act = new(w / "act");
        fc2 = new(w / "fc2", hidden, width, deviation: deviation);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => x.Apply(fc1).Apply(act).Apply(fc2);
}
