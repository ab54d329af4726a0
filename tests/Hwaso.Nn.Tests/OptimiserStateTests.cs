using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Nn.Tests;

public sealed class OptimiserStateTests : TensorTest
{
    [Fact]
    public void State_is_named_by_what_and_parameter()
    {
        using var weights = TwoParameters();
        using var scope = new Scope();
        using var sgd = Stepped(weights, g => new Sgd(g, 0.1, 0.9));
        using var adam = Stepped(weights, g => new Adam(g, 0.1));
        using var plain = Stepped(weights, g => new Sgd(g, 0.1));
        Assert.Equal(["momentum_buffer/a.b", "momentum_buffer/c"], sgd.State.Select(s => s.Key));
        Assert.Equal(["exp_avg/a.b", "exp_avg/c", "exp_avg_sq/a.b", "exp_avg_sq/c", "step/a.b", "step/c"], adam.State.Select(s => s.Key));
        Assert.Equal(1, adam.State.Single(s => s.Key == "step/c").Value.Item());
        Assert.Empty(plain.State);
    }

    [Fact]
    public void Loading_replaces_everything_remembered_even_by_its_own()
    {
        using var weights = TwoParameters();
        using var scope = new Scope();
        using var sgd = Stepped(weights, g => new Sgd(g, 0.1, 0.9));
        var before = sgd.State.Select(s => s.Value.ToArray<float>()).ToArray();
        sgd.LoadState(sgd.State.ToDictionary(s => s.Key, s => s.Value));
        Assert.Equal(before, sgd.State.Select(s => s.Value.ToArray<float>()));
        sgd.LoadState(new Dictionary<string, Tensor> { ["momentum_buffer/c"] = Tensor.Ones([2]) });
        Assert.Equal("momentum_buffer/c", Assert.Single(sgd.State).Key);
    }

    [Fact]
    public void A_state_that_does_not_fit_is_named_and_changes_nothing()
    {
        using var weights = TwoParameters();
        using var scope = new Scope();
        using var sgd = Stepped(weights, g => new Sgd(g, 0.1, 0.9));
        using var adam = Stepped(weights, g => new Adam(g, 0.1));
        var before = sgd.State.Select(s => s.Value.ToArray<float>()).ToArray();
        AssertRefused(sgd, "momentum_buffer/other", Tensor.Ones([2]), "no such parameter");
        AssertRefused(sgd, "c", Tensor.Ones([2]), "no such parameter");
        AssertRefused(sgd, "momentum_buffer/c", Tensor.Ones([3]), "float32[3] for a parameter of float32[2]");
        AssertRefused(sgd, "momentum_buffer/c", Tensor.Ones([]), "for a parameter of float32[2]");
        AssertRefused(sgd, "exp_avg/c", Tensor.Ones([2]), "Sgd with these settings remembers momentum_buffer");
        AssertRefused(adam, "step/c", Tensor.Ones([2]), "a single number was wanted");
        Assert.Equal(before, sgd.State.Select(s => s.Value.ToArray<float>()));
    }

    [Fact]
    public void Step_counts_of_another_type_are_taken_over()
    {
        using var weights = TwoParameters();
        using var scope = new Scope();
        using var adam = Stepped(weights, g => new Adam(g, 0.1));
        var state = adam.State.ToDictionary(
            s => s.Key, s => s.Key.StartsWith("step/", StringComparison.Ordinal) ? Tensor.From([7f]).Reshape() : s.Value);
        adam.LoadState(state);
        adam.Step();
        Assert.Equal(8, adam.State.Single(s => s.Key == "step/c").Value.Item());
    }

    [Fact]
    public void Settings_out_of_range_and_doubled_parameters_are_refused()
    {
        using var weights = TwoParameters();
        ParameterGroup all = new([.. weights.Parameters]);
        Assert.Throws<ArgumentException>(() => new Sgd([all], -1));
        Assert.Throws<ArgumentException>(() => new Sgd([all], double.NaN));
        Assert.Throws<ArgumentException>(() => new Sgd([all], 1, momentum: -0.1));
        Assert.Throws<ArgumentException>(() => new Sgd([all], 1, nesterov: true));
        Assert.Throws<ArgumentException>(() => new Sgd([all], 1, 0.9, dampening: 0.1, nesterov: true));
        Assert.Throws<ArgumentException>(() => new Adam([all], 1, beta1: 1));
        Assert.Throws<ArgumentException>(() => new Adam([all], 1, epsilon: -1));
        Assert.Throws<ArgumentException>(() => new Sgd([all with { WeightDecay = -1 }], 1));
        Assert.Contains("a.b", Assert.Throws<ArgumentException>(() => new Sgd([all, all], 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Gradients_are_gone_after_ZeroGrad_and_parameters_stay()
    {
        using var weights = TwoParameters();
        using var scope = new Scope();
        using var sgd = Stepped(weights, g => new Sgd(g, 0.1, 0.9));
        var before = weights["c"].ToArray<float>();
        sgd.ZeroGrad();
        Assert.Null(weights["c"].Grad);
        sgd.Step();
        Assert.Equal(before, weights["c"].ToArray<float>());
    }

    static Weights TwoParameters()
    {
        var weights = Weights.Create();
        (weights / "a").Parameter("b", [2, 2]);
        weights.Parameter("c", [2]);
        return weights;
    }

    static Optimiser Stepped(Weights weights, Func<ParameterGroup[], Optimiser> make)
    {
        var optimiser = make([new ParameterGroup([.. weights.Parameters])]);
        foreach (var (_, parameter) in weights.Parameters)
            parameter.Grad = Tensor.Randn(parameter.Shape);
        optimiser.Step();
        return optimiser;
    }

    static void AssertRefused(Optimiser optimiser, string key, Tensor tensor, string message)
    {
        var error = Assert.Throws<ArgumentException>(() => optimiser.LoadState(new Dictionary<string, Tensor> { [key] = tensor }));
        Assert.StartsWith(key, error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}
