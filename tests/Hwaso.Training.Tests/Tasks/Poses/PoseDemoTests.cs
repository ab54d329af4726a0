using Hwaso.Data.Poses;
using Hwaso.Models;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Training.Tests.Tasks.Poses;

/// <summary>The recipe that shows within minutes that a pose network learns.</summary>
public sealed class PoseDemoTests : TensorTest
{
    // A target is 1 at the joint and averages some hundredths. PyTorch's own values begin with answers around 1.
    const double Small = 0.1;

    [Theory]
    [InlineData("published")]
    [InlineData("hrnet")]
    [InlineData("kaiming")]
    [InlineData("pytorch")]
    public void Heat_maps_begin_near_zero(string init)
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        var file = RecipeFile.Load(RepositoryRoot.File("recipes", "pose-demo.yaml"), [$"model.init={init}"]);
        RandomState.Seed(3);
        var net = ((PoseDefinition)Zoo.Define(file.Model)).Build(weights, PoseDescription.Coco.Count);
        InitialValues.Set(net, file.Model.Init);
        net.Train();
        var maps = net.Call(Tensor.Randn([2, 3, 128, 96])).ToArray<float>();
        Assert.InRange(maps.Max(Math.Abs), 0, Small);
        Assert.Equal(2 * 17 * 32 * 24, maps.Count(v => v != 0));
    }
}
