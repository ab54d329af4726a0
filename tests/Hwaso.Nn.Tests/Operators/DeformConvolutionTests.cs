using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Nn.Tests.Operators;

public sealed class DeformConvolutionTests : TensorTest
{
    public static TheoryData<string, bool> EveryCase => Cases(DeformCase.All);

    // Sampling exactly at pixels, as the last cases do, has a slope on either side.
    public static TheoryData<string, bool> CasesBetweenPixels =>
        Cases(DeformCase.All.Where(c => !c.Name.StartsWith("case10", StringComparison.Ordinal)));

    [Theory]
    [MemberData(nameof(EveryCase))]
    public void Kernel_and_expression_answer_as_torchvision_with_every_gradient(string name, bool kernel)
    {
        using var scope = new Scope();
        var recorded = DeformCase.All.Single(c => c.Name == name);
        var inputs = recorded.Inputs();
        var output = recorded.Run(inputs, kernel);
        // float32 sums of some dozen terms in another order: a few units of 6e-8 of the largest.
        AssertClose(recorded["output"].ToFloats(), output.ToArray<float>(), 2e-6, "output");
        output.Backward(Tensor.From(recorded["grad_output"]));
        foreach (var (input, tensor) in inputs)
            AssertClose(recorded[$"grad_{input}"].ToFloats(), tensor.Grad!.ToArray<float>(), 5e-6, input);
    }

    [Theory]
    [MemberData(nameof(CasesBetweenPixels))]
    public void Gradients_are_those_of_differences(string name, bool kernel)
    {
        using var scope = new Scope();
        var recorded = DeformCase.All.Single(c => c.Name == name);
        var inputs = recorded.Inputs(ScalarType.Float64);
        NumericalGradient.Check(() => recorded.Run(inputs, kernel), [.. inputs]);
    }

