using System.Runtime.Intrinsics;
using Hwaso.Common;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn.Tests.Convolutions;

public sealed class OwnConvolutionTests : TensorTest
{
    static readonly Dictionary<int, TileKernels> widths = new()
    {
        [1] = TileKernels<Lanes1, float>.Instance,
        [4] = TileKernels<Lanes128, Vector128<float>>.Instance,
        [8] = TileKernels<Lanes256, Vector256<float>>.Instance,
        [16] = TileKernels<Lanes512, Vector512<float>>.Instance,
    };

    static readonly Dictionary<int, PointKernels> pointWidths = new()
    {
        [1] = PointKernels<Lanes1, float>.Instance,
        [4] = PointKernels<Lanes128, Vector128<float>>.Instance,
        [8] = PointKernels<Lanes256, Vector256<float>>.Instance,
        [16] = PointKernels<Lanes512, Vector512<float>>.Instance,
    };

    static readonly Dictionary<int, DepthwiseKernels> depthwiseWidths = new()
    {
        [1] = DepthwiseKernels<Lanes1, float>.Instance,
        [4] = DepthwiseKernels<Lanes128, Vector128<float>>.Instance,
        [8] = DepthwiseKernels<Lanes256, Vector256<float>>.Instance,
        [16] = DepthwiseKernels<Lanes512, Vector512<float>>.Instance,
    };

    static readonly Dictionary<int, UnfoldedKernels> unfoldedWidths = new()
    {
        [1] = UnfoldedKernels<Lanes1, float>.Instance,
        [4] = UnfoldedKernels<Lanes128, Vector128<float>>.Instance,
        [8] = UnfoldedKernels<Lanes256, Vector256<float>>.Instance,
        [16] = UnfoldedKernels<Lanes512, Vector512<float>>.Instance,
    };

    /// <summary>A convolution whose output has its input's size at stride 1.</summary>
    readonly record struct Case(
        int Images, int Cin, int Cout, int Height, int Width, int Kernel = 3, int Stride = 1, int Dilation = 1, int Groups = 1,
        int Less = 0, bool General = false)
    {
        ConvSteps Steps => new([Stride, Stride], [Padding, Padding], [Dilation, Dilation], Groups);

        // Less than what keeps the size at stride 1.
        int Padding => Dilation * (Kernel / 2) - Less;

        int Across(int size) => (size + 2 * Padding - Dilation * (Kernel - 1) - 1) / Stride + 1;

        public Tensor Libtorch(Tensor x, Tensor w, Tensor b) => Aten.Conv2d(x, w, b, Steps.Stride, Steps.Padding, Steps.Dilation, Groups);

        public Tensor[] Tensors() =>
        [
            Aten.Randn([Images, Cin, Height, Width]), Aten.Randn([Cout, Cin / Groups, Kernel, Kernel]), Aten.Randn([Cout]),
            Aten.Randn([Images, Cout, Across(Height), Across(Width)]),
        ];

        public ConvPasses Passes(int lanes) => (Kernel, Stride) switch
        {
            _ when General => Unfolded(unfoldedWidths[lanes]),
            _ when Groups > 1 => new DepthwisePasses(
                new DepthwiseShape(Images, Cin, Height, Width, Kernel, Stride, Padding, Dilation), depthwiseWidths[lanes]),
            (1, _) => new PointPasses(Images, Cin, Cout, new ConvPhases(Stride, Height, Width), pointWidths[lanes]),
            _ => TilePasses.Of(Images, Cin, Cout, Height, Width, Stride, Dilation, widths[lanes]),
        };

        public UnfoldedPasses Unfolded(UnfoldedKernels kernels) =>
            new(new UnfoldedShape(Images, Cin, Cout, Height, Width, Kernel, Stride, Padding, Dilation, Groups), kernels);

        /// <summary>By the kernels that a layer of this size uses.</summary>
        public Tensor[] Own(Tensor[] tensors, ConvChoice choice) => Own(tensors, choice, ConvPasses.Of(tensors[0], tensors[1], Steps)!);

        public Tensor[] Own(Tensor[] tensors, ConvChoice choice, ConvPasses passes)
        {
            var steps = Steps;
            return All((x, w, b) => new ConvFunction(steps, choice, passes).Apply(x, w, b)[0], tensors, ScalarType.Float32);
        }
    }

    static Case Depthwise(Random random, Case size)
    {
        var kernel = random.Next(1, 4) * 2 - 1;
        return size with
        {
            Cin = size.Cin + 1,
            Cout = size.Cin + 1,
            Groups = size.Cin + 1,
            Kernel = kernel,
            Stride = random.Next(1, 4),
            Dilation = random.Next(1, 3),
            Height = size.Height + 9,
            Width = size.Width + 9,
            Less = random.Next(kernel / 2 + 1),
        };
    }

