using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn.Tests;

/// <summary>Compares a kernel of ours, and its gradients, with libtorch's kernels in float32 and in float64.</summary>
static class OwnKernelErrors
{
    /// <summary>The result of an operator, and the gradients of its tensors.</summary>
    /// <param name="operation">The operator.</param>
    /// <param name="tensors">Its tensors.</param>
    /// <param name="gradient">That of the result; null where that is one number.</param>
    /// <param name="type">What it computes in.</param>
    public static Tensor[] All(Func<Tensor[], Tensor> operation, Tensor[] tensors, Tensor? gradient, ScalarType type)
    {
        Tensor[] given = [.. tensors.Select(t => t.Detach().To(type).Clone())];
        foreach (var tensor in given)
            tensor.RequiresGrad = true;
        var output = operation(given);
        return [output, .. Gradients.Of(output, given, gradient?.To(type))];
    }

    /// <summary>Errors of the result and of each gradient are at most twice those of libtorch.</summary>
    /// <param name="own">The kernel of ours.</param>
    /// <param name="libtorchs">The same by libtorch.</param>
    /// <param name="tensors">Its tensors.</param>
    /// <param name="gradient">That of the result; null where that is one number.</param>
    /// <param name="text">What is compared.</param>
    /// <param name="terms">The largest terms of the sums that result and gradients are, where sums cancel; null for none.</param>
    public static void AreAtMostTwiceLibtorchs(Func<Tensor[], Tensor> own, Func<Tensor[], Tensor> libtorchs, Tensor[] tensors,
        Tensor? gradient, string text, double[]? terms = null)
    {
        Tensor[] ours = All(own, tensors, gradient, ScalarType.Float32), theirs = All(libtorchs, tensors, gradient, ScalarType.Float32),
            exact = All(libtorchs, tensors, gradient, ScalarType.Float64);
        for (var k = 0; k < exact.Length; k++)
        {
            // A number or a sum may be exact there by luck: two roundings of the largest number or term are allowed besides.
            var rounding = 2 * 6e-8 * Math.Max(Aten.Max(Aten.Abs(exact[k].Detach())).Item(), terms?.ElementAtOrDefault(k) ?? 0);
            double our = Error(ours[k], exact[k]), their = Error(theirs[k], exact[k]);
            Assert.True(our <= 2 * their + rounding, $"{text}: {(k == 0 ? "result" : $"gradient {k}")}: {our} against {their}");
        }
    }

    /// <summary>
    /// The gradient of each tensor, along a random direction, is what the result changes by from a step back to a step forward. Results are
    /// in float32: their rounding, 6e-8 of the largest, divided by the step is the tolerance, and what the step's square adds.
    /// </summary>
    /// <param name="own">The kernel of ours.</param>
    /// <param name="tensors">Its tensors.</param>
    /// <param name="gradient">That of the result; null where that is one number.</param>
    public static void GradientsAreThoseOfDifferences(Func<Tensor[], Tensor> own, Tensor[] tensors, Tensor? gradient)
    {
        const double Step = 0.02;
        var results = All(own, tensors, gradient, ScalarType.Float32);
        var weights = gradient?.To(ScalarType.Float64) ?? Tensor.Ones([], ScalarType.Float64);
        for (var k = 0; k < tensors.Length; k++)
        {
            var direction = Aten.Randn(tensors[k].Shape);
            double At(double step) => (own([.. tensors.Select((t, n) => n == k ? t.Detach() + direction * step : t.Detach())])
                .Detach().To(ScalarType.Float64) * weights).Sum().Item();
            var (slope, wanted) = ((At(Step) - At(-Step)) / (2 * Step), (results[k + 1] * direction).To(ScalarType.Float64).Sum().Item());
            var size = (Aten.Abs(results[0].Detach().To(ScalarType.Float64)) * Aten.Abs(weights)).Sum().Item();
            var tolerance = 6e-8 * size / Step + Step * Step * Math.Max(1, Math.Abs(wanted));
            Assert.True(Math.Abs(slope - wanted) <= tolerance,
                $"tensor {k}: {slope} by differences, {wanted} by the gradient, {tolerance}");
        }
    }

    /// <summary>Result and gradients have the same bits with any number of threads.</summary>
    public static void HaveTheSameBitsWithAnyNumberOfThreads(Func<Tensor[], Tensor> own, Tensor[] tensors, Tensor? gradient)
    {
        var threads = TorchInfo.Threads;
        try
        {
            var results = new[] { 1, 2, 5 }.Select(count =>
            {
                TorchInfo.Threads = count;
                using var bits = new SameBits(on: true);
                return All(own, tensors, gradient, ScalarType.Float32).Select(t => t.ToArray<float>()).ToArray();
            }).ToArray();
            foreach (var other in results[1..])
                Assert.All(results[0].Zip(other), pair => Assert.True(pair.First.AsSpan().SequenceEqual(pair.Second)));
        }
        finally
        {
            TorchInfo.Threads = threads;
        }
    }

    // The root of the mean square of the errors.
    static double Error(Tensor result, Tensor exact)
    {
        var difference = (result.To(ScalarType.Float64) - exact).Detach();
        return Math.Sqrt(Aten.Mean(difference * difference).Item());
    }
}
