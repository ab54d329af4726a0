using Hwaso.Models.Backbones;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Models.Tests.HRNet;

/// <summary>What does not fit is refused with the block, what was given and what would fit.</summary>
public sealed class HRNetBadInputTests : TensorTest
{
    [Theory]
    [InlineData(new long[] { 1, 3, 31, 64 },
        "transition3.3: an image of 31×64 pixels is smaller than the lowest branch's stride; at least 32×32 was wanted")]
    [InlineData(new long[] { 1, 3, 64, 0 }, "transition3.3: an image of 64×0 pixels")]
    [InlineData(new long[] { 1, 1, 64, 64 }, "conv1: float32[1, 1, 64, 64] was given; images [N, 3, H, W] were wanted")]
    [InlineData(new long[] { 3, 64, 64 }, "conv1: float32[3, 64, 64] was given")]
    public void An_image_that_no_form_takes_is_refused(long[] shape, string message)
    {
        using var scope = new Scope();
        using var weights = Weights.Create(initialise: false);
        Refused(message, () => Tensor.Zeros(shape).Apply(new HRNetV2(weights, HRNetConfig.W18SmallV1, 5)));
    }

    [Theory]
    [InlineData(100, 64, "stage2.0.fuse_layers: an image of 100×64 pixels does not halve down to branch 1 without rest", "as 128×64")]
    [InlineData(72, 64, "stage3.0.fuse_layers: an image of 72×64 pixels", "as 96×64")]
    [InlineData(64, 80, "stage4.0.fuse_layers: an image of 64×80 pixels does not halve down to branch 3", "multiples of 32 fit, as 64×96")]
    public void An_image_whose_branches_do_not_fit_is_refused_where_pixels_are_repeated(long height, long width, params string[] messages)
    {
        using var scope = new Scope();
        using var weights = Weights.Create(initialise: false);
        var net = new HRNetPose(weights, HRNetConfig.W18SmallV1);
        foreach (var message in messages)
            Refused(message, () => Tensor.Zeros([1, 3, height, width]).Apply(net));
    }

    [Fact]
    public void Images_fit_exactly_where_every_branch_halves()
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        using var weights = Weights.Create();
        var net = new HRNetPose(weights, HRNetConfig.W18SmallV1);
        net.Eval();
        // The stem rounds up: 61 to 64 pixels give 16 rows.
        for (var height = 61; height <= 64; height++)
            Assert.Equal([1, 17, 16, 8], Tensor.Zeros([1, 3, height, 32]).Apply(net).Shape);
    }

    [Fact]
    public void A_pyramid_wants_a_pixel_at_stride_64()
    {
        using var scope = new Scope();
        using var weights = Weights.Create(initialise: false);
        var net = new HRNetV2p(weights, HRNetConfig.W18SmallV1);
        Refused("neck.fpn_conv.4: features of 8×32 pixels at stride 4 leave none at stride 64; images of at least 64×64 were wanted",
            () => Tensor.Zeros([1, 3, 32, 128]).Apply(net));
        Refused("backbone.stage4.0.fuse_layers: an image of 64×80 pixels", () => Tensor.Zeros([1, 3, 64, 80]).Apply(net));
    }

    [Fact]
    public void Numbers_that_do_not_fit_are_refused()
    {
        using var weights = Weights.Create(initialise: false);
        var config = HRNetConfig.W18SmallV1;
        Refused("final_layer: 0 joints; at least 1 was wanted", () => new HRNetPose(weights, config, 0));
        Refused("final_layer: final kernel 2; an odd number was wanted", () => new HRNetPose(weights, config, 17, 2));
        Refused("classifier: 0 classes; at least 1 was wanted", () => new HRNetClassifier(weights, config, 0));
        Refused("stage3: 2 block counts and 3 channel counts",
            () => new HRNetV2p(weights, config with { Stage3 = config.Stage3 with { Blocks = [2, 2] } }));
    }

    static void Refused(string message, Func<object> act) =>
        Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(act).Message, StringComparison.Ordinal);
}
