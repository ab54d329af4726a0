using Hwaso.Graph;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Models.Tests.Modern;

/// <summary>DDRNet and PIDNet against their authors' code.</summary>
public sealed class RealTimeTests : TensorTest
{
    // float32's own distance from float64 is 6e-6 of the largest value at most.
    const double Tolerance = 2e-5;

    [Theory]
    [InlineData("ddrnet23_slim", "ddrnet23-slim", "output1", "output0")]
    [InlineData("pidnet_s", "pidnet-s", "output0", "output2", "output1")]
    [InlineData("pidnet_m", "pidnet-m", "output0", "output2", "output1")]
    [InlineData("pidnet_l", "pidnet-l", "output0", "output2", "output1")]
    public void Names_and_answers_are_the_authors(string file, string name, params string[] outputs)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        using var weights = Weights.Create(initialise: false);
        var net = Zoo.FindSegmentation(name).Build(weights, 19);
        var answer = ModernAnswer.Read($"formula/{file}");
        answer.Fill(weights);
        net.Eval();

        foreach (var (output, actual) in outputs.Zip(((ISeveralOutputs)net).Outputs(answer.Input)))
        {
            var (distance, largest) = answer.Compare(output, actual);
            Assert.True(distance <= Tolerance * largest, $"{output}: {distance / largest:g3} of its largest value away");
        }
    }

    [Theory]
    [InlineData("bisenetv2", "bisenetv2", 19, "output1", "output2", "output3", "output4", "output0")]
    [InlineData("torchvision_lraspp_mobilenet_v3_large", "lraspp-mobilenetv3-large", 21, "output")]
    public void Answers_enlarged_to_the_image_are_the_authors(string file, string name, int classes, params string[] outputs)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        using var weights = Weights.Create(initialise: false);
        var net = Zoo.FindSegmentation(name).Build(weights, classes);
        var answer = ModernAnswer.Read($"formula/{file}");
        answer.Fill(weights);
        net.Eval();
        var image = answer.Input;

        Tensor[] answers = net is ISeveralOutputs several ? several.Outputs(image) : [net.Call(image)];
        foreach (var (output, actual) in outputs.Zip(answers))
        {
            var (distance, largest) = answer.Compare(output, actual.ResizeBilinear(image.Size(2), image.Size(3)));
            Assert.True(distance <= Tolerance * largest, $"{output}: {distance / largest:g3} of its largest value away");
        }
    }

    [Fact]
    public void STDC1_answers_as_its_authors_code_does()
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        using var weights = Weights.Create(initialise: false);
        var definition = (StdcDefinition)Zoo.FindSegmentation("stdc1");
        var net = (Stdc)(definition with { Config = definition.Config with { DetailStrides = [2, 4, 8] } }).Build(weights, 19);
        var answer = ModernAnswer.Read("formula/stdc1_seg");
        // The files hold each tensor of the backbone once more, as features.
        foreach (var twin in answer.StateDict.Select(k => k.Key).Where(k => k.StartsWith("cp.backbone.features.", StringComparison.Ordinal))
            .ToArray())
            answer.StateDict.Remove(twin);
        answer.Fill(weights);
        net.Eval();
        var image = answer.Input;

        string[] names = ["output1", "output2", "output3", "output4", "output5", "output0"];
        foreach (var (output, actual) in names.Zip(net.Outputs(image)))
        {
            var sized = actual.Size(1) == 1 ? actual : actual.ResizeBilinear(image.Size(2), image.Size(3), alignCorners: true);
            var (distance, largest) = answer.Compare(output, sized);
            Assert.True(distance <= Tolerance * largest, $"{output}: {distance / largest:g3} of its largest value away");
        }
    }

    [Fact]
    public void A_small_DDRNet_has_the_authors_gradients() => Gradients(
        "ddrnet_eval", ["output1", "output0"],
        w => new DdrNet(w, new DdrNetConfig { Planes = 8, PoolingChannels = 6, HeadChannels = 8 }, 5));

    [Fact]
    public void A_small_PIDNet_has_the_authors_gradients() => Gradients(
        "pidnet_eval", ["output0", "output2", "output1"],
        w => new PidNet(w, new PidNetConfig { Planes = 8, PoolingChannels = 6, HeadChannels = 8, CoarseBlocks = 2 }, 5));

    /// <summary>Multiply-adds at the size of half of Cityscapes.</summary>
    [Theory]
    [InlineData("ddrnet23-slim", 9_070_379_008)]
    [InlineData("ddrnet23", 35_765_223_424)]
    [InlineData("pidnet-s", 11_798_593_536)]
    [InlineData("pidnet-m", 44_332_253_184)]
    [InlineData("pidnet-l", 68_733_452_288)]
    public void Costs_what_the_authors_networks_cost(string name, long multiplyAdds) => Assert.Equal(
        multiplyAdds,
        Cost.Of(NetworkGraph.Sketch(w => Zoo.FindSegmentation(name).Deployed.Build(w, 19), [1, 3, 512, 1024])).MacsAll);

    [Theory]
    [InlineData("ddrnet23-slim")]
    [InlineData("pidnet-s")]
    public void Sides_need_no_multiples_of_8_and_less_than_64_pixels_are_refused(string name)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        using var weights = Weights.Create();
        var net = Zoo.FindSegmentation(name).Deployed.Build(weights, 3);
        net.Eval();
        Assert.Equal([1, 3, 10, 13], net.Call(Tensor.Zeros([1, 3, 75, 101])).Shape);
        Assert.Equal(64, Assert.Throws<SmallImageException>(() => net.Call(Tensor.Zeros([1, 3, 64, 63]))).Least);
    }

    /// <summary>With the heads that learn beside, as they were recorded; the unused parts of a classifier cost nothing.</summary>
    [Theory]
    [InlineData("stdc1", 23_077_519_360, 12_048_928)]
    [InlineData("stdc2", 29_670_965_248, 16_079_392)]
    public void STDCs_cost_what_their_authors_networks_cost(string name, long multiplyAdds, long parameters)
    {
        using var weights = Weights.Create(initialise: false);
        Zoo.FindSegmentation(name).Build(weights, 19);
        Assert.Equal(parameters, weights.ParameterCount);
        static long Head(long pixels, long channels, long classes) => pixels * (9 * channels * 64 + 64 * classes);
        const long Pixels = 512 * 1024;
        var beside = Head(Pixels / 64, 128, 19) + Head(Pixels / 256, 128, 19)
            + Head(Pixels / 4, 32, 1) + Head(Pixels / 16, 64, 1) + Head(Pixels / 64, 256, 1) + Head(Pixels / 256, 512, 1);
        var deployed = Cost.Of(NetworkGraph.Sketch(w => Zoo.FindSegmentation(name).Deployed.Build(w, 19), [1, 3, 512, 1024]));
        Assert.Equal(multiplyAdds, deployed.MacsAll + beside);
    }

    [Fact]
    public void LR_ASPP_and_BiSeNetV2_cost_what_their_authors_networks_cost()
    {
        Assert.Equal(2_086_219_688, Macs("lraspp-mobilenetv3-large", 21, 520, 520));
        // The auxiliary heads are in no forward: at strides 4 to 32 a 3×3 convolution to 128 channels, at twice that size one to the
        // factor's square and one of 1×1 to the classes.
        var auxiliary = 0L;
        foreach (var (stride, channels) in new[] { (4, 16), (8, 32), (16, 64), (32, 128) })
        {
            var pixels = 512L / stride * (1024 / stride);
            var between = stride * stride;
            auxiliary += pixels * 9 * channels * 128 + 4 * pixels * between * (9 * 128 + 19);
        }
        Assert.Equal(35_558_834_176, Macs("bisenetv2", 19, 512, 1024) + auxiliary);
        static long Macs(string name, int classes, int height, int width) => Cost.Of(NetworkGraph.Sketch(
            w => Zoo.FindSegmentation(name).Deployed.Build(w, classes), [1, 3, height, width])).MacsAll;
    }

    static void Gradients(string file, string[] names, Func<Weights, SegmentationNet> build)
    {
        using var scope = new Scope();
        using var weights = Weights.Create(initialise: false);
        var net = build(weights);
        var answer = ModernAnswer.Read($"small/{file}");
        answer.Fill(weights);
        net.Eval();
        var input = answer.Input;
        input.RequiresGrad = true;
        answer.CheckGradients(weights, input, [.. names.Zip(((ISeveralOutputs)net).Outputs(input))]);
    }
}
