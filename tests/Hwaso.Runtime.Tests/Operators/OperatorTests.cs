using Hwaso.Onnx;
using Hwaso.Runtime.Format;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Runtime.Tests.Operators;

/// <summary>Compares each operator on random shapes, attributes and numbers, on each path, with libtorch.</summary>
public sealed class OperatorTests : TensorTest
{
    // Sums of up to a few thousand products in single precision, in another order; exp and erf are within some units in the last place.
    const double Tolerance = 2e-5;

    static readonly WorkerPool pool = new(2);

    [Fact]
    public void Conv_is_libtorchs_for_any_kernel_stride_dilation_and_groups() => Repeat(60, random =>
    {
        var groups = random.Next(4) == 0 ? random.Next(1, 9) : 1;
        var depthwise = groups > 1 && random.Next(2) == 0;
        var (cin, cout) = depthwise ? (groups, groups) : (groups * random.Next(1, 40), groups * random.Next(1, 20));
        long[] kernel = [random.Next(1, 6), random.Next(1, 6)], stride = [random.Next(1, 4), random.Next(1, 4)];
        long[] padding = [random.Next(0, 4), random.Next(0, 4)], dilation = [random.Next(1, 9), random.Next(1, 4)];
        if (random.Next(3) == 0)
            (kernel, stride, padding, dilation) = ([1, 1], [1, 1], [0, 0], [1, 1]);
        var x = Tensor.Randn([random.Next(1, 3), cin, Large(random, kernel[0], padding[0], dilation[0]),
            Large(random, kernel[1], padding[1], dilation[1])]);
        var (w, b) = (Tensor.Randn([cout, cin / groups, kernel[0], kernel[1]]), random.Next(2) == 0 ? Tensor.Randn([cout]) : null);
        Check("Conv", Aten.Conv2d(x, w, b, stride, padding, dilation, groups), [x], b is null ? [w] : [w, b],
            OnnxValue.Of("strides", stride), OnnxValue.Of("pads", [.. padding, .. padding]), OnnxValue.Of("dilations", dilation),
            OnnxValue.Of("group", groups));
    });

    [Fact]
    public void Conv_with_more_channels_than_the_cache_holds_is_libtorchs() => Repeat(4, random =>
    {
        // The transformed weights of 5 output channels are kept, those of 10 are not.
        var (x, w) = (Tensor.Randn([1, 700, 13, 70]), Tensor.Randn([random.Next(2) == 0 ? 5 : 10, 700, 3, 3]));
        var dilation = 1L + (3 * random.Next(2));
        Check("Conv", Aten.Conv2d(x, w, null, [1, 1], [dilation, dilation], [dilation, dilation]), [x], [w],
            OnnxValue.Of("pads", dilation, dilation, dilation, dilation), OnnxValue.Of("dilations", dilation, dilation));
    });

    [Fact]
    public void Conv_of_3_by_3_is_libtorchs_whether_tiles_fit_the_image_or_not() => Repeat(40, random =>
    {
        var groups = random.Next(5) == 0 ? 2 : 1;
        var (cin, cout) = (groups * random.Next(4, 30), groups * random.Next(4, 20));
        long[] padding = [random.Next(0, 14), random.Next(0, 14)];
        long[] dilation = random.Next(2) == 0 ? [1, 1] : [random.Next(1, 13), random.Next(1, 13)];
        var x = Tensor.Randn([random.Next(1, 3), cin, random.Next(5, 40) + (2 * dilation[0]), random.Next(5, 80) + (2 * dilation[1])]);
        var (w, b) = (Tensor.Randn([cout, cin / groups, 3, 3]), Tensor.Randn([cout]));
        Check("Conv", Aten.Conv2d(x, w, b, [1, 1], padding, dilation, groups), [x], [w, b],
            OnnxValue.Of("pads", [.. padding, .. padding]), OnnxValue.Of("dilations", dilation), OnnxValue.Of("group", groups));
    });

