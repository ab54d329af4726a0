using Hwaso.Models.Attention;
using Hwaso.Models.Backbones;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Models.Tests;

/// <summary>Attention modules and blocks against central differences in float64, for their inputs and every weight.</summary>
public sealed class BlockGradientTests : TensorTest
{
    public static TheoryData<string> Modules => [.. AttentionModule.All.Select(a => a.Name)];

    [Theory]
    [MemberData(nameof(Modules))]
    public void An_attention_modules_gradients_are_those_of_differences(string name) =>
        Check(w => Zoo.FindAttention(name)!.Build(w, 8), [2, 8, 3, 5]);

    [Theory]
    [MemberData(nameof(Modules))]
    public void A_block_with_attention_has_the_gradients_of_differences(string name) =>
        Check(w => new BasicBlock(w, 4, 8, stride: 2, Zoo.FindAttention(name)), [2, 4, 6, 5]);

    [Theory]
    [MemberData(nameof(Modules))]
    public void A_dilated_Bottleneck_with_attention_has_the_gradients_of_differences(string name) =>
        Check(w => new Bottleneck(w, 4, 4, dilation: 2, attention: Zoo.FindAttention(name)), [2, 4, 6, 5]);

    [Fact]
    public void A_Bottleneck_has_the_gradients_of_differences() => Check(w => new Bottleneck(w, 4, 2, stride: 2), [2, 4, 6, 5]);

    [Theory]
    [InlineData(FuseUpsampling.Bilinear)]
    [InlineData(FuseUpsampling.Nearest)]
    public void A_module_of_HRNet_has_the_gradients_of_differences(FuseUpsampling upsampling)
    {
        using var scope = new Scope();
        using var weights = Weights.Create(type: ScalarType.Float64);
        RandomState.Seed(21);
        var config = HRNetConfig.W18SmallV1;
        var net = new HighResolutionModule(weights, new HRNetStage(1, [1, 1, 1], [2, 3, 4]), config, upsampling);
        Tensor[] branches =
            [Tensor.Randn([2, 2, 8, 8], ScalarType.Float64), Tensor.Randn([2, 3, 4, 4], ScalarType.Float64),
            Tensor.Randn([2, 4, 2, 2], ScalarType.Float64)];
        Scatter(weights);
        NumericalGradient.Check(
            () => Tensor.Concat([.. net.Call(branches).Select(b => b.Flatten(0))], 0),
            [.. branches.Select((b, k) => ($"branch {k}", b)), .. weights.Parameters.Select(p => (p.Key, p.Value))], most: 4);
    }

    static void Check(Func<Weights, Net> build, long[] shape)
    {
        using var scope = new Scope();
        using var weights = Weights.Create(type: ScalarType.Float64);
        RandomState.Seed(20);
        var net = build(weights);
        var x = Tensor.Randn(shape, ScalarType.Float64);
        Scatter(weights);
        NumericalGradient.Check(() => net.Call(x), [("input", x), .. weights.Parameters.Select(p => (p.Key, p.Value))], most: 12);
    }

    /// <summary>Off the initial values, some of which are special: zeros, ones, offsets on whole pixels.</summary>
    static void Scatter(Weights weights)
    {
        using var scope = new Scope();
        using var off = new Torch.Autograd.NoGrad();
        foreach (var (_, parameter) in weights.Parameters)
            Aten.Add_(parameter, Tensor.Randn(parameter.Shape, ScalarType.Float64), 0.3);
    }
}
