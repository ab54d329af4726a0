using System.Runtime.Intrinsics;
using Hwaso.Common;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Nn.Tests.Normalisation;

public sealed class FusedNormTests : TensorTest
{
    const double Epsilon = 1e-5;

    static readonly Dictionary<int, NormPasses> widths = new()
    {
        [1] = NormPasses<Lanes1, float>.Instance,
        [4] = NormPasses<Lanes128, Vector128<float>>.Instance,
        [8] = NormPasses<Lanes256, Vector256<float>>.Instance,
        [16] = NormPasses<Lanes512, Vector512<float>>.Instance,
    };

    static Tensor Libtorch(Tensor[] t, bool relu)
    {
        using var zeros = Tensor.Zeros(t[1].Shape, t[1].Type);
        using var ones = Tensor.Ones(t[1].Shape, t[1].Type);
        var y = Aten.BatchNorm(t[0], t[1], t[2], zeros, ones, true, 0.1, Epsilon, cudnnEnabled: false);
        y = t.Length > 3 ? y + t[3] : y;
        return relu ? y.Relu() : y;
    }

    /// <summary>Input, weight, bias, perhaps what is added, and the gradient.</summary>
    static (Tensor[] Tensors, Tensor Gradient) Random(long[] shape, bool plus, double mean)
    {
        Tensor[] tensors = [Aten.Randn(shape) * 3 + mean, Aten.Randn([shape[1]]), Aten.Randn([shape[1]])];
        return (plus ? [.. tensors, Aten.Randn(shape)] : tensors, Aten.Randn(shape));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    public void Errors_are_at_most_twice_libtorchs_at_any_size(int lanes) => Errors(lanes, 50);

    [Theory]
    [Trait("Time", "Long")]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    public void Errors_are_at_most_twice_libtorchs_at_hundreds_of_sizes(int lanes) => Errors(lanes, 300);

    [Fact]
    public void Gradients_are_those_of_differences()
    {
        using var scope = new Scope();
        RandomState.Seed(33);
        // Without a ReLU, whose slope jumps where a difference passes 0.
        var (tensors, gradient) = Random([2, 3, 5, 9], plus: false, mean: 1);
        OwnKernelErrors.GradientsAreThoseOfDifferences(t => new FusedNorm(Epsilon, relu: false).Apply(t)[0], tensors, gradient);
    }

    static void Errors(int lanes, int cases)
    {
        var random = new Random(lanes);
        RandomState.Seed(30);
        for (var k = 0; k < cases; k++)
        {
            using var scope = new Scope();
            // Two values a channel or more.
            long[] shape = [random.Next(1, 4), random.Next(1, 9), random.Next(1, 12), random.Next(2, 40)];
            var (relu, mean) = (random.Next(3) > 0, random.Next(3) * 10);
            var (tensors, gradient) = Random(shape, plus: relu && random.Next(2) == 0, mean);
            OwnKernelErrors.AreAtMostTwiceLibtorchs(
                t => new FusedNorm(Epsilon, relu) { Width = widths[lanes] }.Apply(t)[0], t => Libtorch(t, relu), tensors, gradient,
                $"[{string.Join(", ", shape)}], relu {relu}, {tensors.Length} tensors, mean {mean}");
        }
    }

    [Fact]
    public void Errors_are_at_most_twice_libtorchs_at_sizes_of_networks_and_bits_do_not_depend_on_threads()
    {
        RandomState.Seed(31);
        foreach (var (channels, size) in new[] { (18L, 64L), (144L, 8L) })
        {
            using var scope = new Scope();
            var (tensors, gradient) = Random([2, channels, size, size], plus: true, mean: 1);
            Tensor Own(Tensor[] t) => new FusedNorm(Epsilon, relu: true).Apply(t)[0];
            OwnKernelErrors.AreAtMostTwiceLibtorchs(Own, t => Libtorch(t, relu: true), tensors, gradient, $"{channels} of {size}");
            OwnKernelErrors.HaveTheSameBitsWithAnyNumberOfThreads(Own, tensors, gradient);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_layer_with_own_kernels_counts_batches_and_keeps_statistics_as_with_libtorchs(bool isFused)
    {
        using var scope = new Scope();
        RandomState.Seed(32);
        var (tensors, _) = Random([3, 5, 7, 9], plus: true, mean: 2);
        var states = new[] { false, true }.Select(own =>
        {
            using var weights = Weights.Create();
            var norm = new BatchNorm2d(weights, 5, momentum: 0.3);
            if (own)
                weights.UseOwnKernels();
            for (var k = 0; k < 2; k++)
            {
                var x = tensors[0] * (k + 1.0);
                x.RequiresGrad = true;
                var y = isFused ? x.NormRelu(norm, () => tensors[3]) : x.Apply(norm);
                Assert.True(y.RequiresGrad);
            }
            return weights.Buffers.Select(b => b.Value.ToArray<double>()).ToArray();
        }).ToArray();

        Assert.Equal([2.0], states[1][2]);
        foreach (var (theirs, ours) in states[0].Zip(states[1]))
            foreach (var (t, o) in theirs.Zip(ours))
                // One rounding of float32 each time.
                Assert.InRange(o, t - 3e-7 * Math.Abs(t) - 1e-7, t + 3e-7 * Math.Abs(t) + 1e-7);
    }

    [Fact]
    public void Layers_without_own_kernels_and_in_evaluation_show_recorders_ordinary_operators()
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        var norm = new BatchNorm2d(weights, 2);
        var x = Aten.Randn([2, 2, 3, 3]);
        x.RequiresGrad = true;
        string[] Seen()
        {
            var seen = new Operators();
            using (Door.Observe(seen))
                x.NormRelu(norm, () => x);
            return [.. seen.Names.Where(n => n != "aten::add_.Scalar")];
        }
        string[] ordinary = ["aten::batch_norm", "aten::add.Tensor", "aten::relu"];
        Assert.Equal(ordinary, Seen());
        weights.UseOwnKernels();
        Assert.Equal(["hwaso::batch_norm_relu"], Seen());
        norm.Eval();
        Assert.Equal(ordinary, Seen());
    }

    [Fact]
    public void One_value_a_channel_is_an_error_with_own_kernels_too()
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        var norm = new BatchNorm2d(weights / "bn", 2);
        weights.UseOwnKernels();
        var x = Aten.Randn([1, 2, 1, 1]);
        x.RequiresGrad = true;
        Assert.Equal("bn", Assert.Throws<OneValuePerChannelException>(() => x.NormRelu(norm)).Module);
    }

    sealed class Operators : IDoorObserver
    {
        public List<string> Names { get; } = [];

        public void Enter(string place, string kind, ReadOnlySpan<Tensor> inputs)
        {
        }

        public void Leave(string place, ReadOnlySpan<Tensor> outputs)
        {
        }

        public void Called(Operator operation, ReadOnlySpan<Value> arguments, ReadOnlySpan<Value> results) => Names.Add(operation.Name);
    }
}
