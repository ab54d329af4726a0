using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Models.Tests.Settings;

public sealed class InChannelsTests : TensorTest
{
    [Theory]
    [InlineData("hrnetv2-w18-small-v1")]
    [InlineData("hrnetv2-w18-small-v1-ocr")]
    [InlineData("fcn-resnet50")]
    [InlineData("encoding-fcn-resnet50s")]
    [InlineData("deeplabv3-resnet50")]
    [InlineData("unet-resnet18")]
    [InlineData("unet-resnet50-multidecoder")]
    [InlineData("sanet-resnet50")]
    [InlineData("sanet-efficientnet-b7")]
    public void The_first_convolution_alone_has_the_images_channels(string name)
    {
        var plain = Shapes(Zoo.FindSegmentation(name));
        var definition = (SegmentationDefinition)Zoo.Define(new ModelRecipe { Name = name, InChannels = 5 });
        Assert.Equal((5, 5), (definition.InChannels, definition.Deployed.InChannels));
        // Reducing a network may replace its backbone's settings.
        var other = Shapes(definition, 5);
        Assert.Equal(plain.Keys, other.Keys);
        var (key, shape) = Assert.Single(other, o => !o.Value.AsSpan().SequenceEqual(plain[o.Key]));
        Assert.Equal(3, plain[key][1]);
        Assert.Equal([plain[key][0], 5, plain[key][2], plain[key][3]], shape);
        Assert.Equal(key, other.Keys.First(k => other[k].Length == 4));
    }

    [Fact]
    public void It_runs_on_images_of_as_many_channels_and_refuses_others()
    {
        var definition = ((SegmentationDefinition)ReducedNetwork.Of(Zoo.Find("unet-resnet18"))) with { InChannels = 2 };
        using var scope = new Scope();
        using var weights = Weights.Create();
        var net = definition.Build(weights, 3);
        net.Eval();
        Assert.Equal([1, 3, 64, 64], net.Call(Tensor.Zeros([1, 2, 64, 64])).Shape.ToArray());
        var error = Assert.Throws<ArgumentException>(() => net.Call(Tensor.Zeros([1, 3, 64, 64])));
        Assert.Contains("images [N, 2, H, W] were wanted", error.Message, StringComparison.Ordinal);
    }

    static Dictionary<string, long[]> Shapes(SegmentationDefinition definition, int channels = 3)
    {
        var small = ((SegmentationDefinition)ReducedNetwork.Of(definition)) with { InChannels = channels };
        using var weights = Weights.Create(initialise: false);
        small.Build(weights, 3);
        return weights.State.ToDictionary(s => s.Key, s => s.Value.Shape.ToArray());
    }
}