    [Fact]
    public void Conv_of_3_by_3_on_few_tiles_is_libtorchs() => Repeat(10, random =>
    {
        // So few tiles and so many channels that vectors hold output channels, of one split or of two.
        var (cin, cout, stride) = (random.Next(20, 150), random.Next(17, 130), random.Next(1, 3));
        long dilation = stride == 1 ? random.Next(1, 5) : 1;
        var x = Tensor.Randn(
            [random.Next(1, 3), cin, (random.Next(3, 13) * dilation) + stride, (random.Next(3, 17) * dilation) + (11 * stride)]);
        var (w, b) = (Tensor.Randn([cout, cin, 3, 3]), Tensor.Randn([cout]));
        Check("Conv", Aten.Conv2d(x, w, b, [stride, stride], [dilation, dilation], [dilation, dilation]), [x], [w, b],
            OnnxValue.Of("strides", (long)stride, (long)stride), OnnxValue.Of("pads", dilation, dilation, dilation, dilation),
            OnnxValue.Of("dilations", dilation, dilation));
    });

    [Fact]
    public void Conv_of_single_channels_is_libtorchs_where_rows_are_computed_by_fours_and_where_not() => Repeat(12, random =>
    {
        long groups = random.Next(2, 6), side = 1 + (2 * random.Next(1, 4)), dilation = random.Next(1, 4);
        var reach = (side - 1) * dilation;
        var x = Tensor.Randn([random.Next(1, 3), groups, random.Next(2, 30) + reach, random.Next(1, 70) + reach]);
        var (w, b) = (Tensor.Randn([groups, 1, side, side]), Tensor.Randn([groups]));
        var padding = random.Next(2) * (side / 2 * dilation);
        Check("Conv", Aten.Conv2d(x, w, b, [1, 1], [padding, padding], [dilation, dilation], groups), [x], [w, b],
            OnnxValue.Of("pads", padding, padding, padding, padding), OnnxValue.Of("dilations", dilation, dilation),
            OnnxValue.Of("group", groups));
    });

    [Fact]
    public void Conv_to_one_or_two_channels_is_libtorchs() => Repeat(8, random =>
    {
        long groups = random.Next(1, 3), cin = groups * random.Next(1, 20), side = 1 + (2 * random.Next(1, 4));
        var x = Tensor.Randn([random.Next(1, 3), cin, random.Next(1, 40) + side, random.Next(1, 70) + side]);
        var (w, b) = (Tensor.Randn([groups * random.Next(1, 3), cin / groups, side, side]), Tensor.Randn([1]));
        var (shift, padding) = (Tensor.Zeros([w.Size(0)]) + b, random.Next(2) * (side / 2));
        Check("Conv", Aten.Conv2d(x, w, shift, [1, 1], [padding, padding], [1, 1], groups), [x], [w, shift],
            OnnxValue.Of("pads", padding, padding, padding, padding), OnnxValue.Of("group", groups));
    });

    [Fact]
    public void Conv_of_wide_dilation_is_libtorchs_where_most_taps_lie_outside_the_image() => Repeat(10, random =>
    {
        // More than 256 input channels take several panels.
        var (groups, cin) = random.Next(3) == 0 ? (2, 10) : (1, random.Next(1, 330));
        long dilation = new[] { 8, 12, 24, 36 }[random.Next(4)], stride = random.Next(1, 3);
        var x = Tensor.Randn([random.Next(1, 3), cin, random.Next(5, 37), random.Next(5, 37)]);
        var (w, b) = (Tensor.Randn([groups * random.Next(1, 20), cin / groups, 3, 3]), Tensor.Randn([1]));
        var shift = Tensor.Zeros([w.Size(0)]) + b;
        Check("Conv", Aten.Conv2d(x, w, shift, [stride, stride], [dilation, dilation], [dilation, dilation], groups), [x], [w, shift],
            OnnxValue.Of("strides", stride, stride), OnnxValue.Of("pads", dilation, dilation, dilation, dilation),
            OnnxValue.Of("dilations", dilation, dilation), OnnxValue.Of("group", groups));
    });

    [Fact]
    public void MatMul_of_more_products_than_the_cache_holds_is_libtorchs() => Repeat(6, random =>
    {
        var depth = random.Next(257, 900);
        var (a, b) = (Tensor.Randn([random.Next(1, 3), random.Next(1, 40), depth]), Tensor.Randn([depth, random.Next(1, 60)]));
        Check("MatMul", Aten.Matmul(a, b), [a], [b]);
    });

