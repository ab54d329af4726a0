using Hwaso.Graph;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Models.Tests;

/// <summary>Parameters and multiply-adds against those measured on the official implementations (HRNet-Semantic-Segmentation, 59 classes, 480×480).</summary>
public sealed class CostTests : TensorTest
{
    [Theory]
    [InlineData("hrnetv2-w18-small-v1", 1_550_459, 3_806_668_800)]
    [InlineData("hrnetv2-w18-small-v2", 3_950_419, 8_599_269_600)]
    [InlineData("hrnetv2-w18", 9_651_959, 16_349_482_800)]
    [InlineData("hrnetv2-w32", 29_565_755, 39_961_958_400)]
    [InlineData("hrnetv2-w40", 45_918_475, 59_171_616_000)]
    [InlineData("hrnetv2-w48", 65_888_219, 82_538_956_800)]
    [InlineData("hrnetv2-w48+psa-spatial", 69_058_523, 85_989_427_200)]
    [InlineData("hrnetv2-w48+psa-s", 71_272_763, 87_754_309_632)]
    [InlineData("hrnetv2-w48+psa-p", 72_243_419, 87_755_300_352)]
    public void HRNetV2_costs_what_the_official_one_costs(string name, long parameters, long macs)
    {
        using var scope = new Scope();
        using var weights = Weights.Create(initialise: false);
        var net = Zoo.Find(name).Build(weights, 59);
        var graph = Hwaso.Graph.Graph.Of(net, Tensor.Zeros([1, 3, 480, 480]));
        var cost = Cost.Of(graph);

        Assert.Equal(parameters, weights.ParameterCount);
        Assert.Equal(parameters, cost.Parameters);
        Assert.Equal(macs, cost.Macs);
        Assert.Equal(name.Contains('+', StringComparison.Ordinal), cost.MacsAll > cost.Macs);
    }
}
