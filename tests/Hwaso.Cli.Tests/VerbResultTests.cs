using System.Text.Json;

namespace Hwaso.Cli.Tests;

/// <summary>Every verb, run for real: the fields that tools read are there and agree with what is on disk.</summary>
[Collection(WorkshopTests.Name)]
public sealed class VerbResultTests(Workshop shop)
{
    static readonly string[] cpu = ["--device", "cpu", "--threads", "1", "--json"];

    static JsonElement Json(params string[] args) => Read(CommandLine.Run([.. args, .. cpu]));

    static JsonElement Read(CommandLine line)
    {
        Assert.True(line.Code == 0, line.Error);
        Assert.Equal(1, line.Output.Count(c => c == '\n'));
        return JsonDocument.Parse(line.Output).RootElement;
    }

    [Theory]
    [InlineData("cityscapes", "leftImg8bit/train", "*_leftImg8bit.png", 19)]
    [InlineData("voc", "VOCdevkit/VOC2012/JPEGImages", "*.jpg", 21)]
    public void Scenes_tell_train_val_and_classes(string layout, string images, string pattern, int classes)
    {
        var folder = shop.At($"scenes-{layout}");
        var report = Json("scenes", folder, "--layout", layout, "--count", "3", "--val", "1", "--size", "32x64");

        Assert.Equal((3, 1), (report.GetProperty("train").GetInt32(), report.GetProperty("val").GetInt32()));
        Assert.Equal(classes, report.GetProperty("classes").GetArrayLength());
        // VOC keeps both splits in one folder.
        Assert.Equal(
            layout == "voc" ? 4 : 3, Directory.GetFiles(Path.Combine(folder, images), pattern, SearchOption.AllDirectories).Length);
    }

    [Fact]
    public void Dataset_check_tells_images_and_problems()
    {
        var report = Json("dataset", "check", shop.Data, "--layout", "cityscapes");

        Assert.Equal(16, report.GetProperty("images").GetInt32());
        Assert.Equal(0, report.GetProperty("problems").GetArrayLength());
        Assert.Equal(16L * 128 * 64, report.GetProperty("pixels").GetInt64());
    }

    [Fact]
    public void Dataset_check_takes_every_layout_that_can_be_opened()
    {
        var help = CommandLine.Run("dataset", "check", "--help").Output;

        foreach (var layout in Data.Layouts.Datasets.Layouts)
        {
            Assert.Contains(layout, help, StringComparison.Ordinal);
            var line = CommandLine.Run("dataset", "check", shop.At("nowhere"), "--layout", layout);
            Assert.Equal((1, $"hwaso dataset check: {shop.At("nowhere")}: no such folder; it should hold a data set of layout "
                + $"{layout}\n"), (line.Code, line.Error));
        }
    }

