using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn;

/// <summary>
/// Keeps gradients within float16's range: the loss is multiplied before backward, gradients are divided after, a step whose gradients are
/// not finite is left out and the factor halved; it is doubled after many good steps. Micikevicius et al., ICLR 2018; numbers as in
/// PyTorch's <c>GradScaler</c>.
/// </summary>
/// <param name="scale">The factor to begin with, above 0.</param>
/// <param name="interval">Good steps in a row after which it is doubled, at least 1.</param>
public sealed class LossScaler(double scale = 65536, int interval = 2000)
{
    const double Growth = 2, Backoff = 0.5;

    // Powers of two cost no digit; beyond this float32 itself would overflow.
    const double Largest = 1L << 40;

    static readonly Operator multiply = new("aten::_foreach_mul_.Scalar"), lengths = new("aten::_foreach_norm.Scalar");

    /// <summary>The factor of the loss now.</summary>
    public double Scale { get; private set; } = scale;

    /// <summary>Good steps since it last changed.</summary>
    public int GoodSteps { get; private set; }

    /// <summary>Whether the factor is so small that it is not the scale that overflows, but the network.</summary>
    public bool IsExhausted => Scale < 1;

    /// <summary>The loss to go backward from.</summary>
    public Tensor Scaled(Tensor loss) => loss * Scale;

    /// <summary>
    /// Divides the gradients by the factor, and adapts it; false where one is not finite, and the step is to be left out.
    /// </summary>
    /// <param name="groups">The parameters; those without gradient have no part.</param>
    public bool Unscale(IEnumerable<ParameterGroup> groups)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        var gradients = groups.SelectMany(g => g.Parameters).Select(p => p.Value.Grad).OfType<Tensor>().ToArray();
        if (gradients.Length == 0)
            return true;
        Aten.Call(multiply, gradients, 1 / Scale);
        // One answer for all: each would be a wait for the device.
        var finite = Aten.All(Aten.Isfinite(Aten.Stack(Aten.Call(lengths, gradients, 2).AsTensors()))).Item() != 0;
        Adapt(finite);
        return finite;
    }

    /// <summary>Takes note of a step that was left out, or not.</summary>
    public void Adapt(bool finite)
    {
        if (!finite)
            (Scale, GoodSteps) = (Scale * Backoff, 0);
        else if (++GoodSteps == interval)
            (Scale, GoodSteps) = (Math.Min(Scale * Growth, Largest), 0);
    }

    /// <summary>Goes on where another one stood.</summary>
    public void Restore(double scale, int goodSteps) => (Scale, GoodSteps) = (scale, goodSteps);
}
