namespace Hwaso.Recipes.Tests;

public sealed class SettingTests
{
    [Fact]
    public void Setting_takes_the_place_of_what_the_file_says_and_the_last_one_wins()
    {
        var recipe = Read("train.batch=4", "train.batch = 8", "augment.crop=[32, 48]", "train.optimizer.learning_rate=1e-3", "seed=7");
        Assert.Equal((8, new SizePx(32, 48), 0.001, 7),
            (recipe.Train.Batch, recipe.Augment.Crop, recipe.Train.Optimizer.LearningRate, recipe.Seed));
    }

    [Fact]
    public void Setting_makes_the_sections_that_the_file_leaves_out()
    {
        var recipe = Read("validate.size=[64, 64]", "train.schedule.name=constant", "model.stage1.blocks=1", "model.stage1.channels=16");
        Assert.Equal(new SizePx(64, 64), recipe.Validate.Size);
        Assert.Equal(ScheduleKind.Constant, recipe.Train.Schedule.Kind);
        Assert.Equal(NetworkSettings.Parse("stage1: {blocks: 1, channels: 16}"), recipe.Model.Settings);
    }

    [Theory]
    [InlineData("train.epochs=")]
    [InlineData("train.epochs=null")]
    [InlineData("train.epochs=~")]
    public void Setting_takes_a_key_out_when_its_value_is_empty(string setting)
    {
        var recipe = Read(setting, "train.iterations=30");
        Assert.Equal((null, 30), (recipe.Train.Epochs, recipe.Train.Iterations));
    }

    [Fact]
    public void Setting_reaches_into_a_list_by_number()
    {
        string[] staged = ["train.epochs=", "stages=[{name: a, epochs: 3, learn: [depth]}, {name: b, epochs: 4, learn: [semantic]}]"];
        Assert.Equal([3, 1], Read([.. staged, "stages[1].epochs=1"]).Stages.Select(stage => stage.Epochs));
        Assert.Equal(0.5, Read([.. staged, "stages[0].optimizer.learning_rate=0.5"]).Stages[0].Optimizer!.LearningRate);
        var error = Assert.Throws<RecipeException>(() => Read([.. staged, "stages[2].epochs=1"]));
        Assert.Equal("--set stages[2].epochs=1: stages[2]: stages has 2 items, numbered from 0", error.Message);
        error = Assert.Throws<RecipeException>(() => Read([.. staged, "stages[1].epoch=1"]));
        Assert.Equal("--set stages[1].epoch=1: stages[1].epoch: unknown key; did you mean 'epochs'?", error.Message);
    }

    [Fact]
    public void Setting_replaces_one_item_of_a_list_that_the_recipe_writes_out()
    {
        Assert.Equal(new SizePx(32, 64), Read("augment.crop=[16, 64]", "augment.crop[0]=32").Augment.Crop);
        Assert.Equal([1, 5, 3], Read("loss.class_weights=[1, 2, 3]", "loss.class_weights[1]=5").Loss.ClassWeights!);
        Assert.Equal(NetworkSettings.Parse("stage2: {blocks: [4, 7]}"),
            Read("model.stage2.blocks=[4, 4]", "model.stage2.blocks[1]=7").Model.Settings);
        string[] staged = ["train.epochs=", "stages=[{name: a, epochs: 3, learn: [depth]}]"];
        Assert.Equal(NetworkPart.Semantic, Assert.Single(Read([.. staged, "stages[0].learn[0]=semantic"]).Stages[0].Learn));
    }

    [Theory]
    [InlineData("augment.mean[0]=0.5",
        "augment.mean[0]: the recipe has no list augment.mean to change an item of; give all of augment.mean")]
    [InlineData("augment.crop[2]=5", "augment.crop[2]: augment.crop has 2 items, numbered from 0")]
    [InlineData("augment.crop[-1]=5", "augment.crop[-1]: names no item of a list; items are numbered from 0, such as crop[0]")]
    [InlineData("augment.crop[]=5", "augment.crop[]: names no item of a list; items are numbered from 0, such as crop[0]")]
    [InlineData("augment.crop[0=5", "augment.crop[0: names no item of a list; items are numbered from 0, such as crop[0]")]
    [InlineData("augment.crop[0][1]=5", "augment.crop[0][1]: names no item of a list; items are numbered from 0, such as crop[0]")]
    [InlineData("augment.crop[0]=", "augment.crop[0]: an item cannot be taken out of a list; give all of augment.crop")]
    [InlineData("augment.crop[1]=0", "augment.crop[1]: 0 is below 1")]
    [InlineData("augment.crop[1]=[1, 2]", "augment.crop[1]: wants a whole number, not a list of 2")]
    [InlineData("stages[-1].epochs=3", "stages[-1]: names no item of a list; items are numbered from 0, such as stages[0]")]
    [InlineData("stages[0].epochs=3", "stages[0]: the recipe has no list stages to change an item of; give all of stages")]
    [InlineData("stages[0]=5", "stages[0]: the recipe has no list stages to change an item of; give all of stages")]
    [InlineData("stagse[0]=5", "stagse: unknown key; did you mean 'stages'?")]
    [InlineData("train[0].batch=5", "train[0]: train holds keys below it, which is no list")]
    [InlineData("train.batch[0]=5", "train.batch[0]: train.batch holds '1', which is no list")]
    public void Setting_of_an_item_is_refused_when_there_is_no_such_item(string setting, string message) =>
        Assert.Equal($"--set {setting}: {message}", Assert.Throws<RecipeException>(() => Read(setting)).Message);