    [Fact]
    public void MatMul_of_many_columns_is_libtorchs_whether_the_left_matrix_is_transposed_or_not() => Repeat(6, random =>
    {
        // From 128 columns on, rows of the left matrix are laid out by sixes.
        var (rows, depth, columns) = (random.Next(1, 20), random.Next(1, 300), random.Next(128, 170));
        var (a, b) = (Tensor.Randn([rows, depth]), Tensor.Randn([depth, columns]));
        Check("MatMul", Aten.Matmul(a, b), [a], [b]);
        Check("MatMul", Aten.Matmul(a, b), [a, b], []);
        var turned = Tensor.Randn([depth, rows]);
        Check("Gemm", Aten.Matmul(turned.Transpose(0, 1), b), [turned], [b], OnnxValue.Of("transA", 1L));
    });

    [Fact]
    public void Conv_of_3_by_3_and_stride_2_is_libtorchs_whether_tiles_fit_the_image_or_not() => Repeat(40, random =>
    {
        var groups = random.Next(5) == 0 ? 2 : 1;
        // Up to 64 × 64 channels, transformed weights are kept.
        var (cin, cout) = random.Next(4) == 0 ? (90, 70) : (groups * random.Next(12, 30), groups * random.Next(12, 20));
        long[] padding = [random.Next(0, 4), random.Next(0, 4)];
        var x = Tensor.Randn([random.Next(1, 3), cin, random.Next(5, 60), random.Next(20, 120)]);
        var (w, b) = (Tensor.Randn([cout, cin / groups, 3, 3]), Tensor.Randn([cout]));
        Check("Conv", Aten.Conv2d(x, w, b, [2, 2], padding, [1, 1], groups), [x], [w, b],
            OnnxValue.Of("strides", 2L, 2L), OnnxValue.Of("pads", [.. padding, .. padding]), OnnxValue.Of("group", groups));
    });

    [Fact]
    public void ConvTranspose_is_libtorchs() => Repeat(25, random =>
    {
        var groups = random.Next(3) == 0 ? 2 : 1;
        var (cin, cout) = (groups * random.Next(1, 9), groups * random.Next(1, 9));
        long[] kernel = [random.Next(1, 5), random.Next(1, 5)], stride = [random.Next(1, 4), random.Next(1, 4)],
            dilation = [random.Next(1, 3), random.Next(1, 3)];
        long[] padding = [random.Next(0, (int)kernel[0]), random.Next(0, (int)kernel[1])],
            extra = [random.Next(0, (int)stride[0]), random.Next(0, (int)stride[1])];
        var x = Tensor.Randn([random.Next(1, 3), cin, random.Next(3, 12), random.Next(3, 12)]);
        var (w, b) = (Tensor.Randn([cin, cout / groups, kernel[0], kernel[1]]), Tensor.Randn([cout]));
        Check("ConvTranspose",
            Aten.Call("aten::conv_transpose2d.input", x, w, b, stride, padding, extra, (long)groups, dilation).AsTensor(), [x], [w, b],
            OnnxValue.Of("strides", stride), OnnxValue.Of("pads", [.. padding, .. padding]), OnnxValue.Of("dilations", dilation),
            OnnxValue.Of("output_padding", extra), OnnxValue.Of("group", groups));
    });

    [Fact]
    public void Pooling_is_libtorchs_with_padding_counted_or_not_and_sizes_rounded_up_or_down() => Repeat(40, random =>
    {
        long[] kernel = [random.Next(1, 5), random.Next(1, 5)], stride = [random.Next(1, 4), random.Next(1, 4)];
        long[] padding = [random.Next(0, (int)kernel[0] / 2 + 1), random.Next(0, (int)kernel[1] / 2 + 1)];
        var (up, counted) = (random.Next(2) == 0, random.Next(2) == 0);
        var x = Tensor.Randn([random.Next(1, 3), random.Next(1, 5), random.Next(5, 20), random.Next(5, 20)]);
        OnnxValue[] attributes =
        [
            OnnxValue.Of("kernel_shape", kernel), OnnxValue.Of("strides", stride),
            OnnxValue.Of("pads", [.. padding, .. padding]), OnnxValue.Of("ceil_mode", up ? 1L : 0),
        ];
        Check("MaxPool", Aten.MaxPool2d(x, kernel, stride, padding, [1, 1], up), [x], [], attributes);
        Check("AveragePool", Aten.Call("aten::avg_pool2d", x, kernel, stride, padding, up, counted, Value.None).AsTensor(), [x], [],
            [.. attributes, OnnxValue.Of("count_include_pad", counted ? 1L : 0)]);
    });

