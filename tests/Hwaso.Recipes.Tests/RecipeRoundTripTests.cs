namespace Hwaso.Recipes.Tests;

public sealed class RecipeRoundTripTests
{
    [Fact]
    public void Recipe_written_out_tells_every_default()
    {
        var yaml = Recipe.Read(RecipeFileTests.Smallest, "first.yaml").ToYaml("runs/first/recipe.yaml");
        Assert.Equal(
            """
            # hwaso train runs/first/recipe.yaml
            name: first
            seed: 304

            model:
              name: hrnetv2-w18
              init: published

            data:
              layout: voc
              train: train
              val: val
              class_balance: 0
              cache_mb: 0

            augment:
              scale_min: 0.5
              scale_max: 2.1
              scale_step: 0.1
              crop: [64, 96]
              flip: true
              photometric: false
              mean: [0.485, 0.456, 0.406]
              std: [0.229, 0.224, 0.225]

            train:
              epochs: 2
              batch: 1
              accumulate: 1
              optimizer:
                name: sgd
                learning_rate: 0.01
                momentum: 0.9
                nesterov: false
                weight_decay: 0
                decay_norms: true
                head_rate_multiplier: 1
              schedule:
                name: poly
                power: 0.9
                end: 0
                warmup_iterations: 0
                warmup_ratio: 0.1
                warmup: linear
                after_warmup: false
                backbone_iterations: 0
              batch_norm: learn
              sync_batch_norm: true
              memory_format: channels_last
              kernels: hwaso
              precision: float32
              deterministic: false
              cuda_graph: false
              log_every: 10

            loss:
              name: cross_entropy
              ignore_index: 255
              class_weights: none
              label_smoothing: 0
              average: counted

            validate:
              every: 1
              batch: 1

            save:
              every: 1

            """.ReplaceLineEndings("\n"), yaml);
    }

    [Fact]
    public void Recipe_written_out_reads_back_equal_whatever_it_holds()
    {
        var random = new RandomRecipes(new Random(304));
        for (var i = 0; i < 500; i++)
        {
            var recipe = random.Next();
            var yaml = recipe.ToYaml();
            Assert.Equal(recipe, Recipe.Read(yaml, "any.yaml"));
        }
    }

    [Fact]
    public void Recipes_differ_when_one_value_does()
    {
        var random = new RandomRecipes(new Random(7));
        var recipe = random.Next();
        Assert.NotEqual(recipe, recipe with { Seed = recipe.Seed ^ 1 });
        Assert.NotEqual(recipe, recipe with { Augment = recipe.Augment with { Mean = [0.485, 0.456, 0.4061] } });
        Assert.NotEqual(
            recipe with { Model = recipe.Model with { Settings = NetworkSettings.Parse("stage2: {channels: [8, 16]}") } },
            recipe with { Model = recipe.Model with { Settings = NetworkSettings.Parse("stage2: {channels: [8, 17]}") } });
    }
}
