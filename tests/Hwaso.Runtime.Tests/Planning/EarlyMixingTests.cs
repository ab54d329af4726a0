using Hwaso.Onnx;
using Hwaso.Runtime.Operators;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Runtime.Tests.Planning;

/// <summary>
/// Compares 1×1 convolutions of concatenated and resized tensors, which are computed before the resizing, with libtorch in the file's
/// order.
/// </summary>
public sealed class EarlyMixingTests : TensorTest
{
    [Fact]
    public void Channels_are_mixed_before_they_are_resized_and_nothing_else_changes()
    {
        for (var seed = 0; seed < 30; seed++)
        {
            using var scope = new Scope();
            RandomState.Seed((ulong)seed);
            var random = new Random(seed);
            long height = random.Next(2, 40), width = random.Next(2, 70), cout = random.Next(1, 30);
            var (align, relu) = (random.Next(2) == 0, random.Next(2) == 0);
            var inputs = new List<Tensor>();
            var joined = new List<Tensor>();
            using var document = new OnnxDocument();
            var names = new List<string>();
            for (var k = 0; k < random.Next(2, 7); k++)
            {
                // A part that is not enlarged, or has few channels, keeps the order.
                var (late, channels) = (random.Next(3) > 0, random.Next(1, 20));
                var x = Tensor.Randn(late
                    ? [1, channels, random.Next(1, (int)height + 1), random.Next(1, (int)width + 1)]
                    : [1, channels, height, width]);
                document.Input($"x{k}", OnnxDataType.Float32, x.Shape.Select(s => ((long?)s, "")).ToArray());
                names.Add(late ? $"resized{k}" : $"x{k}");
                if (late)
                {
                    document.Weight($"sizes{k}", [4], [1, channels, height, width]);
                    document.Node("Resize", $"resize{k}", [$"x{k}", "", "", $"sizes{k}"], [$"resized{k}"],
                        OnnxValue.Of("mode", "linear"),
                        OnnxValue.Of("coordinate_transformation_mode", align ? "align_corners" : "pytorch_half_pixel"));
                }
                inputs.Add(x);
                joined.Add(late ? Aten.UpsampleBilinear2d(x, [height, width], align) : x);
            }
            var all = Aten.Cat([.. joined], 1);
            var (w, b) = (Tensor.Randn([cout, all.Shape[1], 1, 1]), Tensor.Randn([cout]));
            document.Weight("w", w.Shape, w.ToArray<float>());
            document.Weight("b", b.Shape, b.ToArray<float>());
            document.Node("Concat", "join", names, ["joined"], OnnxValue.Of("axis", 1L));
            document.Node("Conv", "mix", ["joined", "w", "b"], ["mixed"]);
            document.Node(relu ? "Relu" : "Identity", "end", ["mixed"], ["y"]);
            document.Output("y", OnnxDataType.Float32);
            var expected = Aten.Conv2d(all, w, b, [1, 1], [0, 0], [1, 1]);
            expected = relu ? expected.Relu() : expected;
            foreach (var path in SmallModel.Paths)
            {
                var (numbers, shape) = SmallModel.Run(document.ToArray([]), [.. inputs], path);
                Assert.Equal(expected.Shape, shape);
                // Sums of up to a hundred products in single precision, in another order.
                AssertClose(expected.ToArray<float>(), numbers, 2e-5, $"{string.Join(", ", inputs.Select(x => x.ToString()))} on {path}");
            }
        }
    }

    [Fact]
    public void A_high_resolution_network_mixes_at_each_branchs_own_size_and_adds_up_once()
    {
        using var model = OnnxModel.Load(SessionTests.Network(), "test", new RuntimeOptions { Threads = 1 });
        var plan = model.Open([1, 3, SessionTests.Height, SessionTests.Width]).Plan;
        Assert.DoesNotContain(plan.Steps, s => s.Operator is ConcatOperator);
        Assert.Equal(4, plan.Steps.Count(s => s.Operator is ConvOperator { IsPart: true }));
        var sum = Assert.Single(plan.Steps, s => s.Operator is ResizeSumOperator && plan.Types[s.Output]!.Shape[1] == 240);
        Assert.Equal(3, ((ResizeSumOperator)sum.Operator).Parts.Count);
    }
}
