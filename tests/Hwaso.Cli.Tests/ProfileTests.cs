using System.Text.Json;

namespace Hwaso.Cli.Tests;

[Collection(WorkshopTests.Name)]
public sealed class ProfileTests(Workshop shop)
{
    [Fact]
    public void Profile_reports_the_published_counts_and_layers_that_sum_to_them()
    {
        var line = CommandLine.Run(
            "profile", "hrnetv2-w18-small-v1", "--classes", "59", "--size", "64x96", "--layers", "--json", "--device", "cpu");

        Assert.Equal("", line.Error);
        Assert.Equal(0, line.Code);
        var report = JsonDocument.Parse(line.Output).RootElement;
        // The official implementation has 1,550,459 parameters at 59 classes.
        Assert.Equal(1_550_459, report.GetProperty("parameters").GetInt64());
        var layers = report.GetProperty("layers").EnumerateArray().ToArray();
        Assert.Equal(1_550_459, layers.Sum(layer => layer.GetProperty("parameters").GetInt64()));
        Assert.Equal(report.GetProperty("macs").GetInt64(), layers.Sum(layer => layer.GetProperty("macs").GetInt64()));
        Assert.Equal(report.GetProperty("macs_all").GetInt64(), layers.Sum(layer => layer.GetProperty("macs_all").GetInt64()));
        // The first convolution: 3 to 64 channels, 3x3, stride 2: 64 · 27 multiply-adds at 32 x 48 places.
        Assert.Equal(64 * 27 * 32 * 48, layers[0].GetProperty("macs").GetInt64());
    }

    [Fact]
    public void A_recipe_of_one_output_channel_or_of_other_images_is_counted_as_it_is_built()
    {
        var recipe = Path.GetTempFileName() + ".yaml";
        try
        {
            File.WriteAllText(recipe, """
                model: {name: hrnetv2-w18-small-v1, in_channels: 5}
                loss: {name: binary_cross_entropy}
                """);
            var line = CommandLine.Run("profile", recipe, "--size", "64x96", "--device", "cpu");
            Assert.Equal(0, line.Code);
            Assert.Contains("1 x 5 x 64 x 96", line.Output, StringComparison.Ordinal);
            // The official implementation's 1,550,459 at 59 classes, less 58 rows of the last convolution of 240 channels with bias, and
            // two channels more of 64 filters of 3x3.
            Assert.Contains($"{1_550_459 - (58 * 241) + (2 * 64 * 9):N0}", line.Output, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(recipe);
        }
    }

    [Fact]
    public void A_network_without_classes_wants_none_and_one_with_classes_does()
    {
        var features = CommandLine.Run("profile", "dinov2-vits14", "--size", "70x70", "--json", "--device", "cpu");
        Assert.Equal(0, features.Code);
        // The official implementation has 22,056,576 parameters.
        Assert.Equal(22_056_576, JsonDocument.Parse(features.Output).RootElement.GetProperty("parameters").GetInt64());

        // A pose network is COCO's, with 17 joints, unless said otherwise: 28,536,113 parameters in the official implementation.
        var pose = CommandLine.Run("profile", "hrnet-w32-pose", "--size", "256x192", "--json", "--device", "cpu");
        Assert.Equal(28_536_113, JsonDocument.Parse(pose.Output).RootElement.GetProperty("parameters").GetInt64());
        Assert.Equal(7_645_003_776, JsonDocument.Parse(pose.Output).RootElement.GetProperty("macs").GetInt64());

        var segmentation = CommandLine.Run("profile", "hrnetv2-w18", "--size", "64x64");
        Assert.Equal(2, segmentation.Code);
        Assert.Contains("--classes", segmentation.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_model_is_a_wrong_argument_with_near_names()
    {
        var line = CommandLine.Run("profile", "hrnetv2-w49", "--classes", "59", "--size", "64x96");

        Assert.Equal(2, line.Code);
        Assert.Contains("hrnetv2-w48", line.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_recipe_is_a_model_and_a_wrong_one_is_named_with_its_line()
    {
        var recipe = Path.Combine(Directory.CreateTempSubdirectory().FullName, "x.yaml");
        var text = File.ReadAllText(Path.Combine(Repository.Root, "recipes", "demo.yaml"));

        File.WriteAllText(recipe, text);
        var right = CommandLine.Run("profile", recipe, "--classes", "59", "--size", "64x64", "--json");
        File.WriteAllText(recipe, text.Replace("init:", "inti:", StringComparison.Ordinal));
        var wrong = CommandLine.Run("profile", recipe, "--classes", "59", "--size", "64x64", "--json");
        var missing = CommandLine.Run("profile", recipe + ".yaml", "--classes", "59", "--size", "64x64");
        Directory.Delete(Path.GetDirectoryName(recipe)!, recursive: true);

        Assert.Equal("", right.Error);
        Assert.Equal(2, wrong.Code);
        Assert.Matches($"^hwaso profile: {recipe}:[0-9]+: .*inti.*init", wrong.Error);
        Assert.Equal(2, missing.Code);
        Assert.Contains(recipe + ".yaml", missing.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Models_show_our_count_beside_the_published_one()
    {
        var models = JsonDocument.Parse(shop.Networks).RootElement.GetProperty("models").EnumerateArray().ToArray();
        var published = models.Where(model => model.GetProperty("published_parameters").ValueKind == JsonValueKind.Number).ToArray();
        Assert.NotEmpty(published);
        Assert.All(published, model =>
            Assert.Equal(model.GetProperty("published_parameters").GetInt64(), model.GetProperty("parameters").GetInt64()));
    }

    [Fact]
    public void Version_names_ours_and_libtorch_and_the_devices()
    {
        var report = JsonDocument.Parse(CommandLine.Run("--version", "--json").Output).RootElement;

        Assert.Matches(@"^\d+\.\d+\.\d+(-[a-z0-9.]+)?$", report.GetProperty("version").GetString());
        Assert.Matches(@"^\d+\.\d+", report.GetProperty("libtorch").GetString());
        Assert.Equal("cpu", report.GetProperty("devices")[0].GetString());
    }
}
