using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Nn.Tests;

public sealed class WeightsTests : TensorTest
{
    [Fact]
    public void A_path_holds_what_is_under_it_and_not_its_namesakes()
    {
        using var weights = Weights.Create();
        _ = new Conv2d(weights / "stage1", 1, 2, 1);
        _ = new BatchNorm2d(weights / "stage1" / 0, 2);
        _ = new Conv2d(weights / "stage10", 1, 3, 1);
        Assert.Equal(["stage1.weight", "stage1.0.weight", "stage1.0.bias"], (weights / "stage1").Parameters.Select(p => p.Key));
        Assert.Equal(["stage1.0.running_mean", "stage1.0.running_var", "stage1.0.num_batches_tracked"],
            (weights / "stage1").Buffers.Select(p => p.Key));
        Assert.Equal(2 + 2 + 2, (weights / "stage1").ParameterCount);
        Assert.Equal(2 + 4 + 3, weights.ParameterCount);
        Assert.Same(weights["stage1.0.bias"], (weights / "stage1")["0.bias"]);
        Assert.Throws<ArgumentException>(() => weights / "");
    }

    [Fact]
    public void Modes_reach_what_is_under_a_module_and_not_its_namesakes()
    {
        using var weights = Weights.Create();
        var one = new Sequential(weights / "a", p => new Dropout(p), p => new Sequential(p, q => new ReLU(q)));
        var other = new ReLU(weights / "ab");
        one.Eval();
        Assert.False(((Sequential)one[1])[0].IsTraining);
        Assert.True(other.IsTraining);
        one.Train();
        Assert.True(((Sequential)one[1])[0].IsTraining);
    }

    [Fact]
    public void A_missing_name_is_answered_with_near_ones()
    {
        using var weights = Weights.Create();
        _ = new Conv2d(weights / "conv1", 1, 1, 1);
        var message = Assert.Throws<KeyNotFoundException>(() => weights["conv2.weight"]).Message;
        Assert.Contains("conv2.weight", message, StringComparison.Ordinal);
        Assert.Contains("conv1.weight", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_doubled_name_frees_the_second_and_keeps_the_first()
    {
        using var weights = Weights.Create();
        var first = weights.Parameter("p", [2], t => Init.Constant(t, 3));
        var before = Tensor.LiveHandles;
        Assert.Throws<ArgumentException>(() => weights.Buffer("p", [4]));
        Assert.Equal(before, Tensor.LiveHandles);
        Assert.Equal([3f, 3f], weights["p"].ToArray<float>());
        Assert.Same(first, weights["p"]);
    }

    [Fact]
    public void Memory_format_changes_the_layout_of_4D_parameters_and_nothing_else()
    {
        using var weights = Weights.Create();
        using var scope = new Scope();
        RandomState.Seed(12);
        var conv = new Conv2d(weights, 3, 4, 3, bias: true);
        var (values, x) = (conv.Weight.ToArray<float>(), Tensor.Randn([1, 3, 6, 5]));
        var expected = conv.Call(x).ToArray<float>();
        weights.UseMemoryFormat(MemoryFormat.ChannelsLast);
        Assert.True(conv.Weight.IsChannelsLast && !conv.Weight.IsContiguous && conv.Weight.RequiresGrad);
        Assert.Equal(values, conv.Weight.ToArray<float>());
        // Another order of 27 additions.
        AssertClose(expected, conv.Call(x).ToArray<float>(), 27 * Math.Pow(2, -24));
        weights.UseMemoryFormat(MemoryFormat.Contiguous);
        Assert.True(conv.Weight.IsContiguous);
        Assert.Equal(values, conv.Weight.ToArray<float>());
    }

    // Where libtorch 1.13 ended the process: MALLOC_CHECK_=3 showed it at 3 to 7 channels, at no width from 8 to 40, and not at stride 1.
    [Theory]
    [InlineData(7, 1, 2, false)]
    [InlineData(8, 1, 2, true)]
    [InlineData(7, 1, 1, true)]
    [InlineData(3, 3, 2, true)]
    public void Narrow_strided_convolutions_are_not_trained_in_channels_last(int channels, int kernel, int stride, bool wanted)
    {
        using var weights = Weights.Create();
        _ = new Conv2d(weights / "wide", 16, 16, kernel: 1, stride: 2);
        _ = new Conv2d(weights / "layer1.downsample", channels, 16, kernel, stride);
        Assert.Equal(wanted, weights.TrainsInChannelsLast);
    }

    [Fact]
    public void Weights_made_without_initialising_are_zero_and_draw_no_random_number()
    {
        using var scope = new Scope();
        using var weights = Weights.Create(initialise: false);
        RandomState.Seed(13);
        var conv = new Conv2d(weights, 3, 4, 3);
        var next = Tensor.Randn([4]).ToArray<float>();
        RandomState.Seed(13);
        Assert.Equal(next, Tensor.Randn([4]).ToArray<float>());
        Assert.All(conv.Weight.ToArray<float>(), v => Assert.Equal(0, v));
    }
}
