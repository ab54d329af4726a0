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
        a.RequiresGrad = b.RequiresGrad = true;
        (ProductOfSines.Run(a, b) * Tensor.Randn([3, 4], ScalarType.Float64)).Sum().Backward();
        RandomState.Seed(1);
        Tensor.Randn([3, 4], ScalarType.Float64);
        Tensor.Randn([3, 4], ScalarType.Float64);
        var weights = Tensor.Randn([3, 4], ScalarType.Float64);

        // Central differences in float64 with step 1e-6: error about step² + rounding/step ≈ 1e-10; 1e-8 leaves two digits.
        foreach (var input in new[] { a, b })
        {
            var gradient = input.Grad!.ToArray<double>();
            for (var k = 0; k < gradient.Length; k++)
                Assert.Equal(Difference(a, b, input, weights, k), gradient[k], 1e-8);
        }
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

    static double Difference(Tensor a, Tensor b, Tensor input, Tensor weights, int k)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        const double Step = 1e-6;
        var values = input.Span<double>();
        var value = values[k];
        values[k] = value + Step;
        var above = (ProductOfSines.Run(a, b) * weights).Sum().Item();
        values[k] = value - Step;
        var below = (ProductOfSines.Run(a, b) * weights).Sum().Item();
        values[k] = value;
        return (above - below) / (2 * Step);
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

    sealed class Failing : Function
    {
        public override string Name => "failing";

        protected override Tensor[] Forward(Tensor[] inputs) => [inputs[0].Clone()];

        protected override Tensor?[] Backward(Tensor?[] gradients) => throw new InvalidOperationException("the reason");
    }
}
