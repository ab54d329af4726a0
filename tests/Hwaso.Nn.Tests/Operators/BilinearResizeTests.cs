using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Nn.Tests.Operators;

public sealed class BilinearResizeTests : TensorTest
{
    [Theory]
    [InlineData(5, 7, 10, 14, false)]
    [InlineData(5, 7, 13, 9, false)]
    [InlineData(9, 12, 4, 5, false)]
    [InlineData(5, 7, 10, 14, true)]
    [InlineData(9, 12, 4, 5, true)]
    [InlineData(1, 3, 6, 1, true)]
    [InlineData(1, 1, 8, 8, false)]
    [InlineData(6, 6, 6, 6, false)]
    public void Resizing_answers_as_libtorch_bit_for_bit_and_its_gradient_is_libtorch_s(int h, int w, int height, int width, bool corners)
    {
        using var scope = new Scope();
        RandomState.Seed(5);
        var image = Tensor.Randn([2, 3, h, w]);
        var flow = Tensor.Randn([2, 3, height, width]);
        (float[] Answer, float[] Gradient) Run()
        {
            var x = image.Clone();
            x.RequiresGrad = true;
            var y = x.ResizeBilinear(height, width, corners);
            y.Backward(flow);
            return (y.ToArray<float>(), x.Grad!.ToArray<float>());
        }
        var usual = Run();
        TorchInfo.IsDeterministic = true;
        try
        {
            Assert.True(TorchInfo.IsDeterministic);
            var (answer, gradient) = Run();
            Assert.Equal(usual.Answer, answer);
            Assert.Equal(gradient, Run().Gradient);
            // Sums of at most a few dozen terms in another order.
            AssertClose(usual.Gradient, gradient, 1e-6, "gradient");
        }
        finally
        {
            TorchInfo.IsDeterministic = false;
        }
        Assert.False(TorchInfo.IsDeterministic);
    }

    [Theory]
    [InlineData(5, 10, false)]
    [InlineData(12, 5, false)]
    [InlineData(7, 19, false)]
    [InlineData(5, 10, true)]
    [InlineData(9, 4, true)]
    [InlineData(3, 1, true)]
    [InlineData(1, 8, false)]
    public void Shares_made_on_the_device_are_those_made_by_the_processor(int from, int to, bool corners)
    {
        using var scope = new Scope();
        var resize = new BilinearFunction(to, to, corners);
        var scale = BilinearFunction.ScaleOf(from, to, corners);
        // 1 − (second − place) and place − first differ in the last bit.
        var here = resize.Shares(from, to, scale).ToArray<float>();
        AssertClose(here, resize.SharesOn(Device.Cpu, from, to, scale).ToArray<float>(), 5e-7, "shares");
    }
}
