using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Tests;

/// <summary>
/// What autograd says of a function against central differences in float64: the variables are nudged in place, so that anything the
/// function
/// reads may be one of them, a network's weights included.
/// </summary>
static class NumericalGradient
{
    /// <summary>Fails where a gradient differs by more than <paramref name="tolerance"/> times the largest one of all variables.</summary>
    /// <param name="function">Computes a tensor of any shape from the variables; run four times for every number that is nudged.</param>
    /// <param name="variables">float64, contiguous, with a name for the message; followed from here on.</param>
    /// <param name="step">
    /// A central difference is off by step²·f‴/6 and by 1e-16·|f|/step: at 1e-6 both are below 1e-9 for values near 1. A tenth of it is
    /// tried too;
    /// keep variables farther than that from kinks (ReLU at 0, sampling at whole pixels).
    /// </param>
    /// <param name="tolerance">1e-7 leaves two digits above that error.</param>
    /// <param name="most">So many numbers of each variable are nudged at most, evenly spread.</param>
    public static void Check(Func<Tensor> function, (string Name, Tensor Value)[] variables, double step = 1e-6, double tolerance = 1e-7,
        int most = 64)
    {
        using var scope = new Scope();
        foreach (var (name, value) in variables)
        {
            Assert.True(value.Type == ScalarType.Float64 && value.IsContiguous, $"{name} is {value}: contiguous float64 was wanted");
            value.RequiresGrad = true;
        }
        var output = function();
        Assert.Equal(ScalarType.Float64, output.Type);
        // Different for every element, so that errors that cancel in a plain sum do not.
        var weights = Tensor.From(Enumerable.Range(0, (int)output.Elements).Select(k => Math.Cos(k + 1.0)).ToArray(), [output.Elements]);
        var gradients = Gradients.Of((output.Flatten(0) * weights).Sum(), [.. variables.Select(v => v.Value)]);

        double Sum()
        {
            using var inner = new Scope();
            using var off = new NoGrad();
            return (function().Flatten(0) * weights).Sum().Item();
        }

        double Difference(Tensor value, int k, double h)
        {
            var was = value.Span<double>()[k];
            value.Span<double>()[k] = was + h;
            var above = Sum();
            value.Span<double>()[k] = was - h;
            var below = Sum();
            value.Span<double>()[k] = was;
            return (above - below) / (2 * h);
        }

        var pairs = new List<(string Where, double Difference, double Gradient)>();
        foreach (var ((name, value), gradient) in variables.Zip(gradients))
        {
            Assert.Equal(value.Shape, gradient.Shape);
            var analytic = gradient.ToArray<double>();
            var every = Math.Max(1, (analytic.Length + most - 1) / most);
            for (var k = 0; k < analytic.Length; k += every)
            {
                var difference = Difference(value, k, step);
                // A kink between the two points is told from a wrong gradient by going closer.
                var closer = Difference(value, k, step / 10);
                pairs.Add(($"{name}[{k}]", Math.Abs(closer - analytic[k]) < Math.Abs(difference - analytic[k]) ? closer : difference,
                    analytic[k]));
            }
        }
        var largest = pairs.Max(p => Math.Abs(p.Difference));
        Assert.True(largest > 0, "nothing that was nudged changes the output");
        foreach (var (where, difference, gradient) in pairs)
            Assert.True(Math.Abs(difference - gradient) <= tolerance * largest,
                $"{where}: autograd gives {gradient:g10}, differences {difference:g10}; the largest is {largest:g4}");
    }
}
