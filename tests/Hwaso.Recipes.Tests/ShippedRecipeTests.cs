using Hwaso.Tests;

namespace Hwaso.Recipes.Tests;

public sealed class ShippedRecipeTests
{
    public static TheoryData<string> Files =>
    [
        .. new[] { "", "multidecoder" }.SelectMany(folder => Directory.GetFiles(RepositoryRoot.File("recipes", folder), "*.yaml"))
            .Select(path => Path.GetRelativePath(RepositoryRoot.File("recipes"), path)).Order(),
    ];

    [Theory]
    [MemberData(nameof(Files))]
    public void Shipped_recipe_reads_is_named_for_its_file_and_begins_with_its_command(string file)
    {
        var path = RepositoryRoot.File("recipes", file);
        Assert.Equal(Path.GetFileNameWithoutExtension(file), Recipe.Load(path).Name);
        Assert.StartsWith($"# ./hwaso train recipes/{file} ", File.ReadLines(path).First(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Shipped_recipe_written_out_reads_back_equal(string file)
    {
        var recipe = Recipe.Load(RepositoryRoot.File("recipes", file));
        var yaml = recipe.ToYaml();
        Assert.Equal(recipe, Recipe.Read(yaml, "run/recipe.yaml"));
        Assert.Equal(yaml, Recipe.Read(yaml, "run/recipe.yaml").ToYaml());
        Assert.StartsWith($"# hwaso train recipes/{Path.GetFileName(file)}\n", yaml, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hrnetv2-w48_pascal-context-59", "hrnetv2-w48")]
    [InlineData("hrnetv2-w48+psa-spatial_pascal-context-59", "hrnetv2-w48+psa-spatial")]
    public void Pascal_context_recipe_holds_what_the_poster_prints(string name, string model)
    {
        var recipe = Recipe.Load(RepositoryRoot.File("recipes", $"{name}.yaml"));
        Assert.Equal((model, 59), (recipe.Model.Name, recipe.Model.Classes!.Value));
        Assert.Equal((11, 200), (recipe.Train.Batch, recipe.Train.Epochs!.Value));
        Assert.Equal(new OptimizerRecipe(0.004) { Momentum = 0.9, WeightDecay = 0.0001 }, recipe.Train.Optimizer);
        Assert.Equal(new ScheduleRecipe { Kind = ScheduleKind.Poly, Power = 0.9 }, recipe.Train.Schedule);
        Assert.Equal(new AugmentRecipe(new SizePx(480, 480)) { BaseSize = 520, ScaleMin = 0.5, ScaleMax = 2.1 }, recipe.Augment);
        Assert.Equal("pascal-context-59", recipe.Data.Layout);
    }

    [Theory]
    [InlineData("hrnetv2-w48")]
    [InlineData("hrnetv2-w18-small-v1")]
    public void Cityscapes_recipe_holds_what_the_official_code_has(string model)
    {
        var recipe = Recipe.Load(RepositoryRoot.File("recipes", $"{model}_cityscapes.yaml"));
        Assert.Equal((12, 484, 304), (recipe.Train.Batch, recipe.Train.Epochs!.Value, recipe.Seed));
        Assert.Equal(new OptimizerRecipe(0.01) { Momentum = 0.9, WeightDecay = 0.0005 }, recipe.Train.Optimizer);
        Assert.Equal(new AugmentRecipe(new SizePx(512, 1024)) { BaseSize = 2048 }, recipe.Augment);
        // The sum of the 19 published weights, so that a slip in any digit shows (1e-9: rounding of the sum).
        Assert.Equal(19.0001, recipe.Loss.ClassWeights!.Sum(), 1e-9);
        Assert.Equal((19, 0.8373, 1.0507), (recipe.Loss.ClassWeights!.Count, recipe.Loss.ClassWeights[0], recipe.Loss.ClassWeights[18]));
    }
}
