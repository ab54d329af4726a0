using Hwaso.Graph;
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Tests;

namespace Hwaso.Models.Tests.HRNet;

/// <summary>
/// Parameters and multiply-adds of pose and OCR against those measured on the official implementations; of the classifiers against their
/// README.
/// </summary>
public sealed class HRNetCostTests : TensorTest
{
    [Theory]
    [InlineData(32, 256, 192, 28_536_113, 7_645_003_776)]
    [InlineData(48, 384, 288, 63_595_745, 35_306_606_592)]
    public void Pose_costs_what_the_official_one_costs(int width, int h, int w, long parameters, long macs) =>
        Check(root => new HRNetPose(root, HRNetConfig.OfWidth(width)), h, w, parameters, macs);

    [Fact]
    public void OCR_costs_what_the_official_one_costs() =>
        Check(root => new HRNetOcr(root, HRNetConfig.OfWidth(48), new OcrConfig(), 19), 512, 1024, 70_372_678, 323_836_903_424);

    [Fact]
    public void W48_with_19_classes_costs_what_the_official_one_costs() =>
        Check(root => new HRNetV2(root, HRNetConfig.OfWidth(48), 19), 1024, 2048, 65_859_379, 747_513_053_184);

    // README of HRNet-Image-Classification, in millions and in 10^9 multiply-adds at 224×224.
    [Theory]
    [InlineData(18, 21.3, 3.99)]
    [InlineData(30, 37.7, 7.55)]
    [InlineData(32, 41.2, 8.31)]
    [InlineData(40, 57.6, 11.8)]
    [InlineData(44, 67.1, 13.9)]
    [InlineData(48, 77.5, 16.1)]
    public void Classifiers_cost_what_their_README_says(int width, double millions, double giga)
    {
        var cost = Cost.Of(NetworkGraph.Sketch(w => new HRNetClassifier(w, HRNetConfig.OfWidth(width)), [1, 3, 224, 224]));
        Assert.Equal(millions, cost.Parameters / 1e6, 0.05);
        // Printed to three digits, by a tool that divides by 2^30: W18 has 4.28e9 = 3.99 × 2^30.
        Assert.Equal(giga, cost.Macs / (double)(1L << 30), giga < 10 ? 0.006 : 0.06);
    }

    static void Check(Func<Weights, Net> build, int height, int width, long parameters, long macs)
    {
        var cost = Cost.Of(NetworkGraph.Sketch(build, [1, 3, height, width]));
        Assert.Equal(parameters, cost.Parameters);
        Assert.Equal(macs, cost.Macs);
    }
}
