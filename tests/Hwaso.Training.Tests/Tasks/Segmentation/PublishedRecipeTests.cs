using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Tests;
using Hwaso.Training.Loop;
using Hwaso.Training.Tasks.Segmentation;

namespace Hwaso.Training.Tests.Tasks.Segmentation;

/// <summary>
/// The recipes of networks after HRNet's time: their networks, their groups of parameters, their losses and rates, without a step.
/// </summary>
public sealed class PublishedRecipeTests : TensorTest
{
    [Theory]
    [InlineData("segformer-b0_ade20k", 3_772_044, 0.00006, 0.0006)]
    [InlineData("segformer-b1_ade20k", 13_735_148, 0.00006, 0.0006)]
    [InlineData("segformer-b2_ade20k", 27_481_324, 0.00006, 0.0006)]
    [InlineData("segformer-b3_ade20k", 47_357_164, 0.00006, 0.0006)]
    [InlineData("segformer-b4_ade20k", 64_127_724, 0.00006, 0.0006)]
    [InlineData("segformer-b5_ade20k", 84_728_044, 0.00006, 0.0006)]
    [InlineData("segformer-b0_cityscapes", 3_721_478, 0.00006, 0.0006)]
    [InlineData("upernet-swin-t_ade20k", 59_941_862, 0.00006, 0.00006)]
    // ConvNeXt-T's first layers learn at 0.9^7 of the rate.
    [InlineData("upernet-convnext-t_ade20k", 60_242_636, 0.00004782969, 0.0001)]
    [InlineData("deeplabv3plus-resnet50_cityscapes", 43_589_878, 0.01, 0.01)]
    [InlineData("deeplabv3plus-resnet50_ade20k", null, 0.01, 0.01)]
    [InlineData("deeplabv3plus-resnet18_cityscapes", null, 0.01, 0.01)]
    [InlineData("pspnet-resnet50_cityscapes", 48_975_494, 0.01, 0.01)]
    [InlineData("pspnet-resnet50_ade20k", null, 0.01, 0.01)]
    [InlineData("ddrnet23-slim_cityscapes", null, 0.01, 0.01)]
    [InlineData("pidnet-s_cityscapes", null, 0.01, 0.01)]
    [InlineData("bisenetv2_cityscapes", 5_231_487, 0.005, 0.05)]
    [InlineData("stdc1_cityscapes", 12_048_928, 0.01, 0.1)]
    public void A_published_configuration_has_its_network_its_rates_and_a_loss(string name, int? parameters, double least, double most)
    {
        var file = RecipeFile.Load(RepositoryRoot.File("recipes", $"{name}.yaml"));
        var recipe = file.Recipe;
        using var weights = Weights.Create(initialise: false);
        var net = Zoo.DefineSegmentation(recipe.Model).Build(weights, recipe.Model.Classes!.Value);
        if (parameters is { } count)
            Assert.Equal(count, weights.ParameterCount);
        var groups = ParameterGroups.Of(recipe.Train.Optimizer, weights, net.HeadPaths);
        Assert.Equal(weights.Parameters.Count(), groups.Sum(g => g.Parameters.Count));
        var rates = groups.Select(g => g.LearningRateFactor * recipe.Train.Optimizer.LearningRate).ToArray();
        Assert.Equal((least, most), (rates.Min(), rates.Max()), (a, b) =>
            Math.Abs(a.Item1 - b.Item1) <= 1e-12 && Math.Abs(a.Item2 - b.Item2) <= 1e-12);
        using var objective = ObjectiveFactory.Of(net, recipe.Loss, file);
        Assert.Equal(name.EndsWith("ade20k", StringComparison.Ordinal) ? 150 : 19, net.Classes);
    }
}
