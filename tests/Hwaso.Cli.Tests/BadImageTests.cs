using System.Text.Json;

namespace Hwaso.Cli.Tests;

/// <summary>One bad image among good ones: it is named, the others are done, and the exit code is 1.</summary>
[Collection(WorkshopTests.Name)]
public sealed class BadImageTests(Workshop shop)
{
    static readonly string[] cpu = ["--device", "cpu", "--threads", "1", "--json"];

    [Theory]
    [InlineData("predict")]
    [InlineData("explain")]
    public void It_costs_itself_alone(string verb)
    {
        var folder = Directory.CreateTempSubdirectory("hwaso-bad").FullName;
        var (cut, gone) = (Path.Combine(folder, "cut.png"), Path.Combine(folder, "text.jpg"));
        File.WriteAllBytes(cut, File.ReadAllBytes(shop.Image)[..300]);
        File.WriteAllText(gone, "<html>not found</html>");

        var line = CommandLine.Run([verb, shop.Run, cut, shop.Image, gone, "--out", Path.Combine(folder, "out"), .. cpu]);

        Assert.Equal(1, line.Code);
        var report = JsonDocument.Parse(line.Output).RootElement;
        Assert.Equal([cut, gone], report.GetProperty("failed").EnumerateArray().Select(f => f.GetProperty("image").GetString()));
        Assert.NotEmpty(report.GetProperty("files").EnumerateArray());
        Assert.Contains(cut, line.Error, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Evaluate_scores_the_others()
    {
        var data = shop.CopyOf(shop.Data);
        var victim = Directory.EnumerateFiles(Path.Combine(data, "leftImg8bit/val"), "*.png", SearchOption.AllDirectories).First();
        File.WriteAllBytes(victim, File.ReadAllBytes(victim)[..300]);

        var line = CommandLine.Run(["evaluate", shop.Run, "--data", data, .. cpu]);

        Assert.Equal(1, line.Code);
        var report = JsonDocument.Parse(line.Output).RootElement;
        Assert.Equal(3, report.GetProperty("images").GetInt32());
        Assert.NotEqual(JsonValueKind.Null, report.GetProperty("miou").ValueKind);
        Assert.Equal(victim, Assert.Single(report.GetProperty("failed").EnumerateArray()).GetProperty("image").GetString());
        Assert.Contains(victim, line.Error, StringComparison.Ordinal);
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public void Compare_has_a_row_for_a_run_that_was_never_scored()
    {
        var run = shop.At("unscored");
        using (var stop = new CancellationTokenSource())
        {
            stop.Cancel();
            Assert.Equal(1, CommandLine.Run(Verbs.VerbList.All, stop.Token, shop.Training("unscored")).Code);
        }
        var line = CommandLine.Run("compare", run);
        Assert.True(line.Code == 0, line.Error);
        Assert.Contains($"| {run} |", line.Output, StringComparison.Ordinal);
        Assert.Contains("–", line.Output, StringComparison.Ordinal);
        Directory.Delete(run, recursive: true);
    }

    [Theory]
    [InlineData("bench")]
    [InlineData("profile")]
    public void A_run_where_a_network_was_wanted_is_answered_with_the_file_to_give(string verb)
    {
        var line = CommandLine.Run(verb, shop.Run, "--size", "64x64");
        Assert.Equal(2, line.Code);
        Assert.Contains($"give {Path.Combine(shop.Run, "recipe.yaml")}", line.Error, StringComparison.Ordinal);
        var file = CommandLine.Run(verb, shop.Checkpoint, "--size", "64x64");
        Assert.Contains("is a run or a checkpoint", file.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Dataset_check_finds_the_layout_by_itself()
    {
        var line = CommandLine.Run("dataset", "check", shop.Voc);
        Assert.True(line.Code == 0, line.Error);
        Assert.StartsWith("voc: train 4 images, val 2 images", line.Output, StringComparison.Ordinal);
        Assert.Equal(2, CommandLine.Run("dataset", "check", shop.Voc, "--splits", "train,train").Code);
    }

    [Fact]
    public void Score_asks_whether_predictions_are_training_indices()
    {
        var images = Directory.EnumerateFiles(Path.Combine(shop.Data, "leftImg8bit/val"), "*.png", SearchOption.AllDirectories).ToArray();
        var folder = Directory.CreateTempSubdirectory("hwaso-indices").FullName;
        Assert.Equal(0, CommandLine.Run(["predict", shop.Run, .. images, "--out", folder, .. cpu]).Code);
        string[] score = ["score", folder, shop.Data, "--layout", "cityscapes"];
        Assert.Contains("are they training indices, as hwaso predict writes them? Then add --values indices", CommandLine.Run(score).Error,
            StringComparison.Ordinal);
        Assert.DoesNotContain("warning", CommandLine.Run([.. score, "--values", "indices"]).Error, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }
}
