using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Nn.Tests.Losses;

/// <summary>
/// Losses of one output channel against their formulas in plain loops, and gradients against central differences, in float64.
/// </summary>
public sealed class BinaryCrossEntropyTests : TensorTest
{
    const int Images = 2, Height = 5, Width = 6, Pixels = Images * Height * Width, Ignore = 255;

    // Both sum some sixty numbers near 1 in another order: 1e-16 each.
    const double Same = 1e-12;

    [Theory]
    [InlineData(1)]
    [InlineData(3.5)]
    [InlineData(0.2)]
    public void Binary_cross_entropy_is_its_formula(double positiveWeight)
    {
        using var scope = new Scope();
        using var loss = new BinaryCrossEntropy(positiveWeight);
        var (logits, labels) = (Logits(), Labels());
        var (z, y) = (logits.ToArray<double>(), labels.ToArray<long>());
        var counted = Enumerable.Range(0, Pixels).Where(p => y[p] != Ignore).ToArray();
        static double Probability(double z) => 1 / (1 + Math.Exp(-z));
        var wanted = counted.Average(p => y[p] == 1
            ? -positiveWeight * Math.Log(Probability(z[p])) : -Math.Log(1 - Probability(z[p])));
        Assert.Equal(wanted, loss.Of(logits, labels).Item(), Same);
        NumericalGradient.Check(() => loss.Of(logits, labels), [("logits", logits)]);
    }

    [Fact]
    public void Losses_of_two_classes_take_one_channel_as_logits_0_and_z()
    {
        using var scope = new Scope();
        var (logits, labels) = (Logits(), Labels());
        var formulas = new LossFormulas(
            [.. logits.ToArray<double>().Select(z => new[] { 0, z })], [.. labels.ToArray<long>().Select(y => y == Ignore ? -1 : (int)y)]);
        Check(new CrossEntropy(), formulas.CrossEntropy());
        Check(new Focal(0.25, 2), formulas.Focal(0.25, 2));
        Check(new Dice(1), formulas.Dice(1));
        Check(new LovaszSoftmax(), formulas.Lovasz());
        using var binary = new BinaryCrossEntropy();
        Assert.Equal(formulas.CrossEntropy(), binary.Of(logits, labels).Item(), Same);

        void Check(IPixelLoss of, double wanted)
        {
            using var loss = new TwoClassLoss(of);
            Assert.Equal(wanted, loss.Of(logits, labels).Item(), Same);
            NumericalGradient.Check(() => loss.Of(logits, labels), [("logits", logits)]);
        }
    }

    [Fact]
    public void Nothing_that_counts_costs_nothing_and_certain_pixels_keep_gradients_finite()
    {
        using var scope = new Scope();
        using var loss = new BinaryCrossEntropy(2);
        var (logits, nothing) = (Logits(), Tensor.From(Enumerable.Repeat((long)Ignore, Pixels).ToArray(), Images, Height, Width));
        logits.RequiresGrad = true;
        var value = loss.Of(logits, nothing);
        value.Backward();
        Assert.Equal(0, value.Item());
        Assert.All(logits.Grad!.ToArray<double>(), g => Assert.Equal(0, g));

        // float32: exp(−200) is 0, and a logarithm of it would be infinite.
        var certain = Tensor.From(Enumerable.Range(0, Pixels).Select(p => p % 2 == 0 ? 200f : -200f).ToArray(), Images, 1, Height, Width);
        certain.RequiresGrad = true;
        var cost = loss.Of(certain, Labels());
        cost.Backward();
        Assert.True(double.IsFinite(cost.Item()));
        Assert.All(certain.Grad!.ToArray<float>(), g => Assert.True(float.IsFinite(g)));
    }

    [Fact]
    public void Logits_of_another_size_are_resized_first_and_what_does_not_fit_is_an_error()
    {
        using var scope = new Scope();
        using var loss = new BinaryCrossEntropy();
        var small = Tensor.Randn([Images, 1, 3, 2], ScalarType.Float64);
        Assert.Equal(loss.Of(small.ResizeBilinear(Height, Width), Labels()).Item(), loss.Of(small, Labels()).Item());

        var third = Tensor.From(Enumerable.Repeat(2L, Pixels).ToArray(), Images, Height, Width);
        Assert.Contains("label 2 is neither one of 2 classes nor 255",
            Assert.Throws<ArgumentException>(() => loss.Of(Logits(), third)).Message, StringComparison.Ordinal);
        var two = Tensor.Randn([Images, 2, Height, Width], ScalarType.Float64);
        Assert.Contains("[N, 1, h, w]", Assert.Throws<ArgumentException>(() => loss.Of(two, Labels())).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new BinaryCrossEntropy(0));
        Assert.Throws<ArgumentException>(() => new BinaryCrossEntropy(double.PositiveInfinity));
    }

    static Tensor Logits()
    {
        RandomState.Seed(8);
        return Tensor.Randn([Images, 1, Height, Width], ScalarType.Float64);
    }

    // Every seventh pixel is ignored.
    static Tensor Labels() => Tensor.From(
        Enumerable.Range(0, Pixels).Select(p => p % 7 == 3 ? Ignore : (long)(p * 5 % 3 % 2)).ToArray(), Images, Height, Width);
}
