using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>
/// A transformer's token-wise network with a gate: w3(silu(a) · b), where a and b are the halves of w12(x). Shazeer, "GLU variants improve
/// transformer", 2020; names as in DINOv2 (<c>w12</c>, <c>w3</c>).
/// </summary>
public sealed class SwiGlu : Net
{
    readonly Linear w12, w3;
    readonly int hidden;

    /// <summary>From <paramref name="width"/> to twice <paramref name="hidden"/> and back.</summary>
    /// <param name="w">Its place.</param>
    /// <param name="width">D.</param>
    /// <param name="hidden">Width of each half.</param>
    /// <param name="deviation">That of the weights' first values (normal, biases 0); null for PyTorch's own.</param>
    /// <param name="wide">The first layer's name; timm's is <c>fc1</c>.</param>
    /// <param name="narrow">The second's; timm's is <c>fc2</c>.</param>
    public SwiGlu(
        Weights w, int width, int hidden, double? deviation = null, string wide = "w12", string narrow = "w3") : base(w)
    {
        w12 = new(w / wide, width, 2 * hidden, deviation: deviation);
        w3 = new(w / narrow, hidden, width, deviation: deviation);
        this.hidden = hidden;
    }

    /// <summary>The width of each half that has as many weights as an ungated network of a width: two thirds, rounded up.</summary>
    /// <param name="ungated">The width of the network without a gate, four times D as a rule.</param>
    /// <param name="multiple">Of which it is a multiple.</param>
    public static int HiddenFor(int ungated, int multiple = 8) => (int)(ungated * 2L / 3 + multiple - 1) / multiple * multiple;

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x)
    {
        var joint = x.Apply(w12);
        var last = joint.Dimensions - 1;
        return (Aten.Silu(joint.Narrow(last, 0, hidden)) * joint.Narrow(last, hidden, hidden)).Apply(w3);
    }
}