    [Fact]
    public void Resize_is_libtorchs_in_both_conventions() => Repeat(40, random =>
    {
        var x = Tensor.Randn([random.Next(1, 3), random.Next(1, 5), random.Next(1, 30), random.Next(1, 30)]);
        long[] size = [random.Next(1, 70), random.Next(1, 70)];
        object?[] sizes = [null, null, new long[] { x.Size(0), x.Size(1), size[0], size[1] }];
        Check("Resize", Aten.UpsampleBilinear2d(x, size, false), [x], sizes, OnnxValue.Of("mode", "linear"));
        Check("Resize", Aten.UpsampleBilinear2d(x, size, true), [x], sizes, OnnxValue.Of("mode", "linear"),
            OnnxValue.Of("coordinate_transformation_mode", "align_corners"));
        // At other scales ONNX Runtime's places differ from libtorch's, and the file's standard is the former.
        long[] whole = [x.Size(2) * random.Next(1, 4), x.Size(3) * random.Next(1, 4)];
        Check("Resize", Aten.UpsampleNearest2d(x, whole), [x], [null, null, new long[] { x.Size(0), x.Size(1), whole[0], whole[1] }],
            OnnxValue.Of("coordinate_transformation_mode", "asymmetric"), OnnxValue.Of("nearest_mode", "floor"));
    });

    [Fact]
    public void Sizes_and_places_of_a_resize_follow_single_precision_at_every_scale() => Repeat(1, _ =>
    {
        for (var step = 1; step <= 124; step++)
        {
            // ONNX Runtime's formulas: the size is the integer part of scale × size, the place k / scale, all in single precision.
            var scale = step * 0.05f;
            var x = Tensor.Randn([1, 1, 1, 31]);
            var given = x.ToArray<float>();
            var file = SmallModel.File("Resize", [x], [null, Tensor.From([1f, 1f, 1f, scale], 4)],
                OnnxValue.Of("coordinate_transformation_mode", "asymmetric"), OnnxValue.Of("nearest_mode", "floor"));
            var size = (int)(scale * 31f);
            if (size == 0)
                continue;
            var (numbers, shape) = SmallModel.Run(file, [x], SimdPath.Best);
            Assert.Equal([1, 1, 1, size], shape);
            Assert.Equal(Enumerable.Range(0, size).Select(k => given[Math.Min(30, (int)MathF.Floor(k / scale))]), numbers);
        }
    });

    [Theory]
    [InlineData("Add", "aten::add.Tensor")]
    [InlineData("Sub", "aten::sub.Tensor")]
    [InlineData("Mul", "aten::mul.Tensor")]
    [InlineData("Div", "aten::div.Tensor")]
    [InlineData("Min", "aten::minimum")]
    [InlineData("Max", "aten::maximum")]
    public void Functions_of_two_broadcast_as_libtorchs(string type, string operation) => Repeat(30, random =>
    {
        var shape = Enumerable.Range(0, random.Next(1, 5)).Select(_ => (long)random.Next(1, 20)).ToArray();
        long[] Smaller() => shape.Select(s => random.Next(3) == 0 ? 1 : s).Skip(random.Next(shape.Length)).ToArray();
        var (a, b) = (Tensor.Randn(Smaller()), Tensor.Randn(Smaller()) + 3);
        if (random.Next(2) == 0)
            a = a + 5;
        Value[] arguments = operation.Contains("add", StringComparison.Ordinal) || operation.Contains("sub", StringComparison.Ordinal)
            ? [a, b, Value.Default]
            : [a, b];
        Check(type, Aten.Call(operation, arguments).AsTensor(), [a, b], []);
    });

