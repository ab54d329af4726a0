using Hwaso.Onnx;
using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Operators;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Runtime.Tests.Planning;

/// <summary>
/// Compares functions and matrix products that exporters write as several nodes, and the planner computes as one, with libtorch.
/// </summary>
public sealed class FoldingTests : TensorTest
{
    // Sums of up to a few hundred products in single precision, in another order; exp and erf are within some units in the last place.
    const double Tolerance = 2e-5;

    [Theory]
    [InlineData("gelu", nameof(UnaryKind.Gelu))]
    [InlineData("gelu, half first", nameof(UnaryKind.Gelu))]
    [InlineData("hard swish, divided last", nameof(UnaryKind.HardSwish))]
    [InlineData("hard swish, divided first", nameof(UnaryKind.HardSwish))]
    [InlineData("hard swish, by hard sigmoid", nameof(UnaryKind.HardSwish))]
    [InlineData("silu", nameof(UnaryKind.Silu))]
    [InlineData("mish", nameof(UnaryKind.Mish))]
    public void A_function_of_several_nodes_is_one_step_and_libtorchs(string form, string step)
    {
        using var scope = new Scope();
        RandomState.Seed(1);
        var x = Tensor.Randn([2, 3, 5, 7]) * 3.0;
        using var document = Document(x);
        foreach (var (name, number) in new[] { ("3", 3f), ("0", 0f), ("6", 6f), ("1", 1f), ("half", 0.5f), ("root", MathF.Sqrt(2)) })
            document.Weight(name, [], [number]);
        void Node(string type, string[] inputs, string output, params OnnxValue[] attributes) =>
            document.Node(type, output, inputs, [output], attributes);
        switch (form)
        {
            case "gelu" or "gelu, half first":
                Node("Div", ["x", "root"], "a");
                Node("Erf", ["a"], "b");
                Node("Add", form == "gelu" ? ["b", "1"] : ["1", "b"], "c");
                Node("Mul", form == "gelu" ? ["x", "c"] : ["x", "half"], "d");
                Node("Mul", form == "gelu" ? ["d", "half"] : ["d", "c"], "y");
                break;
            case "hard swish, by hard sigmoid":
                Node("HardSigmoid", ["x"], "a", OnnxValue.Of("alpha", 1 / 6.0), OnnxValue.Of("beta", 0.5));
                Node("Mul", ["x", "a"], "y");
                break;
            case "silu":
                Node("Sigmoid", ["x"], "a");
                Node("Mul", ["a", "x"], "y");
                break;
            case "mish":
                Node("Softplus", ["x"], "a");
                Node("Tanh", ["a"], "b");
                Node("Mul", ["x", "b"], "y");
                break;
            default:
                Node("Add", ["x", "3"], "a");
                Node("Clip", ["a", "0", "6"], "b");
                Node(form.EndsWith("last", StringComparison.Ordinal) ? "Mul" : "Div",
                    form.EndsWith("last", StringComparison.Ordinal) ? ["x", "b"] : ["b", "6"], "c");
                Node(form.EndsWith("last", StringComparison.Ordinal) ? "Div" : "Mul",
                    form.EndsWith("last", StringComparison.Ordinal) ? ["c", "6"] : ["c", "x"], "y");
                break;
        }
        var kind = Enum.Parse<UnaryKind>(step);
        var expected = kind switch
        {
            UnaryKind.Gelu => Aten.Call("aten::gelu", x, "none").AsTensor(),
            UnaryKind.HardSwish => Aten.Call("aten::hardswish", x).AsTensor(),
            UnaryKind.Silu => Aten.Call("aten::silu", x).AsTensor(),
            _ => Aten.Call("aten::mish", x).AsTensor(),
        };
        Check(document, x, expected);
        Assert.Equal(kind, Assert.IsType<UnaryOperator>(Assert.Single(Steps(document, x))).Function.Kind);
    }