    [Fact]
    public void Train_tells_run_miou_and_seconds_and_writes_the_run_folder()
    {
        var report = Read(shop.Trained);

        Assert.Equal(shop.Run, report.GetProperty("run").GetString());
        Assert.InRange(report.GetProperty("miou").GetDouble(), 0, 1);
        Assert.True(report.GetProperty("seconds").GetDouble() > 0);
        string[] files =
            ["recipe.yaml", "metrics.jsonl", "log.txt", "report.html", "checkpoints/best.safetensors", "checkpoints/last.safetensors"];
        foreach (var file in files)
            Assert.True(File.Exists(Path.Combine(shop.Run, file)), file);
        Assert.Contains("epoch 2/2: mIoU", shop.Trained.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("trained")]
    [InlineData("trained/checkpoints/best.safetensors")]
    public void Evaluate_tells_the_scores_that_training_told(string source)
    {
        var report = Json("evaluate", shop.At(source), "--data", shop.Data);

        // The same network on the same images: the same counts, so the same number.
        Assert.Equal(Read(shop.Trained).GetProperty("miou").GetDouble(), report.GetProperty("miou").GetDouble());
        foreach (var score in new[] { "pixel_accuracy", "mean_accuracy", "category_miou", "iiou", "category_iiou" })
            Assert.InRange(report.GetProperty(score).GetDouble(), 0, 1);
        var classes = report.GetProperty("iou").EnumerateObject().ToArray();
        Assert.Equal(19, classes.Length);
        // mIoU is the mean over the classes that occur; the others are null.
        Assert.Equal(report.GetProperty("miou").GetDouble(),
            classes.Where(c => c.Value.ValueKind == JsonValueKind.Number).Average(c => c.Value.GetDouble()), 1e-12);
    }

    [Fact]
    public void Evaluate_takes_scales_flip_and_windows()
    {
        var report = Json("evaluate", shop.Run, "--data",
            shop.Data, "--split", "val", "--scales", "0.75,1", "--flip", "--crop", "64x64", "--stride", "64x48");
        Assert.InRange(report.GetProperty("miou").GetDouble(), 0, 1);
    }

    [Fact]
    public void Predict_tells_files_and_milliseconds_in_the_order_given()
    {
        var images = Directory.EnumerateFiles(Path.Combine(shop.Data, "leftImg8bit/val"), "*.png",
            SearchOption.AllDirectories).OrderDescending(StringComparer.Ordinal).ToArray();
        var folder = shop.At("labels");
        var report = Json(["predict", shop.Run, .. images, "--out", folder, "--overlay"]);

        var files = report.GetProperty("files").EnumerateArray().Select(f => f.GetString()!).ToArray();
        Assert.Equal(images.Select(i => Path.Combine(folder, Path.GetFileName(i))), files);
        Assert.Equal(images.Length, report.GetProperty("milliseconds").GetArrayLength());
        Assert.All(files, f => Assert.Equal((128, 64), Imaging.ImageFile.Size(f)));
        Assert.All(files, f => Assert.True(File.Exists(Path.ChangeExtension(f, null) + "_overlay.png")));
    }

    [Fact]
    public void Import_tells_loaded_missing_and_unexpected()
    {
        var ours = Json("import", shop.Checkpoint, "--model", shop.Recipe, "--classes", "19", "--out", shop.At("imported.safetensors"));
        Assert.True(ours.GetProperty("loaded").GetInt32() > 100);
        Assert.Equal((0, 0), (ours.GetProperty("missing").GetArrayLength(), ours.GetProperty("unexpected").GetArrayLength()));

        // Without attention the network has fewer keys, and none that the file lacks.
        var plain = shop.At("plain.yaml");
        File.WriteAllText(plain, File.ReadAllText(shop.Recipe).Replace("  attention: psa-spatial\n", "", StringComparison.Ordinal));
        var fewer = Json("import", shop.Checkpoint, "--model", plain, "--classes", "19", "--out", shop.At("fewer.safetensors"));
        Assert.All(fewer.GetProperty("unexpected").EnumerateArray(), key =>
            Assert.Contains(".deattn.", key.GetString(), StringComparison.Ordinal));
        Assert.NotEmpty(fewer.GetProperty("unexpected").EnumerateArray());
        var more = Json("import", shop.At("fewer.safetensors"), "--model", shop.Recipe, "--classes", "19", "--out",
            shop.At("more.safetensors"));
        Assert.Equal(fewer.GetProperty("unexpected").GetArrayLength(), more.GetProperty("missing").GetArrayLength());
        Assert.Equal(
            0, CommandLine.Run(["predict", shop.At("imported.safetensors"), shop.Image, "--out", shop.At("imported"), .. cpu]).Code);
    }

    [Fact]
    public void Verify_tells_the_largest_errors_and_fails_beyond_the_tolerance()
    {
        var fixture = Path.Combine(Repository.Root, "tests/fixtures/formula/hrnetv2_w18_small_v1.safetensors");
        string[] verify = ["verify", "hrnetv2-w18-small-v1", "--weights", "formula", "--fixture", fixture, .. cpu];
        var report = Json(verify[..^cpu.Length]);
        var beyond = CommandLine.Run([.. verify, "--tolerance", "1e-30"]);

        var relative = report.GetProperty("max_rel_error").GetDouble();
        Assert.InRange(relative, 0, 1e-4);
        Assert.True(report.GetProperty("max_abs_error").GetDouble() >= 0);
        var output = Assert.Single(report.GetProperty("outputs").EnumerateObject()).Value;
        Assert.Equal(relative, output.GetProperty("rel").GetDouble());
        Assert.Equal(1, beyond.Code);
        Assert.Contains("1e-30 was allowed", beyond.Error, StringComparison.Ordinal);
    }
}