    [Theory]
    [InlineData("Relu", "aten::relu")]
    [InlineData("Sigmoid", "aten::sigmoid")]
    [InlineData("Tanh", "aten::tanh")]
    [InlineData("Erf", "aten::erf")]
    [InlineData("Exp", "aten::exp")]
    [InlineData("Abs", "aten::abs")]
    [InlineData("Neg", "aten::neg")]
    [InlineData("Floor", "aten::floor")]
    [InlineData("Ceil", "aten::ceil")]
    [InlineData("HardSwish", "aten::hardswish")]
    [InlineData("Reciprocal", "aten::reciprocal")]
    public void Functions_of_one_are_libtorchs(string type, string operation) => Repeat(5, random =>
    {
        var x = Tensor.Randn([random.Next(1, 5), random.Next(1, 4000)]) * 3;
        if (type == "Reciprocal")
            x = x.Sigmoid() + 0.5;
        Check(type, Aten.Call(operation, x).AsTensor(), [x], []);
    });

    [Fact]
    public void Logarithm_and_root_are_libtorchs() => Repeat(5, random =>
    {
        var x = Aten.Rand([random.Next(1, 5), random.Next(1, 4000)]) + 0.01;
        Check("Log", Aten.Call("aten::log", x).AsTensor(), [x], []);
        Check("Sqrt", Aten.Call("aten::sqrt", x).AsTensor(), [x], []);
    });

    [Fact]
    public void Softmax_ArgMax_and_reductions_are_libtorchs_along_any_axis() => Repeat(30, random =>
    {
        var shape = Enumerable.Range(0, random.Next(2, 5)).Select(_ => (long)random.Next(1, 24)).ToArray();
        var x = Tensor.Randn(shape) * 4;
        var axis = random.Next(shape.Length);
        Check("Softmax", x.Softmax(axis), [x], [], OnnxValue.Of("axis", axis));
        Check("LogSoftmax", x.LogSoftmax(axis), [x], [], OnnxValue.Of("axis", axis));
        Check("ArgMax", x.ArgMax(axis).To(ScalarType.Float32), [x], [], OnnxValue.Of("axis", axis), OnnxValue.Of("keepdims", 0L));
        Check("ReduceMean", x.Mean([axis], keep: true), [x], [], OnnxValue.Of("axes", [(long)axis]));
        Check("ReduceMean", x.Mean([0, shape.Length - 1]), [x], [], OnnxValue.Of("axes", 0L, -1), OnnxValue.Of("keepdims", 0L));
        Check("ReduceSum", x.Sum([axis]), [x], [new long[] { axis }], OnnxValue.Of("keepdims", 0L));
        Check("ReduceMax", Aten.Call("aten::amax", x, new long[] { axis }, true).AsTensor(), [x], [], OnnxValue.Of("axes", [(long)axis]));
    });

    [Fact]
    public void Products_are_libtorchs_with_batches_vectors_and_either_side_known() => Repeat(30, random =>
    {
        var (m, k, n, batch) = (random.Next(1, 40), random.Next(1, 90), random.Next(1, 90), random.Next(1, 5));
        var (a, b) = (Tensor.Randn([batch, m, k]), Tensor.Randn([batch, k, n]));
        Check("MatMul", a.MatMul(b), [a, b], []);
        var one = Tensor.Randn([k, n]);
        Check("MatMul", a.MatMul(one), [a], [one]);
        var (left, bias) = (Tensor.Randn([m, k]), Tensor.Randn([n]));
        var turned = Tensor.Randn([n, k]);
        Check("Gemm", left.MatMul(turned.Transpose(0, 1)) + bias, [left], [turned, bias], OnnxValue.Of("transB", 1L));
        Check("Gemm", left.MatMul(one) * 0.5 + bias * 2.0, [left], [one, bias], OnnxValue.Of("alpha", 0.5), OnnxValue.Of("beta", 2.0));
        Check("Gemm", left.Transpose(0, 1).MatMul(Tensor.Ones([m, 3])), [left], [Tensor.Ones([m, 3])], OnnxValue.Of("transA", 1L));
    });