    [Fact]
    public void Nodes_stay_apart_when_something_else_uses_what_is_between_or_a_number_differs()
    {
        using var scope = new Scope();
        RandomState.Seed(2);
        var x = Tensor.Randn([2, 9]);
        using var document = Document(x);
        document.Weight("2", [], [2f]);
        document.Weight("0", [], [0f]);
        document.Weight("6", [], [6f]);
        document.Node("Sigmoid", "a", ["x"], ["a"]);
        document.Node("Mul", "b", ["x", "a"], ["b"]);
        document.Node("Add", "c", ["x", "2"], ["c"]);
        document.Node("Clip", "d", ["c", "0", "6"], ["d"]);
        document.Node("Mul", "e", ["x", "d"], ["e"]);
        document.Node("Div", "f", ["e", "6"], ["f"]);
        document.Node("Add", "g", ["b", "a"], ["g"]);
        document.Node("Add", "y", ["g", "f"], ["y"]);
        var expected = (x * x.Sigmoid()) + x.Sigmoid() + (x * Aten.Call("aten::clamp", x + 2.0, 0.0, 6.0).AsTensor() / 6.0);
        Check(document, x, expected);
        Assert.DoesNotContain(Steps(document, x), s => s is UnaryOperator { Function.Kind: UnaryKind.Silu or UnaryKind.HardSwish });
    }

