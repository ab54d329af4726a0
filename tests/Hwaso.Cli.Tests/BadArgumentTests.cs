using System.Text.Json;

namespace Hwaso.Cli.Tests;

/// <summary>Recipes, paths and images that cannot be used: said before anything is done, by name and with what to do.</summary>
[Collection(WorkshopTests.Name)]
public sealed class BadArgumentTests(Workshop shop)
{
    [Theory]
    [InlineData("  epochs: 2", "  epoch: 2", ":14: train.epoch: unknown key; did you mean 'epochs'?")]
    [InlineData("  batch: 4", "  batch: four", ":15: train.batch: ")]
    [InlineData("init: kaiming", "init: kaimng", "did you mean 'kaiming'?")]
    [InlineData("layout: cityscapes", "layout: cityscape", ":11: data.layout: 'cityscape' is no layout; cityscapes or voc")]
    public void A_recipe_with_a_wrong_key_or_value_is_named_with_its_line(string right, string wrong, string message)
    {
        var recipe = shop.At(Path.GetRandomFileName() + ".yaml");
        File.WriteAllText(recipe, File.ReadAllText(shop.Recipe).Replace(right, wrong, StringComparison.Ordinal));

        var line = CommandLine.Run("train", recipe, "--data", shop.Data, "--run", shop.At("never"));

        Assert.Equal((2, ""), (line.Code, line.Output));
        Assert.Matches($"^hwaso train: {recipe}:\\d+: ", line.Error);
        Assert.Contains(message, line.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(shop.At("never")));
    }

    [Theory]
    [InlineData("evaluate {nothing} --data {data}", "{nothing}: no such run folder or checkpoint")]
    [InlineData("evaluate {data} --data {data}", "{data}: no weights in")]
    [InlineData("evaluate {run} --data {nothing}", "{nothing}: no such folder; it should hold a data set")]
    [InlineData("evaluate {run} --data {recipe}", "{recipe}: is a file, not a folder; it should hold a data set")]
    [InlineData("evaluate {run} --data {data} --split test", "no split 'test'; there are train, val")]
    [InlineData("predict {run} {nothing} --out {out}", "{nothing}: no such image")]
    [InlineData("predict {nothing} {image} --out {out} --score 0.5", "{nothing}: no such run folder or checkpoint")]
    [InlineData("predict {run} {data} --out {out}", "{data}: is a folder; name the images in it")]
    [InlineData("predict {run} {image} --out {recipe}", "{recipe}: is a file; a folder to write to was wanted")]
    [InlineData("predict {run} {image} --out {recipe}/x", "{recipe}/x: this folder cannot be made")]
    [InlineData("import {nothing} --model hrnetv2-w18 --classes 19 --out {out}", "{nothing}: no such file; check the path")]
    [InlineData("import {data} --model hrnetv2-w18 --classes 19 --out {out}", "{data}: a folder, not a weight file")]
    [InlineData("import {checkpoint} --model {recipe} --classes 19 --out {nothing}/x.safetensors", "{nothing}/x.safetensors: could not be "
        + "written")]
    [InlineData("verify {recipe} --weights {checkpoint} --fixture {nothing}", "{nothing}: no such file; check the path")]
    [InlineData("scenes {recipe} --layout voc --count 2", "{recipe}: is a file; a folder to write to was wanted")]
    [InlineData("scenes {recipe}/x --layout voc --count 2", "{recipe}/x: this folder cannot be made")]
    [InlineData("train {recipe} --data {nothing} --run {out}", "{nothing}: no such folder")]
    [InlineData("train {recipe} --data {data} --run {recipe}", "{recipe}: no run can be kept there")]
    [InlineData("train {recipe} --data {data} --run {run}",
        "{run} holds a run already; continue it with --resume, or name another folder with --run")]
    [InlineData("train {recipe} --data {data} --run {nothing} --resume", "{nothing}: nothing to resume")]
    public void A_path_that_cannot_be_used_is_named(string command, string message)
    {
        string Filled(string text) => text
            .Replace("{nothing}", shop.At("nothing"), StringComparison.Ordinal).Replace("{data}", shop.Data, StringComparison.Ordinal)
            .Replace("{run}", shop.Run, StringComparison.Ordinal).Replace("{recipe}", shop.Recipe, StringComparison.Ordinal)
            .Replace("{image}", shop.Image, StringComparison.Ordinal).Replace("{checkpoint}", shop.Checkpoint, StringComparison.Ordinal)
            .Replace("{out}", shop.At("out-never"), StringComparison.Ordinal);

        var line = CommandLine.Run([.. Filled(command).Split(' '), "--device", "cpu", "--threads", "1"]);

        Assert.Equal((1, ""), (line.Code, line.Output));
        Assert.Contains(Filled(message), line.Error, StringComparison.Ordinal);
        Assert.Equal(1, line.Error.Count(c => c == '\n'));
        Assert.False(Path.Exists(shop.At("out-never")));
    }

