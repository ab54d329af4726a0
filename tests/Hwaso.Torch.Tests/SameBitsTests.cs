using Hwaso.Tests;
using Hwaso.Torch.Autograd;

namespace Hwaso.Torch.Tests;

public sealed class SameBitsTests : TensorTest
{
    // Of two tensors alike, some positive: those that run with all threads in the scope, those that libtorch divides differently by
    // threads, and products, which OpenBLAS divides. Shares of odd sizes end within a vector.
    static readonly Dictionary<string, Func<Tensor, Tensor, Tensor>> operators = new()
    {
        ["add"] = (a, b) => Aten.Add(a, b, 0.3),
        ["sub"] = (a, b) => a - b,
        ["mul"] = (a, b) => a * b,
        ["div"] = (a, b) => a / b,
        ["relu"] = (a, b) => a.Relu() + b,
        ["clamp"] = (a, b) => Aten.Clamp(a, -0.5, 0.5) + b,
        ["where"] = (a, b) => Aten.Where(Aten.Gt(a, 0.1), a, b),
        ["hardswish"] = (a, b) => Aten.Call("aten::hardswish", a).AsTensor() + b,
        ["cat"] = (a, b) => Tensor.Concat([a, b], 1),
        ["max_pool2d"] = (a, b) => Aten.MaxPool2d(a * b, [3, 3], [2, 2], [1, 1]),
        ["avg_pool2d"] = (a, b) => Aten.AvgPool2d(a * b, [3, 3], [2, 2], [1, 1]),
        ["upsample_nearest2d"] = (a, b) => (a * b).ResizeNearest(130, 150),
        ["sigmoid"] = (a, b) => a.Sigmoid() + b,
        ["silu"] = (a, b) => Aten.Call("aten::silu", a).AsTensor() + b,
        ["softmax"] = (a, b) => a.Softmax(1) + b,
        ["sum"] = (a, b) => (a * b).Sum(),
        ["mean"] = (a, b) => a * b.Mean([2, 3], keep: true),
        ["spread"] = (a, b) => a * b.Mean([0, 1], keep: true),
        ["matmul"] = (a, b) => a.MatMul(b.Transpose(2, 3)),
        ["layer_norm"] = (a, b) => Aten.LayerNorm(a, [b.Size(3)], Aten.Select(Aten.Select(Aten.Select(b, 0, 0), 0, 0), 0, 0)),
    };

    public static TheoryData<string> Names => [.. operators.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Operators_and_their_gradients_have_the_bits_of_one_thread(string name)
    {
        using var scope = new Scope();
        RandomState.Seed(5);
        Tensor[] given = [Aten.Randn([3, 17, 65, 67]), Aten.Randn([3, 17, 65, 67])];
        foreach (var tensor in given)
            tensor.RequiresGrad = true;
        float[][] Run(int threads)
        {
            TorchInfo.Threads = threads;
            using var bits = new SameBits(on: true);
            Assert.Equal(threads, TorchInfo.Threads);
            var result = operators[name](given[0], given[1]);
            RandomState.Seed(6);
            var gradients = Gradients.Of(result, given, result.Dimensions == 0 ? null : Aten.Randn(result.Shape));
            return [.. new[] { result }.Concat(gradients).Select(t => t.ToArray<float>())];
        }
        var one = Run(1);
        foreach (var threads in new[] { 2, 3, 5 })
            Assert.All(one.Zip(Run(threads)), pair => Assert.True(pair.First.AsSpan().SequenceEqual(pair.Second)));
    }

    [Fact]
    public void Scopes_nest_and_the_threads_come_back()
    {
        TorchInfo.Threads = 2;
        using (new SameBits(on: true))
        {
            using (new SameBits(on: true, helps: true))
                Assert.Equal(1, TorchInfo.Threads);
            TorchInfo.Threads = 3;
            Assert.Equal(3, TorchInfo.Threads);
        }
        Assert.Equal(3, TorchInfo.Threads);
        using (new SameBits(on: false))
            Assert.Equal(3, TorchInfo.Threads);
    }
}