    // In up to three groups, of kernels of up to seven, and of other paddings than those that keep the size.
    static Case Unfolded(Random random, Case size)
    {
        var (kernel, groups) = (random.Next(2, 8), random.Next(1, 4));
        var dilation = random.Next(1, 3);
        return size with
        {
            Cin = (size.Cin / 3 + 1) * groups,
            Cout = (size.Cout / 3 + 1) * groups,
            Groups = groups,
            Kernel = kernel,
            Stride = random.Next(1, 4),
            Dilation = dilation,
            Height = size.Height + 12,
            Width = size.Width + 12,
            Less = random.Next(-2, dilation * (kernel / 2) + 1),
            General = true,
        };
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
        for (var k = 0; k < 48; k++)
        {
            using var scope = new Scope();
            var size = new Case(random.Next(1, 4), random.Next(1, 20), random.Next(1, 20), random.Next(1, 12), random.Next(1, 40));
            size = random.Next(6) switch
            {
                5 => Unfolded(random, size),
                4 => Depthwise(random, size),
                3 => size with { Stride = 2 },
                0 => size with { Kernel = 1, Stride = random.Next(1, 3) },
                1 => size with { Dilation = random.Next(1, 5) },
                _ => size,
            };
            var tensors = size.Tensors();
            AssertErrors(size, size.Own(tensors, ConvChoice.Everything, size.Passes(lanes)), tensors);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    public void Errors_are_at_most_twice_libtorchs_for_many_channels(int lanes)
    {
        RandomState.Seed(24);
        Case[] sizes =
        [
            new(1, 52, 100, 9, 31, Kernel: 5, Stride: 2, Groups: 2, General: true),
            new(2, 3, 64, 40, 70, Kernel: 7, Stride: 2, General: true),
            new(2, 70, 66, 5, 11),
            new(1, 65, 67, 9, 14, Stride: 2),
            new(1, 49, 50, 7, 20, Kernel: 1),
        ];
        foreach (var size in sizes)
        {
            using var scope = new Scope();
            var tensors = size.Tensors();
            AssertErrors(size, size.Own(tensors, ConvChoice.Everything, size.Passes(lanes)), tensors);
        }
    }

    [Theory]
    [InlineData(18, 18, 64, 64)]
    [InlineData(144, 144, 8, 8)]
    [InlineData(270, 19, 33, 64)]
    [InlineData(64, 64, 64, 66)]
    [InlineData(64, 80, 33, 64, 1)]
    [InlineData(720, 96, 16, 16, 1)]
    [InlineData(256, 36, 33, 64, 3, 2)]
    public void Errors_are_at_most_twice_libtorchs_at_sizes_of_networks(
        int cin, int cout, int height, int width, int kernel = 3, int stride = 1)
    {
        using var scope = new Scope();
        RandomState.Seed(21);
        var size = new Case(2, cin, cout, height, width, kernel, stride);
        var tensors = size.Tensors();
        AssertErrors(size, size.Own(tensors, ConvChoice.Everything), tensors);
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
        Tensor[] own = size.Own(tensors, new ConvChoice(output, input, weight)),
            theirs = All(size.Libtorch, tensors, ScalarType.Float32);
        Assert.Equal([!output, !input, !weight], own.Zip(theirs).Take(3).Select(p => p.First.ToArray<float>().SequenceEqual(
            p.Second.ToArray<float>())));
        AssertErrors(size, own, tensors);
    }

    /// <summary>libtorch's kernels in pieces: of images, of output and of input channels.</summary>
    [Theory]
    [InlineData(5, 3, 20, 33, 47, 7, 2)]
    [InlineData(1, 70, 100, 17, 19)]
    [InlineData(2, 80, 70, 8, 9)]
    [InlineData(3, 64, 64, 31, 29, 3, 1, 4)]
    public void Pieces_of_libtorchs_convolutions_are_put_together(
        int images, int cin, int cout, int height, int width, int kernel = 3, int stride = 1, int groups = 1)
    {
        using var scope = new Scope();
        RandomState.Seed(25);
        var size = new Case(images, cin, cout, height, width, kernel, stride, 1, groups);
        var tensors = size.Tensors();
        AssertErrors(size, size.Own(tensors, default), tensors);
    }

    [Theory]
    [InlineData(18, 18, 64, 64, 1)]
    [InlineData(144, 144, 8, 8, 1)]
    [InlineData(64, 50, 31, 20, 2)]
    [InlineData(64, 50, 31, 20, 1, 1)]
    [InlineData(144, 36, 8, 8, 1, 1)]
    [InlineData(30, 18, 64, 45, 1, 3, 2)]
    [InlineData(36, 144, 16, 16, 1, 3, 2)]
    [InlineData(30, 30, 33, 45, 1, 5, 2, 30)]
    [InlineData(3, 64, 65, 67, 1, 7, 2)]
    [InlineData(40, 24, 33, 45, 2, 3, 1, 4)]
    [InlineData(24, 40, 32, 32, 1, 2, 2)]
    public void Bits_do_not_depend_on_the_number_of_threads(
        int cin, int cout, int height, int width, int dilation, int kernel = 3, int stride = 1, int groups = 1)
    {
        var threads = TorchInfo.Threads;
        try
        {
            using var scope = new Scope();
            RandomState.Seed(22);
            var size = new Case(2, cin, cout, height, width, kernel, stride, dilation, groups);
            var tensors = size.Tensors();
            foreach (var choice in new[] { ConvChoice.Everything, default })
            {
                var results = new[] { 1, 2, 3, 7 }.Select(count =>
                {
                    TorchInfo.Threads = count;
                    using var bits = new SameBits(on: true);
                    return size.Own(tensors, choice).SelectMany(t => t.ToArray<float>()).ToArray();
                }).ToArray();
                Assert.All(results, r => Assert.Equal(results[0], r));
            }
        }
        finally
        {
            TorchInfo.Threads = threads;
        }
    }

    [Theory]
    [InlineData(13, 19, true)]
    [InlineData(5, 7, false)]
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
