using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Nn.Tests;

public sealed class LossScalerTests : TensorTest
{
    [Fact]
    public void Gradients_of_the_scaled_loss_are_the_loss_s_bit_for_bit()
    {
        using var weights = Weights.Create();
        using var scope = new Scope();
        RandomState.Seed(6);
        var w = weights.Parameter("w", [20]);
        w.CopyFrom(Tensor.Randn([20]).ToHost());
        ParameterGroup[] groups = [new([.. weights.Parameters])];
        Tensor Loss() => (w * w * w).Sum();
        Loss().Backward();
        var plain = w.Grad!.ToArray<float>();
        w.Grad = null;

        var scaler = new LossScaler();
        scaler.Scaled(Loss()).Backward();
        Assert.NotEqual(plain, w.Grad!.ToArray<float>());
        Assert.True(scaler.Unscale(groups));
        // A power of two changes no digit of float32.
        Assert.Equal(plain, w.Grad!.ToArray<float>());
        Assert.Equal((65536, 1), (scaler.Scale, scaler.GoodSteps));
    }

    [Theory]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NaN)]
    public void A_gradient_that_overflowed_halves_the_scale_and_tells_to_leave_the_step_out(float bad)
    {
        using var weights = Weights.Create();
        using var scope = new Scope();
        weights.Parameter("good", [2]).Grad = Tensor.From([1f, 2f], 2);
        weights.Parameter("bad", [3]).Grad = Tensor.From([1f, bad, 2f], 3);
        weights.Parameter("unused", [1]);
        var scaler = new LossScaler(scale: 8, interval: 2);
        Assert.False(scaler.Unscale([new ParameterGroup([.. weights.Parameters])]));
        Assert.Equal((4, 0, false), (scaler.Scale, scaler.GoodSteps, scaler.IsExhausted));
    }

    [Fact]
    public void Scale_follows_the_rule_of_PyTorch_s_GradScaler()
    {
        // Doubled after every interval of good steps in a row, halved at a bad one: written out.
        var scaler = new LossScaler(scale: 16, interval: 3);
        double[] scales = [.. new[] { true, true, true, true, true, false, true, true, true, false, false }.Select(good =>
        {
            scaler.Adapt(good);
            return scaler.Scale;
        })];
        Assert.Equal([16, 16, 32, 32, 32, 16, 16, 16, 32, 16, 8], scales);

        var other = new LossScaler();
        other.Restore(scaler.Scale, 2);
        other.Adapt(true);
        Assert.Equal((8, 3), (other.Scale, other.GoodSteps));
        var exhausted = new LossScaler(scale: 1);
        exhausted.Adapt(false);
        Assert.True(exhausted.IsExhausted);
    }

    [Fact]
    public void Nothing_to_divide_is_nothing_wrong() => Assert.True(new LossScaler().Unscale([]));
}
