using Hwaso.Tests;
using Hwaso.Torch.Autograd;

namespace Hwaso.Torch.Tests;

/// <summary>Operators of one or two tensors, which pass the door without boxes.</summary>
public sealed class DirectCallTests : TensorTest
{
    static readonly (string Name, Func<Tensor, Tensor, Tensor> Typed)[] operators =
    [
        ("aten::mul.Tensor", (a, b) => a * b), ("aten::add.Tensor", (a, b) => a + b), ("aten::sub.Tensor", (a, b) => a - b),
        ("aten::div.Tensor", (a, b) => a / b), ("aten::matmul", (a, b) => a.MatMul(b)), ("aten::relu", (a, _) => a.Relu()),
        ("aten::exp", (a, _) => Aten.Exp(a)), ("aten::detach", (a, _) => a.Detach()),
    ];

    [Fact]
    public void Answers_and_gradients_are_those_of_the_general_way()
    {
        foreach (var (name, typed) in operators)
        {
            using var scope = new Scope();
            var results = new[] { true, false }.Select(direct =>
            {
                Tensor a = Tensor.From([1f, -2f, 3f, 0.5f], 2, 2), b = Tensor.From([0.25f, 4f, -1f, 2f], 2, 2);
                a.RequiresGrad = b.RequiresGrad = name != "aten::detach";
                // An observer's calls take the general way.
                using var observation = direct ? null : Door.Observe(new Names());
                var y = typed(a, b);
                if (y.RequiresGrad)
                    (y * y).Sum().Backward();
                return new[] { y, a.Grad, b.Grad }.SelectMany(t => t?.Detach().ToArray<float>() ?? []).ToArray();
            }).ToArray();
            Assert.Equal(results[0], results[1]);
        }
    }

    [Fact]
    public void A_factor_of_what_is_added_is_kept_and_types_are_promoted()
    {
        using var scope = new Scope();
        Tensor a = Tensor.From([1f, 2f], 2), b = Tensor.From([10L, 20L], 2);
        Assert.Equal([31f, 62f], Aten.Add(a, b, 3L).ToArray<float>());
        Assert.Equal([-4f, -8f], Aten.Sub(a, b, 0.5).ToArray<float>());
        Assert.Equal([31f, 62f], Aten.Call("aten::add.Tensor", a, b, 3L).AsTensor().ToArray<float>());
        Assert.Equal([true, true], (Tensor.From([true, false], 2) + Tensor.From([false, true], 2)).ToArray<bool>());
    }

    [Fact]
    public void Observers_and_stand_ins_see_them()
    {
        using var scope = new Scope();
        Tensor a = Tensor.From([1f, 2f], 2), b = Tensor.From([3f, 4f], 2);
        var seen = new Names();
        using (Door.Observe(seen))
        {
            _ = a * b;
            _ = a + b;
            _ = a.Relu();
        }
        Assert.Equal(["aten::mul.Tensor 2 1", "aten::add.Tensor 3 1", "aten::relu 1 1"], seen.Found);
        using (Door.Replace(new Answers(b)))
            Assert.Same(b, a * a);
        Assert.NotSame(b, a * a);
    }

    [Fact]
    public void A_disposed_tensor_a_missing_one_and_a_refusal_are_errors()
    {
        using var scope = new Scope();
        Tensor a = Tensor.From([1f, 2f], 2), freed = Tensor.From([1f, 2f], 2);
        freed.Dispose();
        Assert.Throws<ObjectDisposedException>(() => a * freed);
        Assert.Throws<ObjectDisposedException>(() => freed.Relu());
        Assert.Contains("'other' wants Tensor, got null", Assert.Throws<TorchException>(() => a * (Tensor)null!).Message,
            StringComparison.Ordinal);
        var error = Assert.Throws<TorchException>(() => a * Tensor.Zeros([3]));
        Assert.Contains("aten::mul.Tensor(float32[2], float32[3])", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void References_come_out_even_with_one_tensor_on_both_sides_and_where_the_call_fails()
    {
        using var scope = new Scope();
        Tensor a = Tensor.From([1f, 2f], 2), wrong = Tensor.Zeros([3]);
        using var off = new NoGrad();
        var before = Tensor.LiveHandles;
        for (var k = 0; k < 1000; k++)
        {
            (a * a).Dispose();
            a.Detach().Dispose();
            Assert.Throws<TorchException>(() => wrong * a);
        }
        Assert.Equal(before, Tensor.LiveHandles);
        // A reference too few would have freed its numbers.
        Assert.Equal([1f, 4f], (a * a).ToArray<float>());
    }

    sealed class Answers(Tensor answer) : IStandIn
    {
        public Value Answer(Operator operation, ReadOnlySpan<Value> arguments) => answer;
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

        public void Called(Operator operation, ReadOnlySpan<Value> arguments, ReadOnlySpan<Value> results) =>
            Found.Add($"{operation.Name} {arguments.Length} {results.Length}");
    }
}
