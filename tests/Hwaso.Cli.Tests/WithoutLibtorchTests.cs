using System.Text.Json;

namespace Hwaso.Cli.Tests;

/// <summary>
/// Everything but training and running checkpoints works on a machine without libtorch: here the native library is hidden.
/// </summary>
[Collection(WorkshopTests.Name)]
public sealed class WithoutLibtorchTests(Workshop shop)
{
    static CommandLine Run(params string[] args)
    {
        using var process = HwasoProcess.StartWith(["HWASO_NATIVE=/nowhere/libhwaso_torch.so"], args);
        return process.Finish();
    }

    static JsonElement Json(params string[] args)
    {
        var line = Run([.. args, "--json"]);
        Assert.True(line.Code == 0, line.Error);
        return JsonDocument.Parse(line.Output).RootElement;
    }

    [Fact]
    public void It_starts_lists_and_counts_networks()
    {
        var version = Json("--version");
        var models = Json("models");
        var here = JsonDocument.Parse(shop.Networks).RootElement;
        var profile = Json("profile", "hrnetv2-w48+psa-spatial", "--size", "480x480", "--classes", "59", "--layers");
        var drawing = shop.At("drawn.svg");
        var recipe = Run("profile", shop.Recipe, "--size", "64x64", "--classes", "7", "--draw", drawing);

        Assert.Equal(JsonValueKind.Null, version.GetProperty("libtorch").ValueKind);
        Assert.Contains("HWASO_NATIVE", version.GetProperty("libtorch_missing").GetString(), StringComparison.Ordinal);
        Assert.Equal(here.GetRawText(), models.GetRawText());
        // Measured on the official implementation.
        Assert.Equal(69_058_523, profile.GetProperty("parameters").GetInt64());
        Assert.Equal(85_989_427_200, profile.GetProperty("macs").GetInt64());
        Assert.Equal(0, recipe.Code);
        Assert.StartsWith("<svg", File.ReadAllText(drawing), StringComparison.Ordinal);
    }

    [Fact]
    public void It_renders_and_checks_data_and_scores_files()
    {
        var data = shop.At("bare");
        Assert.Equal(2, Json("scenes", data, "--layout", "cityscapes", "--count", "4", "--size", "64x128", "--val", "2").GetProperty("val")
            .GetInt32());
        Assert.Equal(6, Json("dataset", "check", data, "--layout", "cityscapes").GetProperty("images").GetInt32());
        var score = Json("score", shop.Predictions(), Path.Combine(shop.Data, "gtFine", "val"), "--layout", "cityscapes");
        Assert.Equal(1, score.GetProperty("miou").GetDouble());
    }

    [Fact]
    public void It_converts_a_download_makes_a_page_and_lists_recipes()
    {
        var (voc, page, sbd) = (shop.At("bare-voc"), shop.At("bare.html"), Path.Combine(Repository.Root, "tests/fixtures/matlab/sbd"));
        Directory.CreateDirectory(Path.Combine(voc, "JPEGImages"));
        Directory.CreateDirectory(Path.Combine(voc, "ImageSets", "Segmentation"));
        foreach (var list in new[] { "train", "val" })
            File.WriteAllText(Path.Combine(voc, "ImageSets", "Segmentation", list + ".txt"), "2008_000009\n");
        // Three .mat files, none of them in VOC's own lists.
        Assert.Equal(3, Json("dataset", "convert", "voc-aug", sbd, voc).GetProperty("labels").GetInt32());
        Assert.Equal(6, Json("dataset", "check", shop.Voc, "--html", page).GetProperty("images").GetInt32());
        Assert.Contains("</html>", File.ReadAllText(page), StringComparison.Ordinal);
        Assert.True(Json("recipes").GetProperty("recipes").GetArrayLength() > 20);
        Assert.Equal(0, Run("completion", "pwsh").Code);
    }

    [Fact]
    public void It_segments_evaluates_and_times_exported_networks_and_compares_runs()
    {
        var model = shop.At("bare.onnx");
        Assert.Equal(0, CommandLine.Run("export", shop.Run, "--out", model, "--threads", "1").Code);

        Assert.Equal(1, Json("predict", model, shop.Image, "--out", shop.At("bare-labels"), "--overlay").GetProperty("milliseconds")
            .GetArrayLength());
        Assert.InRange(Json("evaluate", model, "--data", shop.Data, "--layout", "cityscapes").GetProperty("miou").GetDouble(), 0, 1);
        Assert.InRange(Json("bench", model, "--size", "64x128", "--runs", "1").GetProperty("runs").GetInt32(), 1, 1);
        Assert.Equal(1, Json("compare", shop.Run).GetProperty("rows").GetArrayLength());
    }

    [Fact]
    public void What_needs_libtorch_says_so_in_one_line()
    {
        foreach (var args in new[] { shop.Training("never"), ["predict", shop.Run, shop.Image, "--out", shop.At("never")] })
        {
            var line = Run(args);
            Assert.Equal(1, line.Code);
            var said = Assert.Single(line.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
            Assert.Contains("training and running checkpoints need that library", said, StringComparison.Ordinal);
        }
    }
}
