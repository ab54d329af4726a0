using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn;

/// <summary>Keeps steps short where a gradient is long: <c>torch.nn.utils.clip_grad_norm_</c> (Pascanu et al., ICML 2013).</summary>
public static class GradientClipping
{
    // PyTorch's, so that the numbers are the same.
    const double Epsilon = 1e-6;

    /// <summary>Scales all gradients alike where their common length is above a limit, and returns the length that they had.</summary>
    /// <param name="groups">The parameters; those without gradient have no part.</param>
    /// <param name="limit">The greatest length, above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A limit that is not above 0.</exception>
    public static double Clip(IEnumerable<ParameterGroup> groups, double limit)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        using var scope = new Scope();
        using var off = new NoGrad();
        var gradients = groups.SelectMany(g => g.Parameters).Select(p => p.Value.Grad).OfType<Tensor>().ToArray();
        if (gradients.Length == 0)
            return 0;
        var lengths = Aten.Call(Lengths, gradients, 2).AsTensors();
        var length = Aten.Call(Length, Aten.Stack(lengths)).AsTensor().Item();
        var factor = limit / (length + Epsilon);
        // A length that is not finite scales nothing: the weights must show it.
        if (factor < 1 && double.IsFinite(length))
            Aten.Call(Scale, gradients, factor);
        return length;
    }

    static readonly Operator Lengths = new("aten::_foreach_norm.Scalar"), Length = new("aten::norm.Scalar"),
        Scale = new("aten::_foreach_mul_.Scalar");
}
