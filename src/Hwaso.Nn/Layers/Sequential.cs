using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>Modules one after the other, named 0, 1, 2, … as PyTorch names them.</summary>
public sealed class Sequential : Net
{
    readonly Net[] parts;

    /// <summary>Builds each part at its numbered place.</summary>
    public Sequential(Weights w, params ReadOnlySpan<Func<Weights, Net>> parts) : base(w)
    {
        this.parts = new Net[parts.Length];
        for (var k = 0; k < parts.Length; k++)
            this.parts[k] = parts[k](w / k);
    }

    /// <summary>How many parts there are.</summary>
    public int Count => parts.Length;

    /// <summary>One part.</summary>
    public Net this[int index] => parts[index];

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x)
    {
        for (var k = 0; k < parts.Length; k++)
        {
            if (parts[k] is BatchNorm2d norm && k + 1 < parts.Length && parts[k + 1] is ReLU && norm.Fuses(x))
            {
                x = norm.CallFused(x, plus: null);
                k++;
            }
            else
                x = x.Apply(parts[k]);
        }
        return x;
    }
}
