using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Models.Tests.Dense;

/// <summary>What does not fit is refused with the block, what was given and what would fit.</summary>
public sealed class DenseBadInputTests : TensorTest
{
    [Theory]
    [InlineData("resnet18", new long[] { 1, 3, 31, 64 },
        "layer4: an image of 31×64 pixels is smaller than the last stage's stride; at least 32×32 was wanted")]
    [InlineData("unet-resnet18", new long[] { 1, 3, 64, 16 }, "encoder.layer4: an image of 64×16 pixels")]
    [InlineData("fcn-resnet50", new long[] { 1, 3, 7, 64 },
        "backbone.layer4: an image of 7×64 pixels is smaller than the last stage's stride; at least 8×8 was wanted")]
    [InlineData("deeplabv3-resnet50", new long[] { 1, 1, 64, 64 },
        "backbone.conv1: float32[1, 1, 64, 64] was given; images [N, 3, H, W] were wanted")]
    [InlineData("encoding-fcn-resnet50s", new long[] { 3, 64, 64 }, "pretrained.conv1: float32[3, 64, 64] was given")]
    [InlineData("efficientnet-b0", new long[] { 1, 3, 64, 31 },
        "features.8: an image of 64×31 pixels is smaller than the last stage's stride; at least 32×32 was wanted")]
    [InlineData("efficientnet-b0", new long[] { 1, 4, 64, 64 }, "features.0.0: float32[1, 4, 64, 64] was given")]
    public void An_image_that_a_network_does_not_take_is_refused(string name, long[] shape, string message)
    {
        using var scope = new Scope();
        using var weights = Weights.Create(initialise: false);
        var net = Zoo.Find(name).Build(weights, 5);
        Refused(message, () => Tensor.Zeros(shape).Apply(net));
    }

    [Theory]
    [InlineData(8, 8)]
    [InlineData(9, 15)]
    [InlineData(33, 47)]
    public void A_dilated_network_takes_any_size_from_its_stride_on_and_rounds_up(long height, long width)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        using var weights = Weights.Create();
        var net = new FcnResNet(weights, ResNetConfig.R18 with { OutputStride = 8 }, new FcnConfig(), 5);
        net.Eval();
        Assert.Equal([1, 5, (height + 7) / 8, (width + 7) / 8], Tensor.Zeros([1, 3, height, width]).Apply(net).Shape);
    }

    [Theory]
    [InlineData(32, 32)]
    [InlineData(33, 63)]
    [InlineData(45, 100)]
    public void A_U_Net_gives_the_images_size_whether_or_not_it_is_a_multiple_of_32(long height, long width)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        using var weights = Weights.Create();
        var net = new UNet(weights, ResNetConfig.R18, new UNetConfig(), 5);
        net.Eval();
        Assert.Equal([1, 5, height, width], Tensor.Zeros([1, 3, height, width]).Apply(net).Shape);
    }

    [Fact]
    public void Numbers_that_do_not_fit_are_refused()
    {
        using var weights = Weights.Create(initialise: false);
        var config = ResNetConfig.R18;
        Refused("fc: 0 classes; at least 1 was wanted", () => new ResNetClassifier(weights, config, 0));
        Refused("resnet: output stride 12; 8, 16 or 32 was wanted", () => new ResNet(weights / "a", config with { OutputStride = 12 }));
        Refused("resnet: 3 block counts and 4 widths; 4 of each were wanted",
            () => new ResNet(weights / "b", config with { Blocks = [1, 1, 1] }));
        Refused("c.decoder: 4 decoder blocks on 5 maps of the encoder; as many were wanted",
            () => new UNet(weights / "c", config, new UNetConfig { Channels = [8, 8, 8, 8] }, 5));
        Refused("sa_heads: the backbone has 1 resolutions; 4 were wanted", () => new SANet(weights / "d",
            p => new EfficientNet(p, new EfficientNetConfig { Stages = [new(1, 3, 1, 8, 1)] }), new SANetConfig(), new FcnConfig(), 5));
        Refused("efficientnet: output stride 12", () => new EfficientNet(weights / "e", EfficientNetConfig.B0 with { OutputStride = 12 }));
        // A width that no attention module can halve says which block.
        Refused("layer1.0.deattn: 9 channels cannot be halved",
            () => new ResNet(weights / "f", config with { Widths = [9, 16, 16, 16], Attention = Zoo.FindAttention("psa-spatial") }));
    }

    [Fact]
    public void Decoders_can_have_each_others_weights()
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        using var weights = Weights.Create();
        var definition = (UNetDefinition)Zoo.Find("unet-resnet50-multidecoder");
        var net = (UNetMultiDecoder)(definition with { Config = ResNetConfig.R18 }).Build(weights, 5);
        float[] Values(string part) => [.. (weights / part).State.SelectMany(s => s.Value.ToArray<float>())];
        var (semantic, depth, head) = (Values("decoder"), Values("depth_decoder"), Values("segmentation_head"));
        Assert.NotEqual(semantic, depth);
        net.CopyDepthToSemantic();
        Assert.Equal(depth, Values("decoder"));
        Assert.Equal(depth, Values("depth_decoder"));
        Assert.Equal(head, Values("segmentation_head"));
        foreach (var (_, tensor) in (weights / "decoder").Parameters)
            Aten.Fill_(tensor, 2);
        net.CopySemanticToDepth();
        Assert.Equal(Values("decoder"), Values("depth_decoder"));
        Assert.Contains(2f, Values("depth_decoder"));
    }

    [Fact]
    public void Stochastic_depth_drops_whole_images_in_training_and_keeps_the_mean()
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        using var weights = Weights.Create();
        RandomState.Seed(3);
        const int Images = 4000;
        const double P = 0.3;
        var net = new StochasticDepth(weights, P);
        var given = Tensor.Ones([Images, 2, 3, 1]);
        var values = given.Apply(net).ToArray<float>().Chunk(6).ToArray();
        Assert.All(values, image => Assert.Single(image.Distinct()));
        Assert.Equal([0f, (float)(1 / (1 - P))], values.Select(v => v[0]).Distinct().Order());
        // The share kept has deviation √(p(1 − p)/n) = 0.0072; five of them.
        Assert.Equal(1 - P, values.Count(v => v[0] > 0) / (double)Images, 0.036);
        net.Eval();
        Assert.Equal(given.ToArray<float>(), given.Apply(net).ToArray<float>());
    }

    static void Refused(string message, Func<object> act) =>
        Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(act).Message, StringComparison.Ordinal);
}
