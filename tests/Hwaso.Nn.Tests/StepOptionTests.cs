using Hwaso.Checkpoints;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Nn.Tests;

/// <summary>What a training step can have beside an optimiser: clipped gradients, a moving average, batch norms that stay.</summary>
public sealed class StepOptionTests : TensorTest
{
    [Theory]
    [InlineData(0.5, true)]
    [InlineData(100, false)]
    public void Gradients_are_scaled_to_a_common_length_where_they_are_longer(double limit, bool clipped)
    {
        using var weights = Weights.Create(type: ScalarType.Float64);
        using var scope = new Scope();
        double[][] values = [[3, -4], [12]];
        var parameters = new[] { weights.Parameter("a", [2]), weights.Parameter("b", [1]), weights.Parameter("unused", [1]) };
        for (var k = 0; k < 2; k++)
            parameters[k].Grad = Tensor.From(values[k]);
        // √(9 + 16 + 144) = 13; PyTorch divides by the length + 1e-6.
        Assert.Equal(13, GradientClipping.Clip([new ParameterGroup([.. weights.Parameters])], limit), 1e-12);
        var factor = clipped ? limit / (13 + 1e-6) : 1;
        for (var k = 0; k < 2; k++)
            Assert.Equal(values[k].Select(v => v * factor), parameters[k].Grad!.ToArray<double>(), (a, b) => Math.Abs(a - b) < 1e-12);
    }

    [Fact]
    public void A_length_that_is_not_finite_is_told_and_changes_nothing()
    {
        using var weights = Weights.Create();
        using var scope = new Scope();
        var parameter = weights.Parameter("a", [2]);
        parameter.Grad = Tensor.From([float.PositiveInfinity, 1f], 2);
        Assert.Equal(double.PositiveInfinity, GradientClipping.Clip([new ParameterGroup([.. weights.Parameters])], 1));
        Assert.Equal([float.PositiveInfinity, 1], parameter.Grad!.ToArray<float>());
        Assert.Throws<ArgumentOutOfRangeException>(() => GradientClipping.Clip([], 0));
        Assert.Equal(0, GradientClipping.Clip([], 1));
    }

    [Fact]
    public void An_average_is_its_formula_and_takes_the_place_of_the_weights_and_back()
    {
        const double Decay = 0.5;
        using var weights = Weights.Create(type: ScalarType.Float64);
        using var scope = new Scope();
        var weight = weights.Parameter("w", [2]);
        var count = weights.Buffer("n", [], 0, ScalarType.Int64);
        using var average = new WeightAverage(weights, Decay);
        double[] wanted = [0, 0];
        for (var step = 0; step < 10; step++)
        {
            double[] now = [step + 1, -step * step];
            weight.CopyFrom(HostTensor.Of(now, 2));
            count.CopyFrom(HostTensor.Of(new long[] { step }));
            average.Update();
            // From step 8 on (1 + n)/(10 + n) = 9/18 the decay itself.
            var decay = Math.Min(Decay, (1.0 + step) / (10 + step));
            wanted = [.. wanted.Zip(now, (a, w) => decay * a + (1 - decay) * w)];
        }
        average.Swap();
        Assert.Equal(wanted, weight.ToArray<double>(), (a, b) => Math.Abs(a - b) < 1e-12 * Math.Abs(a));
        Assert.Equal(9, count.Item());
        average.Swap();
        Assert.Equal([10, -81], weight.ToArray<double>());
    }

    [Fact]
    public void An_average_goes_on_from_its_state_with_the_same_bits()
    {
        using var weights = Weights.Create();
        using var scope = new Scope();
        RandomState.Seed(4);
        var weight = weights.Parameter("w", [5, 3], t => Init.Normal(t, 1));
        using var whole = new WeightAverage(weights, 0.9);
        whole.Update();
        using var resumed = new WeightAverage(weights, 0.9);
        resumed.LoadState(whole.State().ToDictionary(s => s.Key, s => s.Value));
        Init.Normal(weight, 1);
        whole.Update();
        resumed.Update();
        Assert.Equal(whole.State().Select(s => Convert.ToHexString(s.Value.Data.Span)),
            resumed.State().Select(s => Convert.ToHexString(s.Value.Data.Span)));
        Assert.Contains("'w' is missing",
            Assert.Throws<ArgumentException>(() => resumed.LoadState(new Dictionary<string, HostTensor>())).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new WeightAverage(weights, 1));
    }

    [Fact]
    public void Frozen_batch_norms_use_their_statistics_and_leave_them()
    {
        using var weights = Weights.Create();
        using var scope = new Scope();
        RandomState.Seed(6);
        var net = new Sequential(weights, p => new Conv2d(p, 2, 3, kernel: 1), p => new BatchNorm2d(p, 3));
        var x = Tensor.Randn([4, 2, 5, 5]);
        net.Call(x);
        var mean = weights["1.running_mean"].ToArray<float>();
        net.Eval();
        var wanted = net.Call(x).ToArray<float>();
        net.Train();

        BatchNormFreezing.FreezeStatistics(weights);
        Assert.Equal(wanted, net.Call(x).ToArray<float>());
        Assert.Equal(mean, weights["1.running_mean"].ToArray<float>());

        BatchNormFreezing.FreezeParameters(weights);
        net.Call(x).Sum().Backward();
        Assert.Null(weights["1.weight"].Grad);
        Assert.NotNull(weights["0.weight"].Grad);

        net.Train();
        net.Call(x);
        Assert.NotEqual(mean, weights["1.running_mean"].ToArray<float>());
    }
}
