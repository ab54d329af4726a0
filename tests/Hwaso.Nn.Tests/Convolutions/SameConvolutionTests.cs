using System.Runtime.Intrinsics;
using Hwaso.Common;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn.Tests.Convolutions;

public sealed class SameConvolutionTests : TensorTest
{
    static readonly Dictionary<int, ConvPasses> widths = new()
    {
        [1] = ConvPasses<Lanes1, float>.Instance,
        [4] = ConvPasses<Lanes128, Vector128<float>>.Instance,
        [8] = ConvPasses<Lanes256, Vector256<float>>.Instance,
        [16] = ConvPasses<Lanes512, Vector512<float>>.Instance,
    };

    static readonly Dictionary<int, MinimalPasses> minimal = new()
    {
        [1] = MinimalPasses<Lanes1, float>.Instance,
        [4] = MinimalPasses<Lanes128, Vector128<float>>.Instance,
        [8] = MinimalPasses<Lanes256, Vector256<float>>.Instance,
        [16] = MinimalPasses<Lanes512, Vector512<float>>.Instance,
    };

    /// <summary>Output and gradients of input, weight and bias.</summary>
    static Tensor[] All(Func<Tensor, Tensor, Tensor, Tensor> convolution, IEnumerable<Tensor> tensors, ScalarType type)
    {
        Tensor[] given = [.. tensors.Select(t => t.Detach().To(type).Clone())];
        foreach (var tensor in given.Take(3))
            tensor.RequiresGrad = true;
        var output = convolution(given[0], given[1], given[2]);
        return [output, .. Gradients.Of(output, given[..3], given[3])];
    }

    static Tensor Libtorch(SameConvShape s, Tensor x, Tensor w, Tensor b) =>
        Aten.Conv2d(x, w, b, [1, 1], [s.Margin, s.Margin], [s.Dilation, s.Dilation], 1);

    static Tensor[] Tensors(SameConvShape s) =>
    [
        Aten.Randn([s.Images, s.Cin, s.Height, s.Width]), Aten.Randn([s.Cout, s.Cin, s.Kernel, s.Kernel]), Aten.Randn([s.Cout]),
        Aten.Randn([s.Images, s.Cout, s.Height, s.Width]),
    ];

    static Tensor[] Own(SameConvShape s, ConvMethod method, Tensor[] tensors, int? lanes = null) => All(
        (x, w, b) => new SameConvFunction(s, ConvChoice.All(method), lanes is { } n ? widths[n] : null, lanes is { } m ? minimal[m] : null)
            .Apply(x, w, b)[0], tensors, ScalarType.Float32);

    /// <summary>The root of the mean square of the errors.</summary>
    static double Error(Tensor result, Tensor exact)
    {
        var difference = (result.To(ScalarType.Float64) - exact).Detach();
        return Math.Sqrt(Aten.Mean(difference * difference).Item());
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
            var kernel = random.Next(3) == 0 ? 1 : 3;
            var (height, width) = (random.Next(1, 12), random.Next(1, 40));
            var shape = new SameConvShape(random.Next(1, 4), random.Next(1, 20), random.Next(1, 20), kernel == 1 ? 1 : height,
                kernel == 1 ? height * width : width, kernel, kernel == 1 ? 1 : random.Next(1, 4));
            var tensors = Tensors(shape);
            Tensor[] theirs = All((x, w, b) => Libtorch(shape, x, w, b), tensors, ScalarType.Float32),
                exact = All((x, w, b) => Libtorch(shape, x, w, b), tensors, ScalarType.Float64);
            ConvMethod[] methods = shape.IsMinimal ? [ConvMethod.Direct, ConvMethod.Minimal] : [ConvMethod.Direct];
            foreach (var method in methods)
                foreach (var (o, t, e) in Own(shape, method, tensors, lanes).Zip(theirs, exact))
                {
                    // Sums of a few terms may be exact there by luck: two roundings of the largest number are allowed besides.
                    var rounding = 2 * 6e-8 * Aten.Max(Aten.Abs(e.Detach())).Item();
                    Assert.True(Error(o, e) <= 2 * Error(t, e) + rounding,
                        $"{shape}, {method}, {lanes} lanes: {Error(o, e)} against {Error(t, e)}");
                }
        }
    }

    [Theory]
    [InlineData(18, 18, 64, 64, 3)]
    [InlineData(144, 144, 8, 8, 3)]
    [InlineData(270, 19, 1, 4096, 1)]
    [InlineData(20, 70, 1, 1500, 1)]
    public void Errors_are_at_most_twice_libtorchs_at_sizes_of_networks(int cin, int cout, int height, int width, int kernel)
    {
        using var scope = new Scope();
        RandomState.Seed(21);
        var shape = new SameConvShape(2, cin, cout, height, width, kernel, 1);
        var tensors = Tensors(shape);
        Tensor[] theirs = All((x, w, b) => Libtorch(shape, x, w, b), tensors, ScalarType.Float32),
            exact = All((x, w, b) => Libtorch(shape, x, w, b), tensors, ScalarType.Float64);
        ConvMethod[] methods = shape.IsMinimal ? [ConvMethod.Direct, ConvMethod.Minimal] : [ConvMethod.Direct];
        foreach (var method in methods)
            foreach (var (o, t, e) in Own(shape, method, tensors).Zip(theirs, exact))
                Assert.InRange(Error(o, e), 0, 2 * Error(t, e));
    }

    [Theory]
    [InlineData(18, 18, 64, 64, 3, false)]
    [InlineData(144, 144, 8, 8, 3, false)]
    [InlineData(64, 50, 1, 1000, 1, false)]
    [InlineData(18, 18, 64, 64, 3, true)]
    [InlineData(144, 144, 8, 8, 3, true)]
    [InlineData(64, 50, 31, 20, 3, true)]
    public void Bits_do_not_depend_on_the_number_of_threads(int cin, int cout, int height, int width, int kernel, bool isMinimal)
    {
        var threads = TorchInfo.Threads;
        try
        {
            using var scope = new Scope();
            RandomState.Seed(22);
            var shape = new SameConvShape(2, cin, cout, height, width, kernel, 1);
            var tensors = Tensors(shape);
            var results = new[] { 1, 2, 3, 7 }.Select(count =>
            {
                TorchInfo.Threads = count;
                // The gradient of the bias is libtorch's sum.
                return Own(shape, isMinimal ? ConvMethod.Minimal : ConvMethod.Direct, tensors).Take(3).SelectMany(t => t.ToArray<float>()).ToArray();
            }).ToArray();
            Assert.All(results, r => Assert.Equal(results[0], r));
        }
        finally
        {
            TorchInfo.Threads = threads;
        }
    }

    [Fact]
    public void Layers_use_them_in_training_and_observers_see_ordinary_convolutions()
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        var convolution = new Conv2d(weights / "conv", 3, 5, kernel: 3, bias: true);
        var x = Aten.Randn([2, 3, 7, 9]);
        weights.UseOwnKernels();
        convolution.Train();
        var seen = new Names();
        Tensor own;
        using (Door.Observe(seen))
            own = convolution.Call(x);
        Assert.Equal(["aten::conv2d"], seen.Found);
        convolution.Eval();
        AssertClose(convolution.Call(x).ToArray<float>(), own.ToArray<float>(), 1e-6, "output");
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
