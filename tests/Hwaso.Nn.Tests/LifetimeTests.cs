using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Nn.Tests;

public sealed class LifetimeTests : TensorTest
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_thousand_steps_hold_no_more_tensors_than_ten(bool adam)
    {
        using var outer = new Scope();
        using var weights = Weights.Create();
        var net = new Sequential(
            weights,
            p => new Conv2d(p, 3, 4, 3),
            p => new BatchNorm2d(p, 4),
            p => new ReLU(p),
            p => new Dropout(p, 0.1),
            p => new Conv2d(p, 4, 3, 1, bias: true));
        var group = new ParameterGroup([.. weights.Parameters], 1, 1e-4);
        using Optimiser optimiser = adam ? new Adam([group], 1e-3, decoupled: true) : new Sgd([group], 1e-3, 0.9);
        using var loss = new CrossEntropy(classWeights: [1, 2, 1]);
        RandomState.Seed(11);
        var image = Tensor.Randn([1, 3, 8, 8]);
        var labels = Tensor.From(Enumerable.Range(0, 256).Select(i => i % 4 == 3 ? 255L : i % 4).ToArray(), 1, 16, 16);
        long after10 = 0;
        for (var step = 1; step <= 1000; step++)
        {
            using var scope = new Scope();
            loss.Of(net.Call(image), labels).Backward();
            optimiser.Step();
            optimiser.ZeroGrad();
            if (step == 10)
                after10 = Tensor.LiveHandles;
        }
        // Taken inside the tenth step's scope; outside of one there can only be fewer.
        Assert.True(Tensor.LiveHandles <= after10, $"{Tensor.LiveHandles} tensors after 1000 steps, {after10} in the tenth");
    }

    [Fact]
    public void Minimising_is_a_step_that_keeps_no_tensor()
    {
        using var weights = Weights.Create(type: ScalarType.Float64);
        var p = weights.Parameter("p", [], t => t.SetData(Tensor.From([3.0]).Reshape()));
        using var sgd = new Sgd([new ParameterGroup([.. weights.Parameters])], learningRate: 0.25);
        var before = Tensor.LiveHandles;
        // p², whose gradient is 2 p: 3 becomes 3 − 0.25 · 6 = 1.5, then 0.75; in binary exactly. A gradient left over does not count.
        using (new Scope())
            p.Grad = Tensor.From([7.0]).Reshape();
        Assert.Equal(9.0, sgd.Minimise(() => p * p));
        Assert.Equal(2.25, sgd.Minimise(() => p * p));
        Assert.Equal(0.75, p.Item());
        Assert.Null(p.Grad);
        Assert.Equal(before, Tensor.LiveHandles);
    }

    [Fact]
    public void A_module_frees_all_but_what_it_returns()
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        var net = new Sequential(weights, p => new Conv2d(p, 2, 3, 3), p => new ReLU(p), p => new Conv2d(p, 3, 1, 1));
        var x = Tensor.Zeros([1, 2, 5, 5]);
        var before = Tensor.LiveHandles;
        Assert.Equal([1, 1, 5, 5], net.Call(x).Shape);
        Assert.Equal(before + 1, Tensor.LiveHandles);
    }

    [Fact]
    public void Disposing_optimiser_and_weights_frees_what_they_own()
    {
        using var scope = new Scope();
        var before = Tensor.LiveHandles;
        var weights = Weights.Create();
        var p = weights.Parameter("p", [3]);
        var adam = new Adam([new ParameterGroup([.. weights.Parameters])], 0.1);
        using (new Scope())
            p.Grad = Tensor.Ones([3]);
        adam.Step();
        Assert.Equal(before + 4, Tensor.LiveHandles);
        adam.Dispose();
        Assert.Equal(before + 1, Tensor.LiveHandles);
        weights.Dispose();
        Assert.Equal(before, Tensor.LiveHandles);
    }
}
