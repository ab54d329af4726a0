using Hwaso.Graph;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Models.Tests.Modern;

/// <summary>DeepLabV3+, PSPNet and UPerNet against mmsegmentation and the authors of ConvNeXt and Swin.</summary>
public sealed class DecodeHeadNetTests : TensorTest
{
    // float32's own distance from float64 is 6e-6 of the largest value at most.
    const double Tolerance = 2e-5;

    static readonly string[] outputs = ["feature0", "feature1", "feature2", "feature3", "output_aux", "output"];

    [Theory]
    [InlineData("mmseg_deeplabv3plus_r50-d8", "deeplabv3plus-resnet50", 19)]
    [InlineData("mmseg_pspnet_r50-d8", "pspnet-resnet50", 19)]
    [InlineData("mmseg_upernet_r50", "upernet-resnet50", 19)]
    [InlineData("convnext_upernet_t", "upernet-convnext-t", 150)]
    [InlineData("swin_upernet_t", "upernet-swin-t", 150)]
    [InlineData("swin_upernet_t_odd", "upernet-swin-t", 150)]
    public void Names_maps_and_answers_are_the_recorded_ones(string file, string name, int classes)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        using var weights = Weights.Create(initialise: false);
        var net = (DecodeHeadNet)Zoo.FindSegmentation(name).Build(weights, classes);
        var answer = ModernAnswer.Read($"formula/{file}");
        answer.Fill(weights);
        net.Eval();
        var image = answer.Input;

        foreach (var (output, actual) in outputs.Zip([.. net.Maps(image), .. net.Outputs(image)]).Where(o => answer.Has(o.First)))
        {
            var (distance, largest) = answer.Compare(output, actual);
            Assert.True(distance <= Tolerance * largest, $"{output}: {distance / largest:g3} of its largest value away");
        }
    }

    /// <summary>mmsegmentation's BasicBlock dilates its first convolution alone, and a stage's first block half as much.</summary>
    [Theory]
    [InlineData("layer3.0", 1)]
    [InlineData("layer3.1", 2)]
    [InlineData("layer4.0", 2)]
    [InlineData("layer4.1", 4)]
    public void A_basic_block_is_dilated_in_its_first_convolution(string block, long dilation)
    {
        var graph = NetworkGraph.Sketch(w => Zoo.FindSegmentation("deeplabv3plus-resnet18").Deployed.Build(w, 19), [1, 3, 64, 64]);
        Assert.Equal([dilation, 1L], new[] { "conv1", "conv2" }.Select(conv => graph.Nodes.Single(
            n => n.Operator == "aten::conv2d" && n.Place == $"backbone.{block}.{conv}").Arguments[5].Constant.AsInts()[0]));
    }

    /// <summary>Multiply-adds with the auxiliary head, as they were recorded.</summary>
    [Theory]
    [InlineData("deeplabv3plus-resnet50", 19, 512, 1024, 8, 1024, 371_682_967_552, 43_589_878)]
    [InlineData("deeplabv3plus-resnet101", 150, 512, 512, 8, 1024, 264_656_125_952, 62_682_876)]
    [InlineData("pspnet-resnet50", 19, 512, 1024, 8, 1024, 375_960_633_344, 48_975_494)]
    [InlineData("pspnet-resnet101", 150, 512, 512, 8, 1024, 265_996_468_224, 68_068_492)]
    [InlineData("upernet-resnet50", 19, 512, 1024, 16, 1024, 478_309_515_264, 66_415_238)]
    [InlineData("upernet-resnet101", 150, 512, 512, 16, 1024, 259_708_682_240, 85_508_236)]
    [InlineData("upernet-convnext-t", 150, 512, 512, 16, 384, 235_581_407_232, 60_242_636)]
    [InlineData("upernet-convnext-s", 150, 512, 512, 16, 384, 257_671_495_680, 81_877_196)]
    [InlineData("upernet-convnext-b", 150, 512, 512, 16, 512, 293_603_115_008, 122_102_956)]
    [InlineData("upernet-swin-t", 150, 512, 512, 16, 384, 237_810_083_712, 59_941_862)]
    [InlineData("upernet-swin-s", 150, 512, 512, 16, 384, 261_529_201_536, 81_259_766)]
    [InlineData("upernet-swin-b", 150, 512, 512, 16, 512, 300_231_277_056, 121_279_716)]
    public void Costs_what_the_recorded_networks_cost(
        string name, int classes, int height, int width, int stride, int channels, long multiplyAdds, long parameters)
    {
        var definition = Zoo.FindSegmentation(name);
        using var weights = Weights.Create(initialise: false);
        definition.Build(weights, classes);
        Assert.Equal(parameters, weights.ParameterCount);
        // The auxiliary head is in no forward of the network: a 3×3 convolution to 256 channels and one of 1×1 to the classes.
        var auxiliary = (long)height / stride * (width / stride) * 256 * (9 * channels + classes);
        var cost = Cost.Of(NetworkGraph.Sketch(w => definition.Build(w, classes), [1, 3, height, width]));
        Assert.Equal(multiplyAdds, cost.MacsAll + auxiliary);
    }
}