    [Fact]
    public void A_recipe_that_is_no_file_is_a_wrong_argument()
    {
        var missing = CommandLine.Run("train", shop.At("smal.yaml"));
        var folder = CommandLine.Run("train", shop.Data);

        Assert.Equal(
            (2, $"hwaso train: {shop.At("smal.yaml")}: no such file; did you mean '{shop.Recipe}'?\n"), (missing.Code, missing.Error));
        Assert.Equal((2, $"hwaso train: {shop.Data}: is a folder; name the recipe file in it\n"), (folder.Code, folder.Error));
    }

    [Fact]
    public void An_image_given_twice_is_refused_and_two_of_one_name_are_kept_apart()
    {
        var other = Path.Combine(shop.At("elsewhere"), Path.GetFileName(shop.Image));
        Directory.CreateDirectory(shop.At("elsewhere"));
        File.Copy(shop.Image, other, overwrite: true);

        var twice = CommandLine.Run("predict", shop.Run, shop.Image, shop.Image, "--out", shop.At("twice"));
        var both = CommandLine.Run("predict", shop.Run, shop.Image, other, "--out",
            shop.At("both"), "--json", "--threads", "1", "--device", "cpu");

        Assert.Equal(2, twice.Code);
        Assert.Contains($"{shop.Image} is given twice; name each image once", twice.Error, StringComparison.Ordinal);
        Assert.Equal(0, both.Code);
        var files = JsonDocument.Parse(both.Output).RootElement.GetProperty("files").EnumerateArray().Select(f => f.GetString()!).ToArray();
        Assert.Equal(2, files.Distinct().Count());
        Assert.EndsWith($"elsewhere_{Path.GetFileName(shop.Image)}", files[1], StringComparison.Ordinal);
        Assert.All(files, f => Assert.True(File.Exists(f)));
    }

    [Fact]
    public void Predicting_into_the_images_own_folder_is_refused()
    {
        var before = File.ReadAllBytes(shop.Image);
        var line = CommandLine.Run("predict", shop.Run, shop.Image, "--out", Path.GetDirectoryName(shop.Image)!);

        Assert.Equal(2, line.Code);
        Assert.Contains("would be replaced by labels; name another folder with --out", line.Error, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(shop.Image));
    }

    [Fact]
    public void A_damaged_image_costs_that_image_and_not_the_others()
    {
        var broken = shop.At("broken.png");
        File.WriteAllBytes(broken, File.ReadAllBytes(shop.Image)[..500]);

        var line = CommandLine.Run("predict", shop.Run, broken, shop.Image, "--out",
            shop.At("some"), "--json", "--threads", "1", "--device", "cpu");

        Assert.Equal(1, line.Code);
        Assert.Contains($"{broken}: ", line.Error, StringComparison.Ordinal);
        var report = JsonDocument.Parse(line.Output).RootElement;
        Assert.True(File.Exists(Assert.Single(report.GetProperty("files").EnumerateArray()).GetString()));
        Assert.Equal(broken, Assert.Single(report.GetProperty("failed").EnumerateArray()).GetProperty("image").GetString());
    }

    [Fact]
    public void A_loss_that_is_not_finite_keeps_the_last_good_weights_and_names_the_batch()
    {
        string[] diverging =
            ["--set", "train.schedule.name=step", "--set", "train.schedule.milestones=[1]", "--set", "train.schedule.gamma=1e30"];
        var line = shop.Train("diverged", diverging);

        var last = shop.At("diverged/checkpoints/last.safetensors");
        Assert.Equal((1, ""), (line.Code, line.Output));
        Assert.Matches(@"the loss is (NaN|∞|Infinity) at step \d+ on the batch of (\S+_leftImg8bit\.png(, |; )){4}", line.Error);
        Assert.Contains($"the last good weights are in {last}; try a lower train.optimizer.learning_rate", line.Error,
            StringComparison.Ordinal);
        // They are those of the first epoch, and they work.
        Assert.Equal(0, CommandLine.Run("evaluate", last, "--data", shop.Data, "--threads", "1", "--device", "cpu").Code);
        Assert.Contains("failed at step", File.ReadAllText(shop.At("diverged/log.txt")), StringComparison.Ordinal);
    }
}
