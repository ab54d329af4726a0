using System.Runtime.Intrinsics;
using Hwaso.Common;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Nn.Tests.Operators;

/// <summary>Bilinear resizing, sums with a ReLU and cross entropy by kernels of ours.</summary>
public sealed class OwnMapKernelTests : TensorTest
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    public void Resizing_errs_at_most_twice_as_much_as_libtorch(int lanes) => Resizing(lanes, 40);

    [Theory]
    [Trait("Time", "Long")]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    public void Resizing_errs_at_most_twice_as_much_as_libtorch_at_hundreds_of_sizes(int lanes) => Resizing(lanes, 300);

    static void Resizing(int lanes, int cases)
    {
        var width = Of<BilinearPasses>(lanes, BilinearPasses<Lanes1, float>.Instance,
            BilinearPasses<Lanes128, Vector128<float>>.Instance, BilinearPasses<Lanes256, Vector256<float>>.Instance,
            BilinearPasses<Lanes512, Vector512<float>>.Instance);
        var random = new Random(lanes);
        RandomState.Seed(40);
        for (var k = 0; k < cases; k++)
        {
            using var scope = new Scope();
            var (h, w, height, columns, corners) =
                (random.Next(1, 12), random.Next(1, 12), random.Next(1, 40), random.Next(1, 60), random.Next(2) == 0);
            BilinearAxis Axis(int from, int to) => new(from, to, BilinearFunction.ScaleOf(from, to, corners), corners);
            OwnKernelErrors.AreAtMostTwiceLibtorchs(
                t => new BilinearKernel(Axis(h, height), Axis(w, columns)) { Width = width }.Apply(t)[0],
                // Float64 has other places between pixels: those of float32 are a part of what is computed.
                t => t[0].Type == ScalarType.Float64
                    ? Shares(h, height, corners).MatMul(t[0]).MatMul(Shares(w, columns, corners).Permute(1, 0))
                    : Aten.UpsampleBilinear2d(t[0], [height, columns], corners),
                [Aten.Randn([2, 2, h, w])], Aten.Randn([2, 2, height, columns]), $"{h}×{w} to {height}×{columns}, corners {corners}");
        }
    }

    static Tensor Shares(int from, int to, bool corners) =>
        new BilinearFunction(to, to, corners).Shares(from, to, BilinearFunction.ScaleOf(from, to, corners)).To(ScalarType.Float64);

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    public void Cross_entropy_errs_at_most_twice_as_much_as_libtorch(int lanes) => Entropy(lanes, 40);

    [Theory]
    [Trait("Time", "Long")]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    public void Cross_entropy_errs_at_most_twice_as_much_as_libtorch_at_hundreds_of_sizes(int lanes) => Entropy(lanes, 300);

    static void Entropy(int lanes, int cases)
    {
        var width = Of<EntropyPasses>(lanes, EntropyPasses<Lanes1, float>.Instance, EntropyPasses<Lanes128, Vector128<float>>.Instance,
            EntropyPasses<Lanes256, Vector256<float>>.Instance, EntropyPasses<Lanes512, Vector512<float>>.Instance);
        var random = new Random(lanes);
        RandomState.Seed(41);
        for (var k = 0; k < cases; k++)
        {
            using var scope = new Scope();
            var (n, classes, h, w) = (random.Next(1, 4), random.Next(1, 25), random.Next(1, 12), random.Next(1, 40));
            var numbers = Enumerable.Range(0, n * h * w).Select(_ => random.Next(4) == 0 ? 255L : random.Next(classes)).ToArray();
            numbers[0] = 0;
            var labels = Tensor.From(numbers, n, h, w);
            var weights = random.Next(2) == 0 ? null
                : Enumerable.Range(0, classes).Select(_ => (double)(random.Next(1, 9) / 4f)).ToArray();
            OwnKernelErrors.AreAtMostTwiceLibtorchs(
                t => new PixelEntropy(labels, weights, 255, overwrites: k % 2 == 0) { Width = width }.Apply(t)[0],
                t => PixelLogits.CrossEntropy(t[0], labels, weights is null ? null : Tensor.From(weights).To(t[0].Type), 1, 255),
                [Aten.Randn([n, classes, h, w]) * 5], null, $"{n}, {classes} classes, {h}×{w}, weights {weights is not null}");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    public void Sums_with_relu_err_at_most_twice_as_much_as_libtorch(int lanes) => Sums(lanes, 40);

    [Theory]
    [Trait("Time", "Long")]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    public void Sums_with_relu_err_at_most_twice_as_much_as_libtorch_at_hundreds_of_sizes(int lanes) => Sums(lanes, 300);

    static void Sums(int lanes, int cases)
    {
        var width = Of<SumPasses>(lanes, SumPasses<Lanes1, float>.Instance, SumPasses<Lanes128, Vector128<float>>.Instance,
            SumPasses<Lanes256, Vector256<float>>.Instance, SumPasses<Lanes512, Vector512<float>>.Instance);
        var random = new Random(lanes);
        RandomState.Seed(43);
        for (var k = 0; k < cases; k++)
        {
            using var scope = new Scope();
            long[] shape = [random.Next(1, 3), random.Next(1, 5), random.Next(1, 9), random.Next(1, 40)];
            Tensor[] terms = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => Aten.Randn(shape))];
            OwnKernelErrors.AreAtMostTwiceLibtorchs(
                t => new SumReluFunction { Width = width }.Apply(t)[0], t => t.Aggregate((sum, term) => sum + term).Relu(), terms,
                Aten.Randn(shape), $"{terms.Length} of [{string.Join(", ", shape)}]");
        }
    }

    static T Of<T>(int lanes, T one, T four, T eight, T sixteen) => lanes switch { 1 => one, 4 => four, 8 => eight, _ => sixteen };

    [Fact]
    public void Losses_and_maps_take_own_kernels_where_they_are_on_and_have_the_same_bits_with_any_number_of_threads()
    {
        using var scope = new Scope();
        RandomState.Seed(42);
        var labels = Tensor.From(Enumerable.Range(0, 2 * 120 * 150).Select(k => k % 7 == 0 ? 255L : k % 5).ToArray(), 2, 120, 150);
        using var loss = new CrossEntropy();
        Tensor[] maps = [Aten.Randn([2, 5, 30, 40]), Aten.Randn([2, 5, 30, 40]), Aten.Randn([2, 5, 15, 20])];
        Tensor Loss(Tensor[] t)
        {
            Tensor[] terms = [t[0], t[1], t[2].ResizeBilinear(30, 40)];
            return loss.Of(terms.SumWithRelu(), labels) * 0.5;
        }
        Tensor Own(Tensor[] t)
        {
            using var own = new OwnKernelsScope(on: t[0].Type == ScalarType.Float32);
            return Loss(t);
        }
        OwnKernelErrors.AreAtMostTwiceLibtorchs(Own, Loss, maps, null, "all in a row");
        OwnKernelErrors.HaveTheSameBitsWithAnyNumberOfThreads(Own, maps, null);
        Assert.NotEqual(Bits(Own), Bits(Loss));

        float[] Bits(Func<Tensor[], Tensor> operation) =>
            OwnKernelErrors.All(operation, maps, null, ScalarType.Float32)[1].ToArray<float>();
    }

    [Fact]
    public void Gradients_are_those_of_differences()
    {
        using var scope = new Scope();
        RandomState.Seed(44);
        BilinearAxis Axis(int from, int to) => new(from, to, BilinearFunction.ScaleOf(from, to, true), true);
        OwnKernelErrors.GradientsAreThoseOfDifferences(
            t => new BilinearKernel(Axis(5, 11), Axis(7, 19)).Apply(t)[0], [Aten.Randn([2, 3, 5, 7])], Aten.Randn([2, 3, 11, 19]));
        // Of positive sums: at 0 a ReLU has no slope.
        OwnKernelErrors.GradientsAreThoseOfDifferences(
            t => new SumReluFunction().Apply(t)[0], [Aten.Randn([2, 3, 5, 9]) + 9, Aten.Randn([2, 3, 5, 9])], Aten.Randn([2, 3, 5, 9]));
        var labels = Tensor.From(Enumerable.Range(0, 2 * 6 * 9).Select(k => k % 7 == 0 ? 255L : k % 5).ToArray(), 2, 6, 9);
        OwnKernelErrors.GradientsAreThoseOfDifferences(
            t => new PixelEntropy(labels, [1, 2, 0.5, 1, 3], 255).Apply(t)[0], [Aten.Randn([2, 5, 6, 9])], null);
    }

    [Fact]
    public void Where_no_pixel_counts_loss_and_gradient_are_0()
    {
        using var scope = new Scope();
        var results = OwnKernelErrors.All(
            t => new PixelEntropy(Tensor.From([255L, 255L], 1, 1, 2), null, 255).Apply(t)[0], [Aten.Randn([1, 3, 1, 2])], null,
            ScalarType.Float32);
        Assert.All(results.SelectMany(r => r.ToArray<float>()), number => Assert.Equal(0, number));
    }

    [Fact]
    public void A_label_that_is_no_class_is_an_error()
    {
        using var scope = new Scope();
        var error = Assert.Throws<ArgumentException>(
            () => new PixelEntropy(Tensor.From([2L, 3L], 1, 1, 2), null, 255).Apply(Aten.Randn([1, 3, 1, 2])));
        Assert.Equal("label 3 is neither one of 3 classes nor 255, which is ignored", error.Message);
    }
}