    [Fact]
    public void LayerNormalization_is_libtorchs() => Repeat(10, random =>
    {
        var (rows, length) = (random.Next(1, 50), random.Next(1, 400));
        var (x, w, b) = (Tensor.Randn([2, rows, length]) + 3, Tensor.Randn([length]), Tensor.Randn([length]));
        Check("LayerNormalization", Aten.LayerNorm(x, [length], w, b, 1e-6), [x], [w, b], OnnxValue.Of("epsilon", 1e-6));
    });

    [Fact]
    public void Operators_made_of_others_are_libtorchs() => Repeat(20, random =>
    {
        var (channels, groups) = (2L * random.Next(1, 9), 2L);
        var x = Tensor.Randn([random.Next(1, 3), channels, random.Next(1, 20), random.Next(2, 20)]) * 2 + 1;
        var (w, b) = (Tensor.Randn([channels]), Tensor.Randn([channels]));
        Check("PRelu", Aten.Call("aten::prelu", x, w).AsTensor(), [x], [w.Reshape(channels, 1, 1)]);
        Check("Mish", Aten.Call("aten::mish", x).AsTensor(), [x], []);
        Check("ReduceL2", Aten.Call("aten::norm.ScalarOpt_dim", x, 2.0, new long[] { 1 }, true).AsTensor(), [x], [],
            OnnxValue.Of("axes", [1L]));
        Check("InstanceNormalization", Aten.Call("aten::instance_norm", x, w, b, Value.None, Value.None, true, 0.1, 1e-3, false).AsTensor(),
            [x], [w, b], OnnxValue.Of("epsilon", 1e-3));
        // PyTorch exports a group norm this way: as images with one channel per group.
        var grouped = x.Reshape(x.Size(0), groups, -1).Contiguous();
        Check("InstanceNormalization", Aten.Call("aten::group_norm", grouped, groups, Value.None, Value.None, 1e-5, false).AsTensor(),
            [grouped], [Tensor.Ones([groups]), Tensor.Zeros([groups])]);
        var (other, third) = (Tensor.Randn(x.Shape), Tensor.Randn([1, channels, 1, 1]));
        Check("Sum", x + other + third, [x, other, third], []);
        Check("Min", Aten.Call("aten::minimum", Aten.Call("aten::minimum", x, other).AsTensor(), third).AsTensor(), [x, other, third], []);
        Check("Max", Aten.Call("aten::maximum", x, other).AsTensor(), [x, other], []);
        var block = random.Next(1, 4);
        var deep = Tensor.Randn([random.Next(1, 3), random.Next(1, 4) * block * block, random.Next(1, 7), random.Next(1, 7)]);
        var shuffled = Aten.Call("aten::pixel_shuffle", deep, (long)block).AsTensor().Contiguous();
        Check("DepthToSpace", shuffled, [deep], [], OnnxValue.Of("blocksize", block), OnnxValue.Of("mode", "CRD"));
        var (n, c) = (deep.Size(0), deep.Size(1) / block / block);
        var places = deep.Reshape(n, block, block, c, deep.Size(2), deep.Size(3)).Permute(0, 3, 4, 1, 5, 2).Contiguous()
            .Reshape(n, c, deep.Size(2) * block, deep.Size(3) * block);
        Check("DepthToSpace", places, [deep], [], OnnxValue.Of("blocksize", block));
        Check("SpaceToDepth", deep, [places], [], OnnxValue.Of("blocksize", block));
    });

