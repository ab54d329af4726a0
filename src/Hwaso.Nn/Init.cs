using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn;

/// <summary>Initial values of parameters, after <c>torch.nn.init</c>, drawn from libtorch's generator.</summary>
public static class Init
{
    /// <summary>Every element the same.</summary>
    public static void Constant(Tensor tensor, double value) => Quietly(tensor, t => Aten.Fill_(t, value));

    /// <summary>Normal with mean 0.</summary>
    public static void Normal(Tensor tensor, double standardDeviation) => Quietly(tensor, t => Aten.Normal_(t, 0, standardDeviation));

    /// <summary>Normal with mean 0, cut off at −2 and 2 (the numbers, not deviations), as <c>trunc_normal_</c> draws it.</summary>
    public static void TruncatedNormal(Tensor tensor, double standardDeviation)
    {
        const double Cut = 2;
        // By the inverse of the distribution function, over the part of (-1, 1) that the cut leaves.
        Quietly(tensor, t =>
        {
            var bound = Aten.Call(Erf, Tensor.From([Cut / (standardDeviation * Math.Sqrt(2))])).AsTensor().Item();
            Aten.Uniform_(t, -bound, bound);
            Aten.Call(InverseErf, t);
            Aten.Mul_(t, standardDeviation * Math.Sqrt(2));
            Aten.Call(ClampInPlace, t, -Cut, Cut);
        });
    }

    /// <summary>Uniform between two bounds.</summary>
    public static void Uniform(Tensor tensor, double from, double to) => Quietly(tensor, t => Aten.Uniform_(t, from, to));

    /// <summary>Uniform of He et al., ICCV 2015, by fan-in: bound = √(6 / ((1 + a²) · fan_in)); PyTorch's layers use a = √5.</summary>
    public static void KaimingUniform(Tensor tensor, double a)
    {
        var bound = Math.Sqrt(6 / ((1 + a * a) * FanIn(tensor)));
        Uniform(tensor, -bound, bound);
    }

    /// <summary>Normal of He et al., ICCV 2015, for ReLU: deviation = √(2 / fan).</summary>
    /// <param name="tensor">A weight of two or more dimensions.</param>
    /// <param name="fanOut">Whether the fan is that of the outputs (keeps gradients' scale) or of the inputs (keeps activations').</param>
    public static void KaimingNormal(Tensor tensor, bool fanOut = true) =>
        Normal(tensor, Math.Sqrt(2.0 / (fanOut ? FanOut(tensor) : FanIn(tensor))));

    /// <summary>Uniform of Glorot and Bengio, AISTATS 2010: bound = √(6 / (fan_in + fan_out)).</summary>
    public static void XavierUniform(Tensor tensor)
    {
        var bound = Math.Sqrt(6.0 / (FanIn(tensor) + FanOut(tensor)));
        Uniform(tensor, -bound, bound);
    }

    /// <summary>Inputs that one output sums over.</summary>
    public static long FanIn(Tensor weight) => Fan(weight, 1);

    /// <summary>The number of outputs that one input contributes to.</summary>
    public static long FanOut(Tensor weight) => Fan(weight, 0);

    static readonly Operator Erf = new("aten::erf"), InverseErf = new("aten::erfinv_"), ClampInPlace = new("aten::clamp_");

    static long Fan(Tensor weight, int dimension)
    {
        var shape = weight.Shape;
        return shape.Length >= 2
            ? shape[dimension] * shape.Skip(2).Aggregate(1L, (a, b) => a * b)
            : throw new ArgumentException($"the fan of {weight} is not defined: two dimensions or more were wanted");
    }

    static void Quietly(Tensor tensor, Action<Tensor> write)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        write(tensor);
    }
}