    [Fact]
    public void Kernel_and_expression_agree_to_the_last_digits_of_float64_where_sizes_are_odd()
    {
        using var scope = new Scope();
        RandomState.Seed(3);
        // 22 channels in 11 of both kinds of groups: pieces of 2 and 1 that fill no register; 108 output pixels end within a tile.
        var inputs =
            Random(ScalarType.Float64, images: 3, channels: 22, height: 33, width: 20, outputs: 33, groups: 11, offsetGroups: 22,
            output: (12, 9));
        var results = new[] { true, false }.Select(kernel =>
        {
            var output = Run(inputs, [3, 2], [2, 1], [1, 2], kernel);
            var weights = Tensor.From(Enumerable.Range(0, (int)output.Elements).Select(k => Math.Cos(k)).ToArray(), output.Shape);
            return Torch.Autograd.Gradients.Of(output, inputs, weights).Prepend(output).Select(t => t.ToArray<double>()).ToArray();
        }).ToArray();
        foreach (var (ours, theirs) in results[0].Zip(results[1]))
        {
            var largest = theirs.Max(Math.Abs);
            // Sums of at most a thousand terms: 1000 × 1e-16.
            Assert.All(ours.Zip(theirs), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, 1e-13 * largest));
        }
    }

    [Theory]
    [InlineData(256, 11, 22)] // pieces of 2 channels and 1
    [InlineData(512, 11, 22)]
    [InlineData(256, 1, 2)]
    [InlineData(512, 1, 2)]
    public void Every_width_of_vectors_agrees_with_libtorchs_operators(int bits, int groups, int offsetGroups)
    {
        using var scope = new Scope();
        RandomState.Seed(6);
        var inputs = Random(ScalarType.Float64, images: 2, channels: 66, height: 9, width: 11, outputs: 66, groups, offsetGroups);
        long[] one = [1, 1];
        var geometry = DeformConvGeometry.Of(inputs[0], inputs[1], inputs[2], inputs[3], inputs[4], one, one, one);
        Tensor[] ordered = [inputs[0], inputs[1], inputs[2], inputs[4], inputs[3]];
        Tensor[] outputs =
        [
            new DeformConvFunction<double>(geometry, true, true) { Bits = bits }.Apply(ordered)[0],
            Run(inputs, one, one, one, kernel: false),
        ];
        var weights = Tensor.Randn(outputs[0].Shape, ScalarType.Float64);
        var results = outputs.Select(o =>
            Torch.Autograd.Gradients.Of(o, inputs, weights).Prepend(o).Select(t => t.ToArray<double>()).ToArray()).ToArray();
        // Sums of at most some hundred terms.
        foreach (var (ours, theirs) in results[0].Zip(results[1]))
            Assert.InRange(ours.Zip(theirs).Max(pair => Math.Abs(pair.First - pair.Second)), 0, 1e-13 * theirs.Max(Math.Abs));
    }

    [Fact]
    public void Within_autocast_it_computes_in_float32()
    {
        using var scope = new Scope();
        var recorded = DeformCase.All[0];
        var plain = recorded.Run(recorded.Inputs(), kernel: true);
        Tensor within;
        using (new Torch.Autograd.Autocast(Device.Cpu, ScalarType.BFloat16))
            within = recorded.Run(recorded.Inputs(), kernel: true);
        Assert.Equal(ScalarType.Float32, within.Type);
        Assert.Equal(plain.ToArray<float>(), within.ToArray<float>());
        // What comes narrow from a convolution before is widened, and its gradient comes back narrow.
        var inputs = recorded.Inputs().Select(i => i.Name == "input" ? (i.Name, i.Tensor.Detach().To(ScalarType.BFloat16)) : i).ToArray();
        var narrow = inputs[0].Item2;
        narrow.RequiresGrad = true;
        using (new Torch.Autograd.Autocast(Device.Cpu, ScalarType.BFloat16))
            within = recorded.Run(inputs, kernel: true);
        within.Sum().Backward();
        Assert.Equal(ScalarType.BFloat16, narrow.Grad!.Type);
    }

    [Fact]
    public void The_bits_do_not_depend_on_the_number_of_threads()
    {
        var before = TorchInfo.Threads;
        try
        {
            var bits = new[] { 1, 2, 3, 7 }.Select(threads =>
            {
                using var scope = new Scope();
                TorchInfo.Threads = threads;
                RandomState.Seed(4);
                var inputs =
                    Random(ScalarType.Float32, images: 2, channels: 40, height: 61, width: 47, outputs: 24, groups: 2, offsetGroups: 1);
                var output = Run(inputs, [1, 1], [1, 1], [1, 1], kernel: true);
                return Torch.Autograd.Gradients.Of((output * output).Sum(), inputs).Prepend(output).SelectMany(t => t.ToArray<float>())
                    .ToArray();
            }).ToArray();
            Assert.All(bits.Skip(1), b => Assert.True(bits[0].AsSpan().SequenceEqual(b)));
        }
        finally
        {
            TorchInfo.Threads = before;
        }
    }

    [Fact]
    public void Tensors_with_gaps_or_in_another_order_give_the_same_bits()
    {
        using var scope = new Scope();
        RandomState.Seed(5);
        var plain = Random(ScalarType.Float32, images: 2, channels: 6, height: 9, width: 10, outputs: 4, groups: 1, offsetGroups: 2);
        Tensor[][] variants =
        [
            plain,
            [.. plain.Select(t => t.Detach().Transpose(0, t.Dimensions - 1).Clone().Contiguous().Transpose(0, t.Dimensions - 1))],
            [.. plain.Select(t => t.Dimensions == 4 ? t.Detach().Contiguous(MemoryFormat.ChannelsLast) : t.Detach())],
            [.. plain.Select(t => Tensor.Concat([t.Detach(), t.Detach()], t.Dimensions - 1).Narrow(t.Dimensions - 1, 0, t.Size(-1)))],
        ];
        var bits = variants.Select(inputs =>
        {
            foreach (var tensor in inputs)
                tensor.RequiresGrad = true;
            var output = Run(inputs, [1, 1], [1, 1], [1, 1], kernel: true);
            // The gradient of a sum has strides of 0.
            return Torch.Autograd.Gradients.Of(output.Sum(), inputs).Prepend(output).SelectMany(t => t.ToArray<float>()).ToArray();
        }).ToArray();
        Assert.False(variants[1][0].IsContiguous);
        Assert.All(bits.Skip(1), b => Assert.Equal(bits[0], b));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_batch_of_none_gives_a_batch_of_none_and_zero_gradients(bool kernel)
    {
        using var scope = new Scope();
        var inputs = Random(ScalarType.Float32, images: 0, channels: 4, height: 5, width: 6, outputs: 3, groups: 1, offsetGroups: 1);
        var output = Run(inputs, [1, 1], [1, 1], [1, 1], kernel);
        Assert.Equal([0, 3, 5, 6], output.Shape);
        var gradients = Torch.Autograd.Gradients.Of(output.Sum(), inputs);
        Assert.Equal([0, 4, 5, 6], gradients[0].Shape);
        Assert.All(gradients.SelectMany(g => g.ToArray<float>()), v => Assert.Equal(0, v));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_offset_that_is_no_number_spoils_its_pixel_alone(bool kernel)
    {
        using var scope = new Scope();
        RandomState.Seed(6);
        var inputs = Random(ScalarType.Float32, images: 1, channels: 4, height: 5, width: 6, outputs: 2, groups: 1, offsetGroups: 1);
        using (new Torch.Autograd.NoGrad())
        {
            inputs[1].Span<float>()[7] = float.NaN;
            inputs[1].Span<float>()[8] = -1e30f;
        }
        var output = Run(inputs, [1, 1], [1, 1], [1, 1], kernel).ToArray<float>();
        Assert.Equal([7, 37], Enumerable.Range(0, output.Length).Where(k => !float.IsFinite(output[k])));
    }

    [Theory]
    [InlineData("offset", 17,
        "offset float32[2, 17, 5, 6]: 17 channels; 18 (a dy and a dx for each of 3×3 points) "
        + "times a number of groups that divides 4 channels was wanted")]
    [InlineData("offset", 54, "times a number of groups that divides 4 channels was wanted")]
    [InlineData("mask", 18, "mask float32[2, 18, 5, 6]: [2, 9, 5, 6] was wanted")]
    [InlineData("weight", 3, "input float32[2, 4, 5, 6] with weight float32[3, 3, 3, 3]: 4 channels are not a multiple of the 3")]
    [InlineData("bias", 2, "bias float32[2]: [3] was wanted")]
    [InlineData("input", 0, "input float32[4]: [N, C, H, W] was wanted")]
    [InlineData("stride", 0, "stride [0, 1]: two numbers of at least 1, for height and width, were wanted")]
    [InlineData("dilation", 4, "5×6 with padding 1×1 is smaller than a 3×3 kernel of dilation 4×4; pad it")]
    [InlineData("type", 0, "weight float64[3, 4, 3, 3] beside input float32[2, 4, 5, 6]: the same element type and device were wanted")]
    public void A_shape_that_does_not_fit_says_what_would(string which, int number, string message)
    {
        using var scope = new Scope();
        Tensor Shaped(string name, params long[] shape) =>
            Tensor.Zeros(which == name ? [.. shape.Select((s, d) => d == 1 || shape.Length == 1 ? number : s)] : shape);
        var input = which == "input" ? Tensor.Zeros([4]) : Tensor.Zeros([2, 4, 5, 6]);
        var weight = Shaped("weight", 3, 4, 3, 3);
        var error = Assert.Throws<ArgumentException>(() => DeformConvolution.Apply(
            input, Shaped("offset", 2, 18, 5, 6), which == "type" ? weight.To(ScalarType.Float64) : weight, Shaped("bias", 3),
            which == "stride" ? [0, 1] : [1, 1], [1, 1], which == "dilation" ? [number, number] : [1, 1], Shaped("mask", 2, 9, 5, 6)));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    /// <summary>Input, offset, weight, bias and mask of a 3×3 kernel, followed.</summary>
    static Tensor[] Random(ScalarType type, int images, int channels, int height, int width, int outputs, int groups, int offsetGroups,
        (int, int)? output = null)
    {
        var (h, w) = output ?? (height, width);
        Tensor[] inputs =
        [
            Tensor.Randn([images, channels, height, width], type), Tensor.Randn([images, 18 * offsetGroups, h, w], type) * 1.5,
            Tensor.Randn([outputs, channels / groups, 3, 3], type), Tensor.Randn([outputs], type),
            Tensor.Randn([images, 9 * offsetGroups, h, w], type),
        ];
        foreach (var tensor in inputs)
            tensor.RequiresGrad = true;
        return inputs;
    }

    static Tensor Run(Tensor[] inputs, long[] stride, long[] padding, long[] dilation, bool kernel) => kernel
        ? DeformConvolution.Apply(inputs[0], inputs[1], inputs[2], inputs[3], stride, padding, dilation, inputs[4])
        : DeformConvolution.ApplyExpression(inputs[0], inputs[1], inputs[2], inputs[3], stride, padding, dilation, inputs[4]);

    static TheoryData<string, bool> Cases(IEnumerable<DeformCase> cases)
    {
        var data = new TheoryData<string, bool>();
        foreach (var recorded in cases)
        {
            data.Add(recorded.Name, true);
            data.Add(recorded.Name, false);
        }
        return data;
    }
}