    [Fact]
    public void What_moves_numbers_moves_them_as_libtorch_does() => Repeat(30, random =>
    {
        var shape = Enumerable.Range(0, 4).Select(_ => (long)random.Next(1, 12)).ToArray();
        var x = Tensor.Randn(shape);
        var order = Enumerable.Range(0, 4).Select(d => (long)d).OrderBy(_ => random.Next()).ToArray();
        Check("Transpose", x.Permute(order).Contiguous(), [x], [], OnnxValue.Of("perm", order));
        var axis = random.Next(4);
        var other = Tensor.Randn(shape.Select((s, d) => d == axis ? random.Next(1, 9) : s).ToArray());
        Check("Concat", Tensor.Concat([x, other, x], axis), [x, other, x], [], OnnxValue.Of("axis", axis));
        var (start, length) = (random.Next((int)shape[axis]), 1);
        length += random.Next((int)shape[axis] - start);
        Check("Slice", x.Narrow(axis, start, length).Contiguous(), [x],
            [new long[] { start }, new long[] { start + length }, new long[] { axis }]);
        Check("Slice", Aten.Flip(x, [axis]), [x], [new long[] { -1 }, new[] { long.MinValue + 1 }, new long[] { axis }, new long[] { -1 }]);
        Check("Slice", Aten.Call("aten::slice.Tensor", x, (long)axis, 0L, shape[axis], 2L).AsTensor().Contiguous(), [x],
            [new long[] { 0 }, new[] { long.MaxValue }, new long[] { axis }, new long[] { 2 }]);
        var picked = Enumerable.Range(0, 3).Select(_ => (long)random.Next((int)shape[axis])).ToArray();
        Check("Gather", Tensor.Concat(picked.Select(p => x.Narrow(axis, p, 1)), axis), [x], [picked], OnnxValue.Of("axis", axis));
        Check("Reshape", x.Reshape(shape[0] * shape[1], shape[2], -1), [x], [new[] { shape[0] * shape[1], shape[2], -1 }]);
        var one = Tensor.Randn([shape[0], 1, shape[2], 1]);
        Check("Expand", Aten.Expand(one, shape).Contiguous(), [one], [shape]);
        Check("Pad", Aten.Call("aten::constant_pad_nd", x, new long[] { 1, 2, 3, 0 }, 0.5).AsTensor(), [x],
            [new long[] { 0, 0, 3, 1, 0, 0, 0, 2 }, Tensor.Ones([1]) * 0.5]);
    });

    [Fact]
    public void Images_are_sampled_at_places_as_libtorch_samples_them() => Repeat(60, random =>
    {
        long[] shape = [1 + random.Next(2), 1 + random.Next(5), 1 + random.Next(9), 1 + random.Next(9)];
        var x = Tensor.Randn(shape);
        // Half of the positions are outside, some far.
        var grid = Tensor.Randn([shape[0], 1 + random.Next(12), 1 + random.Next(12), 2]) * (random.Next(4) == 0 ? 20.0 : 1.2);
        var (nearest, border, corners) = (random.Next(2), random.Next(2), random.Next(2));
        Check("GridSample", Aten.Call("aten::grid_sampler", x, grid, (long)nearest, (long)border, corners == 1).AsTensor(), [x, grid], [],
            OnnxValue.Of("mode", nearest == 1 ? "nearest" : "bilinear"), OnnxValue.Of("padding_mode", border == 1 ? "border" : "zeros"),
            OnnxValue.Of("align_corners", corners));
    });

    // DeformConvolution is itself compared with torchvision's recorded outputs by its own test.
    [Fact]
    public void DeformConv_is_libtorchs_by_grouped_offsets_with_and_without_mask_and_bias() => Repeat(60, random =>
    {
        var (groups, offsets) = (random.Next(1, 4), random.Next(1, 4));
        var (cin, cout) = (groups * offsets * random.Next(1, 20), groups * random.Next(1, 12));
        long[] kernel = [random.Next(1, 4), random.Next(1, 5)], stride = [random.Next(1, 3), random.Next(1, 3)];
        long[] padding = [random.Next(0, 3), random.Next(0, 3)], dilation = [random.Next(1, 4), random.Next(1, 3)];
        if (random.Next(4) == 0)
            (kernel, stride, padding, dilation) = ([1, 1], [1, 1], [0, 0], [1, 1]);
        var x = Tensor.Randn([random.Next(1, 3), cin, Large(random, kernel[0], padding[0], dilation[0]),
            Large(random, kernel[1], padding[1], dilation[1])]);
        var (w, b) = (Tensor.Randn([cout, cin / groups, kernel[0], kernel[1]]), random.Next(2) == 0 ? Tensor.Randn([cout]) : null);
        var height = ((x.Size(2) + (2 * padding[0]) - (dilation[0] * (kernel[0] - 1)) - 1) / stride[0]) + 1;
        var width = ((x.Size(3) + (2 * padding[1]) - (dilation[1] * (kernel[1] - 1)) - 1) / stride[1]) + 1;
        var taps = offsets * kernel[0] * kernel[1];
        // Some positions far outside.
        var offset = Tensor.Randn([x.Size(0), 2 * taps, height, width]) * (random.Next(4) == 0 ? 20.0 : 1.5);
        var mask = random.Next(2) == 0 ? Aten.Rand([x.Size(0), taps, height, width]) : null;
        Tensor[] inputs = mask is null ? [x, offset] : [x, offset, mask];
        string[] names = ["x0", "c0", "x1", b is null ? "" : "c1", .. mask is null ? Array.Empty<string>() : ["x2"]];
        var file = SmallModel.File("DeformConv", names, inputs, b is null ? [w] : [w, b],
            OnnxValue.Of("strides", stride), OnnxValue.Of("pads", [.. padding, .. padding]), OnnxValue.Of("dilations", dilation),
            OnnxValue.Of("group", groups), OnnxValue.Of("offset_group", offsets));
        Check(Nn.DeformConvolution.Apply(x, offset, w, b, stride, padding, dilation, mask), file, inputs, "DeformConv");
    });