    [Fact]
    public void Setting_of_an_item_is_refused_when_the_item_is_of_another_kind()
    {
        string[] staged = ["train.epochs=", "stages=[{name: a, epochs: 3, learn: [depth]}]"];
        Assert.Equal("--set stages[0]=5: stages[0]: wants keys such as 'name', not '5'",
            Assert.Throws<RecipeException>(() => Read([.. staged, "stages[0]=5"])).Message);
    }

    [Theory]
    [InlineData("augment:\n  crop[0]: 5", "x.yaml:2: augment.crop[0]: unknown key; a file gives a whole list, such as crop: […]")]
    [InlineData("stages[0]: {epochs: 3}", "x.yaml:1: stages[0]: unknown key; a file gives a whole list, such as stages: […]")]
    public void Key_of_a_file_is_refused_when_it_names_an_item_of_a_list(string yaml, string message) =>
        Assert.Equal(message, Assert.Throws<RecipeException>(() => RecipeFile.Read($"{yaml}\nmodel: {{name: x}}", "x.yaml")).Message);

    [Fact]
    public void Setting_replaces_a_whole_section_when_its_value_is_one()
    {
        var recipe = Read("train.optimizer={name: adamw, learning_rate: 0.001, betas: [0.9, 0.95]}");
        Assert.Equal(new OptimizerRecipe(0.001) { Kind = OptimizerKind.AdamW, Beta2 = 0.95 }, recipe.Train.Optimizer);
    }

    [Theory]
    [InlineData("train.batch=four", "--set train.batch=four: train.batch: 'four' is not a whole number")]
    [InlineData("train.bach=4", "--set train.bach=4: train.bach: unknown key; did you mean 'batch'?")]
    [InlineData("trian.batch=4", "--set trian.batch=4: trian: unknown key; did you mean 'train'?")]
    [InlineData("learning_rate=4", "--set learning_rate=4: learning_rate: unknown key; did you mean 'train.optimizer.learning_rate'?")]
    [InlineData("train.batch.size=4", "--set train.batch.size=4: train.batch: holds '1', which has no keys below it")]
    [InlineData("loss.name.x=4", "--set loss.name.x=4: loss.name: has no keys below it")]
    [InlineData("train.bach=", "--set train.bach=: train.bach: unknown key; did you mean 'batch'?")]
    [InlineData("train.iterations=5", "--set train.iterations=5: train.iterations: excludes 'train.epochs'; remove one of the two")]
    [InlineData("train.optimizer={nme: sgd}", "--set train.optimizer={nme: sgd}: train.optimizer.nme: unknown key; did you mean 'name'?")]
    [InlineData("train.batch", "--set train.batch: wants key=value, such as --set train.batch=4")]
    [InlineData("=4", "--set =4: wants key=value, such as --set train.batch=4")]
    [InlineData("train..batch=4", "--set train..batch=4: wants key=value, such as --set train.batch=4")]
    [InlineData("data.root=*", "--set data.root=*: is not YAML: ")]
    [InlineData("augment.crop=[1", "--set augment.crop=[1: is not YAML: ")]
    public void Setting_is_refused_and_quoted_when_it_does_not_fit(string setting, string message)
    {
        var error = Assert.Throws<RecipeException>(() => Read(setting)).Message;
        if (message.EndsWith(' ')) Assert.StartsWith(message, error, StringComparison.Ordinal);
        else Assert.Equal(message, error);
    }

    static Recipe Read(params string[] settings) => Recipe.Read(RecipeFileTests.Smallest, "x.yaml", settings);
}
