using Hwaso.Tests;
using Hwaso.Torch.Autograd;

namespace Hwaso.Torch.Tests.Autograd;

public sealed class AutocastTests : TensorTest
{
    // bfloat16 keeps 8 bits: what is rounded to it is off by at most 2⁻⁸ of itself.
    const double Rounding = 1.0 / 256;

    [Fact]
    public void Products_and_convolutions_are_narrow_within_and_wide_before_and_after()
    {
        using var scope = new Scope();
        RandomState.Seed(3);
        var (a, b) = (Tensor.Randn([5, 7]), Tensor.Randn([7, 3]));
        var (x, w) = (Tensor.Randn([2, 3, 6, 6]), Tensor.Randn([4, 3, 3, 3]));
        Assert.Null(Autocast.TypeOn(Device.Cpu));
        Tensor product, image;
        using (new Autocast(Device.Cpu, ScalarType.BFloat16))
        {
            Assert.Equal(ScalarType.BFloat16, Autocast.TypeOn(Device.Cpu));
            (product, image) = (a.MatMul(b), Aten.Conv2d(x, w, null, [1, 1], [1, 1]));
            Assert.Equal(ScalarType.Float32, (a + a).Type);
            using (Autocast.Off(Device.Cpu))
                Assert.Equal((ScalarType.Float32, (ScalarType?)null), (a.MatMul(b).Type, Autocast.TypeOn(Device.Cpu)));
            Assert.Equal(ScalarType.BFloat16, a.MatMul(b).Type);
        }
        Assert.Null(Autocast.TypeOn(Device.Cpu));
        Assert.Equal((ScalarType.BFloat16, ScalarType.BFloat16, ScalarType.Float32), (product.Type, image.Type, a.MatMul(b).Type));

        // Each factor rounded, and the result: three roundings of what the sum of magnitudes is at most.
        var magnitude = Aten.Abs(a).MatMul(Aten.Abs(b)).ToArray<float>();
        var (narrow, wide) = (product.To(ScalarType.Float32).ToArray<float>(), a.MatMul(b).ToArray<float>());
        Assert.All(Enumerable.Range(0, wide.Length), k => Assert.InRange(Math.Abs(narrow[k] - wide[k]), 0, 3 * Rounding * magnitude[k]));
        Assert.NotEqual(wide, narrow);
    }

    [Fact]
    public void Weights_and_their_gradients_stay_wide()
    {
        using var scope = new Scope();
        RandomState.Seed(4);
        var (x, w) = (Tensor.Randn([4, 8]), Tensor.Randn([8, 2]));
        double[] Gradient(bool narrow)
        {
            var weight = w.Clone();
            weight.RequiresGrad = true;
            Tensor y;
            using (narrow ? new Autocast(Device.Cpu, ScalarType.BFloat16) : default)
                y = x.MatMul(weight);
            (y.To(ScalarType.Float32) * y.To(ScalarType.Float32)).Sum().Backward();
            Assert.Equal((ScalarType.Float32, ScalarType.Float32), (weight.Type, weight.Grad!.Type));
            return weight.Grad!.To(ScalarType.Float64).ToArray<double>();
        }
        var (narrow, wide) = (Gradient(true), Gradient(false));
        // Of sums of four products of some units: a dozen roundings of the largest.
        var largest = wide.Max(Math.Abs);
        Assert.All(narrow.Zip(wide), g => Assert.InRange(Math.Abs(g.First - g.Second), 0, 12 * Rounding * largest));
    }

    [Fact]
    public void A_type_that_the_device_cannot_is_an_error_and_changes_nothing()
    {
        foreach (var type in new[] { ScalarType.Int64, ScalarType.Float16, ScalarType.Float32 })
        {
            var error = Assert.Throws<TorchException>(() => new Autocast(Device.Cpu, type).Dispose());
            Assert.Contains("use bfloat16", error.Message, StringComparison.Ordinal);
            Assert.Null(Autocast.TypeOn(Device.Cpu));
        }
    }
}