    [Theory]
    [InlineData(new long[] { 1, 18, 4, 4 }, null, 1L, "[1, 18, 4, 4]: [1, 18, 4, 5] was wanted")]
    [InlineData(new long[] { 1, 18, 4, 5 }, new long[] { 1, 18, 4, 5 }, 1L, "[1, 18, 4, 5]: [1, 9, 4, 5] was wanted")]
    [InlineData(new long[] { 1, 18, 4, 5 }, null, 2L, "offset_group 2 does not divide 3 channels")]
    public void DeformConv_says_what_does_not_fit(long[] offset, long[]? mask, long groups, string problem)
    {
        using var scope = new Scope();
        Tensor[] inputs = mask is null
            ? [Tensor.Zeros([1, 3, 6, 7]), Tensor.Zeros(offset)]
            : [Tensor.Zeros([1, 3, 6, 7]), Tensor.Zeros(offset), Tensor.Zeros(mask)];
        string[] names = mask is null ? ["x0", "c0", "x1"] : ["x0", "c0", "x1", "", "x2"];
        var file = SmallModel.File("DeformConv", names, inputs, [Tensor.Zeros([2, 3, 3, 3])], OnnxValue.Of("offset_group", groups));
        var error = Assert.Throws<ModelFormatException>(() => SmallModel.Run(file, inputs, SimdPath.Best, pool));
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_number_where_a_list_belongs_is_refused()
    {
        using var scope = new Scope();
        Tensor[] inputs = [Tensor.Zeros([2, 3])];
        var error = Assert.Throws<ModelFormatException>(() =>
            SmallModel.Run(SmallModel.File("ReduceMean", inputs, [], OnnxValue.Of("axes", 1L)), inputs, SimdPath.Best, pool));
        Assert.Contains("attribute axes is not a list of integers", error.Message, StringComparison.Ordinal);
    }

    static long Large(Random random, long kernel, long padding, long dilation) =>
        Math.Max(1, ((kernel - 1) * dilation) + 1 - (2 * padding)) + random.Next(0, 40);

    static void Check(string type, Tensor expected, Tensor[] inputs, object?[] constants, params OnnxValue[] attributes) =>
        Check(expected, SmallModel.File(type, inputs, constants, attributes), inputs, type);

    static void Check(Tensor expected, byte[] file, Tensor[] inputs, string type)
    {
        foreach (var path in SmallModel.Paths)
        {
            var (numbers, shape) = SmallModel.Run(file, inputs, path, pool);
            Assert.Equal(expected.Shape, shape);
            AssertClose(expected.ToArray<float>(), numbers, Tolerance,
                $"{type} of {string.Join(", ", inputs.Select(x => x.ToString()))} on {path}");
        }
    }

    static void Repeat(int times, Action<Random> test)
    {
        for (var k = 0; k < times; k++)
        {
            using var scope = new Scope();
            RandomState.Seed((ulong)k);
            test(new Random(k));
        }
    }
}