    [Fact]
    public void A_product_takes_scale_bias_factors_of_columns_activation_and_addend_into_one_step()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            using var scope = new Scope();
            RandomState.Seed((ulong)seed);
            var random = new Random(seed);
            var (rows, depth, columns) = (random.Next(1, 80), random.Next(1, 90), random.Next(1, 70));
            var x = Tensor.Randn([random.Next(1, 3), rows, depth]);
            var (w, b, factor) = (Tensor.Randn([depth, columns]), Tensor.Randn([columns]), Tensor.Randn([columns]));
            var relu = random.Next(2) == 0;
            using var document = Document(x);
            document.Weight("w", w.Shape, w.ToArray<float>());
            document.Weight("b", b.Shape, b.ToArray<float>());
            document.Weight("f", factor.Shape, factor.ToArray<float>());
            document.Weight("u", [depth, columns], new float[depth * columns]);
            document.Node("MatMul", "a", ["x", "w"], ["a"]);
            document.Node("Add", "s", ["b", "a"], ["s"]);
            document.Node("Mul", "m", ["f", "s"], ["m"]);
            document.Node("MatMul", "z", ["x", "u"], ["z"]);
            document.Node("Add", "t", ["m", "z"], ["t"]);
            document.Node(relu ? "Relu" : "HardSwish", "y", ["t"], ["y"]);
            var sum = (x.MatMul(w) + b) * factor;
            Check(document, x, relu ? sum.Relu() : Aten.Call("aten::hardswish", sum).AsTensor());
            Assert.Equal(2, Steps(document, x).Count);
        }
    }

    [Fact]
    public void A_convolution_takes_a_factor_and_a_summand_behind_its_activation()
    {
        using var scope = new Scope();
        RandomState.Seed(3);
        foreach (var groups in new[] { 1, 12 })
        {
            var x = Tensor.Randn([1, 12, 21, 37]);
            var (w, b) = (Tensor.Randn([12, 12 / groups, 3, 3]), Tensor.Randn([12]));
            using var document = Document(x);
            document.Weight("w", w.Shape, w.ToArray<float>());
            document.Weight("b", b.Shape, b.ToArray<float>());
            document.Weight("m", [1], [1.75f]);
            document.Weight("s", [1], [-0.5f]);
            document.Node("Conv", "c", ["x", "w", "b"], ["c"], OnnxValue.Of("pads", 1L, 1, 1, 1), OnnxValue.Of("group", groups));
            document.Node("HardSwish", "h", ["c"], ["h"]);
            document.Node("Mul", "f", ["m", "h"], ["f"]);
            document.Node("Add", "y", ["f", "s"], ["y"]);
            var expected = Aten.Call("aten::hardswish", Aten.Conv2d(x, w, b, [1, 1], [1, 1], [1, 1], groups)).AsTensor();
            Check(document, x, (expected * 1.75) - 0.5);
            Assert.Single(Steps(document, x));
        }
    }

    [Fact]
    public void Attention_is_one_step_and_libtorchs_for_one_head_or_several_and_any_length()
    {
        for (var seed = 0; seed < 15; seed++)
        {
            using var scope = new Scope();
            RandomState.Seed((ulong)seed);
            var random = new Random(seed);
            var (heads, length, keys) = (random.Next(1, 4), random.Next(1, seed % 5 == 0 ? 900 : 90), random.Next(1, 70));
            var (depth, wide) = (random.Next(1, 40), random.Next(1, 40));
            Tensor[] inputs =
            [
                Tensor.Randn([1, heads, length, depth]), Tensor.Randn([1, heads, depth, keys]), Tensor.Randn([1, heads, keys, wide]),
            ];
            using var document = new OnnxDocument();
            for (var k = 0; k < inputs.Length; k++)
                document.Input($"x{k}", OnnxDataType.Float32, inputs[k].Shape.Select(s => ((long?)s, "")).ToArray());
            document.Weight("scale", [], [0.3f]);
            document.Node("MatMul", "a", ["x0", "x1"], ["a"]);
            document.Node("Mul", "b", ["a", "scale"], ["b"]);
            document.Node("Softmax", "c", ["b"], ["c"], OnnxValue.Of("axis", -1));
            document.Node("MatMul", "y", ["c", "x2"], ["y"]);
            document.Output("y", OnnxDataType.Float32);
            var expected = (inputs[0].MatMul(inputs[1]) * 0.3).Softmax(-1).MatMul(inputs[2]);
            foreach (var path in SmallModel.Paths)
                AssertClose(expected.ToArray<float>(), SmallModel.Run(document.ToArray([]), inputs, path).Numbers, Tolerance,
                    $"{heads} heads of {length}×{keys}, {depth} and {wide} on {path}");
            using var model = OnnxModel.Load(document.ToArray([]), "test", new RuntimeOptions { Threads = 1 });
            var steps = model.Open(inputs.Select(x => x.Shape.Select(s => (int)s).ToArray()).ToArray()).Plan.Steps;
            Assert.IsType<AttentionOperator>(Assert.Single(steps).Operator);
        }
    }

    [Fact]
    public void Taps_that_reach_only_padding_change_nothing()
    {
        for (var seed = 0; seed < 12; seed++)
        {
            using var scope = new Scope();
            RandomState.Seed((ulong)seed);
            var random = new Random(seed);
            long dilation = random.Next(8, 40);
            var x = Tensor.Randn([1, random.Next(1, 90), random.Next(3, 36), random.Next(3, 36)]);
            var w = Tensor.Randn([random.Next(1, 20), x.Size(1), 3, 3]);
            var file = SmallModel.File("Conv", [x], [w], OnnxValue.Of("pads", dilation, dilation, dilation, dilation),
                OnnxValue.Of("dilations", dilation, dilation));
            var expected = Aten.Conv2d(x, w, null, [1, 1], [dilation, dilation], [dilation, dilation]).ToArray<float>();
            foreach (var path in SmallModel.Paths)
                AssertClose(expected, SmallModel.Run(file, [x], path).Numbers, Tolerance, $"dilation {dilation} of {x} on {path}");
        }
    }

    [Fact]
    public void A_transposed_convolution_with_the_stride_of_its_kernel_is_libtorchs()
    {
        for (var seed = 0; seed < 12; seed++)
        {
            using var scope = new Scope();
            RandomState.Seed((ulong)seed);
            var random = new Random(seed);
            var groups = random.Next(1, 3);
            long[] stride = [random.Next(1, 5), random.Next(1, 5)];
            var x = Tensor.Randn([random.Next(1, 3), groups * random.Next(1, 20), random.Next(1, 20), random.Next(1, 60)]);
            var w = Tensor.Randn([x.Size(1), random.Next(1, 12), stride[0], stride[1]]);
            var b = Tensor.Randn([w.Size(1) * groups]);
            var file = SmallModel.File("ConvTranspose", [x], [w, b], OnnxValue.Of("strides", stride), OnnxValue.Of("group", groups));
            long[] none = [0, 0], one = [1, 1];
            var expected = Aten.Call("aten::conv_transpose2d.input", x, w, b, stride, none, none, (long)groups, one).AsTensor();
            foreach (var path in SmallModel.Paths)
                AssertClose(expected.ToArray<float>(), SmallModel.Run(file, [x], path).Numbers, Tolerance,
                    $"{stride[0]}×{stride[1]} of {x} on {path}");
        }
    }

    [Fact]
    public void Numbers_are_transposed_in_any_order_whether_squares_fit_or_not()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            using var scope = new Scope();
            RandomState.Seed((ulong)seed);
            var random = new Random(seed);
            var x = Tensor.Randn([random.Next(1, 4), random.Next(1, 40), random.Next(1, 70), random.Next(1, 40)]);
            var order = Enumerable.Range(0, 4).Select(d => (long)d).OrderBy(_ => random.Next()).ToArray();
            var (numbers, shape) = SmallModel.Run(SmallModel.File("Transpose", [x], [], OnnxValue.Of("perm", order)), [x], SimdPath.Best);
            var expected = x.Permute(order).Contiguous();
            Assert.Equal(expected.Shape, shape);
            Assert.Equal(expected.ToArray<float>(), numbers);
        }
    }

    [Fact]
    public void The_exponential_is_exact_to_some_units_at_all_sizes_and_keeps_what_is_no_number()
    {
        float[] given =
        [
            .. Enumerable.Range(0, 4000).Select(k => -110f + (k * 0.05f)), float.NaN, float.PositiveInfinity, float.NegativeInfinity,
        ];
        using var scope = new Scope();
        var x = Tensor.From(given, given.Length);
        foreach (var path in SmallModel.Paths)
        {
            var (numbers, _) = SmallModel.Run(SmallModel.File("Exp", [x], []), [x], path);
            for (var k = 0; k < given.Length; k++)
            {
                var wanted = (float)Math.Exp(given[k]);
                // Below the least normal number, to its steps; else to 3 units of 2⁻²³.
                Assert.True(
                    float.IsNaN(wanted) ? float.IsNaN(numbers[k])
                        : wanted == numbers[k]
                            || Math.Abs((double)wanted - numbers[k]) <= Math.Max(3e-45, Math.Abs(wanted) * 3 / (1 << 23)),
                    $"exp({given[k]}) is {numbers[k]} instead of {wanted} on {path}");
            }
        }
    }

    static OnnxDocument Document(Tensor x)
    {
        var document = new OnnxDocument();
        document.Input("x", OnnxDataType.Float32, x.Shape.Select(s => ((long?)s, "")).ToArray());
        document.Output("y", OnnxDataType.Float32);
        return document;
    }

    static List<Hwaso.Runtime.Operators.Operator> Steps(OnnxDocument document, Tensor x)
    {
        using var model = OnnxModel.Load(document.ToArray([]), "test", new RuntimeOptions { Threads = 1 });
        return [.. model.Open(x.Shape.Select(s => (int)s).ToArray()).Plan.Steps.Select(s => s.Operator)];
    }

    static void Check(OnnxDocument document, Tensor x, Tensor expected)
    {
        foreach (var path in SmallModel.Paths)
        {
            var (numbers, shape) = SmallModel.Run(document.ToArray([]), [x], path);
            Assert.Equal(expected.Shape, shape);
            AssertClose(expected.ToArray<float>(), numbers, Tolerance, $"{x} on {path}");
        }
    }
}
