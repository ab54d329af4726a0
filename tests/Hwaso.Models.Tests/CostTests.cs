using Hwaso.Graph;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Models.Tests;

/// <summary>
/// Parameters and multiply-adds against those measured on the official implementations (HRNet-Semantic-Segmentation, 59 classes, 480×480).
/// Sketches are counted, which SketchTests compares with recordings.
/// </summary>
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
        var cost = Cost.Of(NetworkGraph.Sketch(w => Zoo.Find(name).Build(w, 59), [1, 3, 480, 480]));

        Assert.Equal(parameters, cost.Parameters);
        Assert.Equal(macs, cost.Macs);
        Assert.Equal(name.Contains('+', StringComparison.Ordinal), cost.MacsAll > cost.Macs);
    }

    // Measured on torchvision's; FCN without its auxiliary head.
    [Theory]
    [InlineData("resnet50", 1000, 224, 25_557_032, 4_089_184_256)]
    [InlineData("resnet101", 1000, 224, 44_549_160, 7_801_405_440)]
    [InlineData("efficientnet-b0", 1000, 224, 5_288_548, 385_814_752)]
    [InlineData("unet-resnet50", 21, 512, 32_524_005, 43_285_217_280)]
    [InlineData("unet-resnet50-multidecoder", 21, 512, 32_524_005, 43_285_217_280)]
    [InlineData("fcn-resnet50", 59, 512, 32_976_507, 138_447_683_584)]
    [InlineData("fcn-resnet101", 59, 512, 51_968_635, 216_025_530_368)]
    public void What_is_deployed_costs_what_the_official_one_costs(string name, int classes, int side, long parameters, long macs)
    {
        var cost = Cost.Of(NetworkGraph.Sketch(w => Zoo.Find(name).Deployed().Build(w, classes), [1, 3, side, side]));
        Assert.Equal(parameters, cost.Parameters);
        Assert.Equal(macs, cost.Macs);
    }

    [Fact]
    public void EfficientNet_b7_costs_what_the_official_one_costs()
    {
        var cost = Cost.Of(NetworkGraph.Sketch(w => Zoo.Find("efficientnet-b7").Build(w, 1000), [1, 3, 600, 600]));
        Assert.Equal((66_347_960, 37_745_884_192), (cost.Parameters, cost.Macs));
    }

    [Fact]
    public void What_only_training_uses_costs_nothing_in_evaluation()
    {
        using var scope = new Scope();
        using var weights = Weights.Create(initialise: false);
        var net = Zoo.Find("fcn-resnet50").Build(weights, 59);
        var cost = Cost.Of(NetworkGraph.Of(net, Tensor.Zeros([1, 3, 64, 64])));
        // A 3×3 convolution 1024→256, batch norm, a 1×1 convolution to 59 classes with bias.
        Assert.Equal(1024 * 256 * 9 + 2 * 256 + 256 * 59 + 59, weights.ParameterCount - 32_976_507);
        Assert.Equal(32_976_507, cost.Parameters);
        Assert.Equal(138_447_683_584 / 64, cost.Macs);
    }
}
