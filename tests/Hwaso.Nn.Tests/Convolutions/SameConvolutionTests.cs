using System.Runtime.Intrinsics;
using Hwaso.Common;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn.Tests.Convolutions;

public sealed class SameConvolutionTests : TensorTest
{
    static readonly Dictionary<int, MinimalPasses> widths = new()
    {
        [1] = MinimalPasses<Lanes1, float>.Instance,
        [4] = MinimalPasses<Lanes128, Vector128<float>>.Instance,
        [8] = MinimalPasses<Lanes256, Vector256<float>>.Instance,
        [16] = MinimalPasses<Lanes512, Vector512<float>>.Instance,
    };

    readonly record struct Case(long Images, long Cin, long Cout, long Height, long Width, long Dilation = 1)
    {
        public Tensor Libtorch(Tensor x, Tensor w, Tensor b) =>
            Aten.Conv2d(x, w, b, [1, 1], [Dilation, Dilation], [Dilation, Dilation], 1);

        public Tensor[] Tensors() =>
        [
            Aten.Randn([Images, Cin, Height, Width]), Aten.Randn([Cout, Cin, 3, 3]), Aten.Randn([Cout]),
            Aten.Randn([Images, Cout, Height, Width]),
        ];

        public Tensor[] Own(Tensor[] tensors, MinimalPasses passes, ConvChoice choice)
        {
            var phases = new ConvPhases((int)Dilation, (int)Height, (int)Width);
            return All((x, w, b) => new SameConvFunction(phases, choice, passes).Apply(x, w, b)[0], tensors, ScalarType.Float32);
        }
    }

    /// <summary>Output and gradients of input, weight and bias.</summary>
    static Tensor[] All(Func<Tensor, Tensor, Tensor, Tensor> convolution, IEnumerable<Tensor> tensors, ScalarType type)
    {
        Tensor[] given = [.. tensors.Select(t => t.Detach().To(type).Clone())];
        foreach (var tensor in given.Take(3))
            tensor.RequiresGrad = true;
        var output = convolution(given[0], given[1], given[2]);
        return [output, .. Gradients.Of(output, given[..3], given[3])];
    }

    /// <summary>The root of the mean square of the errors.</summary>
    static double Error(Tensor result, Tensor exact)
    {
        var difference = (result.To(ScalarType.Float64) - exact).Detach();
        return Math.Sqrt(Aten.Mean(difference * difference).Item());
    }

    static void AssertErrors(Case size, Tensor[] own, Tensor[] tensors)
    {
        Tensor[] theirs = All(size.Libtorch, tensors, ScalarType.Float32), exact = All(size.Libtorch, tensors, ScalarType.Float64);
        foreach (var (o, t, e) in own.Zip(theirs, exact).Take(3))
        {
            // Sums of a few terms may be exact there by luck: two roundings of the largest number are allowed besides.
            var rounding = 2 * 6e-8 * Aten.Max(Aten.Abs(e.Detach())).Item();
            Assert.True(Error(o, e) <= 2 * Error(t, e) + rounding, $"{size}: {Error(o, e)} against {Error(t, e)}");
        }
        // The gradient of the bias is libtorch's sum in either case, of few numbers: one may be exact by luck.
        AssertClose(exact[3].ToArray<double>().Select(v => (float)v).ToArray(), own[3].ToArray<float>(), 1e-4, "bias");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    public void Errors_are_at_most_twice_libtorchs_at_any_size(int lanes)
    {
        var random = new Random(lanes);
        RandomState.Seed(20);
        for (var k = 0; k < 60; k++)
        {
            using var scope = new Scope();
            var size = new Case(random.Next(1, 4), random.Next(1, 20), random.Next(1, 20), random.Next(1, 12), random.Next(1, 40),
                random.Next(2) == 0 ? 1 : random.Next(1, 5));
            var tensors = size.Tensors();
            AssertErrors(size, size.Own(tensors, widths[lanes], ConvChoice.Everything), tensors);
        }
    }

    [Theory]
    [InlineData(18, 18, 64, 64)]
    [InlineData(144, 144, 8, 8)]
    [InlineData(270, 19, 33, 64)]
    public void Errors_are_at_most_twice_libtorchs_at_sizes_of_networks(int cin, int cout, int height, int width)
    {
        using var scope = new Scope();
        RandomState.Seed(21);
        var size = new Case(2, cin, cout, height, width);
        var tensors = size.Tensors();
        AssertErrors(size, size.Own(tensors, MinimalPasses.Widest, ConvChoice.Everything), tensors);
    }

    [Theory]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    [InlineData(false, false, true)]
    public void Passes_that_libtorch_computes_are_libtorchs(bool output, bool input, bool weight)
    {
        using var scope = new Scope();
        RandomState.Seed(23);
        var size = new Case(2, 5, 7, 9, 11, Dilation: 2);
        var tensors = size.Tensors();
        Tensor[] own = size.Own(tensors, MinimalPasses.Widest, new ConvChoice(output, input, weight)),
            theirs = All(size.Libtorch, tensors, ScalarType.Float32);
        Assert.Equal([!output, !input, !weight], own.Zip(theirs).Take(3).Select(p => p.First.ToArray<float>().SequenceEqual(
            p.Second.ToArray<float>())));
        AssertErrors(size, own, tensors);
    }

    [Theory]
    [InlineData(18, 18, 64, 64, 1)]
    [InlineData(144, 144, 8, 8, 1)]
    [InlineData(64, 50, 31, 20, 2)]
    public void Bits_do_not_depend_on_the_number_of_threads(int cin, int cout, int height, int width, int dilation)
    {
        var threads = TorchInfo.Threads;
        try
        {
            using var scope = new Scope();
            RandomState.Seed(22);
            var size = new Case(2, cin, cout, height, width, dilation);
            var tensors = size.Tensors();
            var results = new[] { 1, 2, 3, 7 }.Select(count =>
            {
                TorchInfo.Threads = count;
                // The gradient of the bias is libtorch's sum.
                return size.Own(tensors, MinimalPasses.Widest, ConvChoice.Everything).Take(3).SelectMany(t => t.ToArray<float>()).ToArray();
            }).ToArray();
            Assert.All(results, r => Assert.Equal(results[0], r));
        }
        finally
        {
            TorchInfo.Threads = threads;
        }
    }

    [Theory]
    [InlineData(13, 19, true)]
    [InlineData(7, 9, false)]
    public void Layers_of_enough_tiles_use_them_in_training_and_observers_see_ordinary_convolutions(long height, long width, bool isOurs)
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        var convolution = new Conv2d(weights / "conv", 3, 5, kernel: 3, bias: true);
        var x = Aten.Randn([2, 3, height, width]);
        weights.UseOwnKernels();
        convolution.Train();
        var seen = new Names();
        Tensor own;
        using (Door.Observe(seen))
            own = convolution.Call(x);
        Assert.Equal(["aten::conv2d"], seen.Found);
        convolution.Eval();
        var libtorchs = convolution.Call(x).ToArray<float>();
        AssertClose(libtorchs, own.ToArray<float>(), 1e-6, "output");
        Assert.Equal(!isOurs, libtorchs.SequenceEqual(own.ToArray<float>()));
    }

    sealed class Names : IDoorObserver
    {
        public List<string> Found { get; } = [];

        public void Enter(string place, string kind, ReadOnlySpan<Tensor> inputs)
        {
        }

        public void Leave(string place, ReadOnlySpan<Tensor> outputs)
        {
        }

        public void Called(Operator operation, ReadOnlySpan<Value> arguments, ReadOnlySpan<Value> results) => Found.Add(operation.Name);
    }
}
