using Hwaso.Tests;
using Hwaso.Torch.Autograd;

namespace Hwaso.Torch.Tests.Autograd;

public sealed class FunctionTests : TensorTest
{
    [Fact]
    public void A_managed_operator_has_the_gradient_that_differences_give()
    {
        using var scope = new Scope();
        RandomState.Seed(1);
        var a = Tensor.Randn([3, 4], ScalarType.Float64);
        var b = Tensor.Randn([3, 4], ScalarType.Float64);
        NumericalGradient.Check(() => ProductOfSines.Run(a, b), [("a", a), ("b", b)]);
        // One input twice: both of its gradients add up.
        NumericalGradient.Check(() => ProductOfSines.Run(a, a) + a, [("a", a)]);
    }

    [Fact]
    public void A_wrong_gradient_does_not_pass_the_numerical_check()
    {
        using var scope = new Scope();
        var a = Tensor.From([0.1, 0.2, 0.3], 3);
        var wrong = Assert.ThrowsAny<Xunit.Sdk.XunitException>(() =>
            NumericalGradient.Check(() => new Doubling(2.001).Apply(a)[0], [("a", a)]));
        Assert.Contains("a[0]", wrong.Message, StringComparison.Ordinal);
        NumericalGradient.Check(() => new Doubling(2).Apply(a)[0], [("a", a)]);
    }

    [Fact]
    public void What_a_managed_operator_saved_is_freed_with_the_graph()
    {
        var before = Tensor.LiveHandles;
        using (new Scope())
        {
            var a = Tensor.Ones([2]);
            a.RequiresGrad = true;
            ProductOfSines.Run(a, a).Sum().Backward();
            ProductOfSines.Run(a, a);
        }
        Assert.Equal(before, Tensor.LiveHandles);
    }

    [Fact]
    public void Without_followed_inputs_nothing_is_saved()
    {
        using var scope = new Scope();
        var result = ProductOfSines.Run(Tensor.Ones([2]), Tensor.Ones([2]));
        Assert.False(result.RequiresGrad);
    }

    [Fact]
    public void An_exception_in_managed_backward_arrives_with_its_message()
    {
        using var scope = new Scope();
        var a = Tensor.Ones([2]);
        a.RequiresGrad = true;
        var y = new Failing().Apply(a)[0].Sum();
        var error = Assert.Throws<TorchException>(() => y.Backward());
        Assert.Contains("failing: the reason", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_backward_without_retainGraph_is_an_error()
    {
        using var scope = new Scope();
        var a = Tensor.Ones([2]);
        a.RequiresGrad = true;
        var y = ProductOfSines.Run(a, a).Sum();
        y.Backward();
        Assert.Throws<TorchException>(() => y.Backward());
    }

    [Fact]
    public void No_grad_ends_with_its_block()
    {
        using var scope = new Scope();
        var a = Tensor.Ones([2]);
        a.RequiresGrad = true;
        using (new NoGrad())
            Assert.False((a + a).RequiresGrad);
        Assert.True((a + a).RequiresGrad);
        Assert.Equal([3f, 3f], Gradients.Of((a * a * a).Sum(), [a])[0].ToArray<float>());
        Assert.Null(a.Grad);
    }

    /// <summary>sin(a) · sin(b), computed in C#.</summary>
    sealed class ProductOfSines : Function
    {
        Tensor? a, b;

        public override string Name => "product_of_sines";

        public static Tensor Run(Tensor a, Tensor b) => new ProductOfSines().Apply(a, b)[0];

        protected override Tensor[] Forward(Tensor[] inputs)
        {
            (a, b) = (Save(inputs[0]), Save(inputs[1]));
            return [Map(a, b, (x, y) => Math.Sin(x) * Math.Sin(y))];
        }

        protected override Tensor?[] Backward(Tensor?[] gradients) =>
        [
            gradients[0]! * Map(a!, b!, (x, y) => Math.Cos(x) * Math.Sin(y)),
            gradients[0]! * Map(a!, b!, (x, y) => Math.Sin(x) * Math.Cos(y)),
        ];

        static Tensor Map(Tensor a, Tensor b, Func<double, double, double> f)
        {
            var values = a.ToArray<double>().Zip(b.ToArray<double>(), f).ToArray();
            return Tensor.From(values, a.Shape).To(a.Type);
        }
    }

    /// <summary>2a, with a slope that is whatever it is told.</summary>
    sealed class Doubling(double slope) : Function
    {
        public override string Name => "doubling";

        protected override Tensor[] Forward(Tensor[] inputs) => [inputs[0] * 2];

        protected override Tensor?[] Backward(Tensor?[] gradients) => [gradients[0]! * slope];
    }

    sealed class Failing : Function
    {
        public override string Name => "failing";

        protected override Tensor[] Forward(Tensor[] inputs) => [inputs[0].Clone()];

        protected override Tensor?[] Backward(Tensor?[] gradients) => throw new InvalidOperationException("the reason");
    }
}
