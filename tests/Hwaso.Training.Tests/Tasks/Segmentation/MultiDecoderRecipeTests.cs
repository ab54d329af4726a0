using Hwaso.Checkpoints;
using Hwaso.Inference;
using Hwaso.Models.Networks;
using Hwaso.Recipes;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Training.Loop;
using Hwaso.Training.Tasks;
using Hwaso.Training.Tests.Loop;

namespace Hwaso.Training.Tests.Tasks.Segmentation;

/// <summary>The recipes of the multi-decoder paper's grid: what they say, and that each trains, its network and data made small.</summary>
public sealed class MultiDecoderRecipeTests : TensorTest, IClassFixture<SceneFolder>
{
    const string Joint = "joint", Single = "single";

    // The rows of the paper's table: what is first, whether its weights are copied, whether the other decoder learns alone before both do.
    static readonly (string First, bool Copied, bool ThenOther)[] grid =
    [
        ("semantic", true, true), ("semantic", true, false), ("semantic", false, true), ("semantic", false, false),
        ("depth", true, true), ("depth", true, false), ("depth", false, true), ("depth", false, false),
    ];

    static readonly string[] names = [.. grid.Select(NameOf), Joint, Single];

    readonly string data;
    readonly string folder = Directory.CreateTempSubdirectory("hwaso-grid").FullName;

    public MultiDecoderRecipeTests(SceneFolder scenes) => data = scenes.Root;

    public static TheoryData<string> Names => [.. names];

    public static TheoryData<string, bool, bool> Rows
    {
        get
        {
            var rows = new TheoryData<string, bool, bool>();
            foreach (var (first, copied, thenOther) in grid) rows.Add(first, copied, thenOther);
            return rows;
        }
    }

    [Fact]
    public void The_folder_holds_the_grid_and_what_it_stands_beside() =>
        Assert.Equal(names.Order(), Directory.GetFiles(RepositoryRoot.File("recipes", "multidecoder"))
            .Select(file => Path.GetFileNameWithoutExtension(file)).Order());

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_row_of_the_grid_has_its_stages(string first, bool copied, bool thenOther)
    {
        var recipe = Load(NameOf((first, copied, thenOther)));
        var other = first == "depth" ? "semantic" : "depth";
        Assert.Equal(thenOther ? [first, other, "both"] : [first, "both"], recipe.Stages.Select(stage => stage.Name));
        var (firstPart, otherPart) = first == "depth"
            ? (NetworkPart.Depth, NetworkPart.Semantic)
            : (NetworkPart.Semantic, NetworkPart.Depth);
        Assert.Equal([NetworkPart.Encoder, firstPart], recipe.Stages[0].Learn);
        if (thenOther)
            Assert.Equal([NetworkPart.Encoder, otherPart], recipe.Stages[1].Learn);
        Assert.Equal([NetworkPart.Encoder, NetworkPart.Semantic, NetworkPart.Depth], recipe.Stages[^1].Learn);
        Assert.Equal((0.85, 0.15), (recipe.Stages[^1].SemanticWeight, recipe.Stages[^1].DepthWeight));
        foreach (var alone in recipe.Stages.SkipLast(1))
            Assert.Equal(alone.Name == "depth" ? (0.0, 1.0) : (1.0, 0.0), (alone.SemanticWeight, alone.DepthWeight));
        // Where weights are copied, they are when the second decoder begins.
        var copy = !copied ? DecoderCopy.None : first == "depth" ? DecoderCopy.DepthToSemantic : DecoderCopy.SemanticToDepth;
        Assert.Equal(recipe.Stages.Select((_, k) => k == 1 ? copy : DecoderCopy.None), recipe.Stages.Select(stage => stage.Copy));
        Assert.Equal("unet-resnet50-multidecoder", recipe.Model.Name);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_recipe_holds_what_the_paper_prints(string name)
    {
        var recipe = Load(name);
        Assert.Equal("voc", recipe.Data.Layout);
        Assert.Equal((LossKind.Focal, 2), (recipe.Loss.Kind, recipe.Loss.Gamma));
        Assert.Equal(new OptimizerRecipe(0.0001) { Kind = OptimizerKind.Adam }, recipe.Train.Optimizer);
        Assert.Equal(120, recipe.Train.Epochs);
        Assert.Equal(name == Joint ? (0.85, 0.15) : (null, null), (recipe.Loss.Heads.Semantic, recipe.Loss.Heads.Depth));
        Assert.Equal(name == Single ? null : "Depth", recipe.Data.Depth);
        Assert.Equal(name == Single ? "unet-resnet50" : "unet-resnet50-multidecoder", recipe.Model.Name);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_recipe_trains_when_network_and_data_are_small(string name)
    {
        var recipe = Small(name);
        var request = new TrainRequest(recipe, data, At(name), false, Device.Cpu, 1);
        using (var trainer = new Trainer(request, TrainingTasks.Open(request), new RunWatcher()))
            Assert.True(trainer.Run(default).Finished);
        var stages = Math.Max(1, recipe.Recipe.Stages.Count);
        // One step a stage: 12 images, 12 a step.
        Assert.Equal(stages, MetricsLog.Read(At(name).Metrics).Steps.Count);
        var tensors = TensorFile.Read(At(name).Last).Tensors.Keys;
        Assert.Equal(name != Single, tensors.Any(key => key.StartsWith("depth_", StringComparison.Ordinal)));
        // What is scored and deployed has no depth decoder.
        using var network = LoadedModel.Open(At(name).Root, Device.Cpu);
        Assert.IsType<UNet>(network.Net);
    }

    public override void Dispose()
    {
        base.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    RunFolder At(string name) => new(Path.Combine(folder, name));

    static Recipe Load(string name) => Recipe.Load(FileOf(name));

    static string FileOf(string name) => RepositoryRoot.File("recipes", "multidecoder", $"{name}.yaml");

    static string NameOf((string First, bool Copied, bool ThenOther) row)
    {
        var other = row.First == "depth" ? "semantic" : "depth";
        string[] parts = [row.First, row.Copied ? "copy" : "", row.ThenOther ? other : "", "both"];
        return string.Join('-', parts.Where(part => part.Length > 0));
    }

    static RecipeFile Small(string name)
    {
        var stages = Load(name).Stages.Count;
        string[] network = [SmallRuns.Tiny, "unet: {channels: [16, 16, 8, 8, 8]}"];
        return RecipeFile.Load(
            FileOf(name),
            [
                $"model={{family: unet-resnet{(name == Single ? "" : "-multidecoder")}, {string.Join(", ", network)}}}",
                "data.layout=cityscapes", name == Single ? "data.depth=" : "data.depth=disparity",
                "augment.base_size=", "augment.crop=[64, 64]", "train.batch=4", "train.accumulate=3", "train.log_every=1",
                .. stages == 0 ? ["train.epochs=1"] : Enumerable.Range(0, stages).Select(k => $"stages[{k}].epochs=1"),
            ]);
    }
}
