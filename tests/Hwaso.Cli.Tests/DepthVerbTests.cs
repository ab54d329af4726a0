using System.Text.Json.Nodes;
using Hwaso.Data.Depth;
using Hwaso.Imaging;

namespace Hwaso.Cli.Tests;

/// <summary><c>hwaso depth</c> by a small teacher, and training on what it writes.</summary>
[Collection(WorkshopTests.Name)]
public sealed class DepthVerbTests : IDisposable
{
    const string Teacher = """
        model:
          family: dinov2
          transformer: {width: 48, depth: 2, heads: 4, image: 42}
          depth_head: {name: linear, max_depth: 80}
        """;

    readonly Workshop shop;
    readonly string folder = Directory.CreateTempSubdirectory("hwaso-depth").FullName;

    public DepthVerbTests(Workshop shop)
    {
        this.shop = shop;
        File.WriteAllText(At("teacher.yaml"), Teacher);
    }

    [Fact]
    public void Depth_of_a_data_set_is_written_kept_and_gone_on_with()
    {
        var first = Depth(shop.Voc, "--json");
        Assert.True(first.Code == 0, first.Error);
        var files = JsonNode.Parse(first.Output)!["files"]!.AsArray().Select(f => f!.GetValue<string>()).ToArray();
        Assert.Equal(Enumerable.Range(0, 4).Select(k => At($"out/2026_{k:000000}.png")), files);
        var info = Png.Info(files[0]);
        Assert.Equal((128, 64, 16, PngColorType.Gray), (info.Width, info.Height, info.BitDepth, info.ColorType));
        Assert.StartsWith("dinov2 of the recipe, 0.001 to 80 m, formula, whole", info.Text["hwaso.depth_teacher"],
            StringComparison.Ordinal);
        // A teacher of 80 m tells depths within them, and not one for all.
        var depth = DepthPng.Read(files[0]).Values;
        Assert.All(depth, d => Assert.InRange(d, 0.001f, 80.001f));
        Assert.True(depth.Max() > 1.05 * depth.Min());

        var before = files.ToDictionary(f => f, File.GetLastWriteTimeUtc);
        File.Delete(files[1]);
        File.WriteAllBytes(files[2], File.ReadAllBytes(files[2])[..100]);
        var leftover = At($"out/2026_000001.png.{Guid.NewGuid():N}.tmp");
        File.WriteAllText(leftover, "half");
        File.SetLastWriteTimeUtc(leftover, DateTime.UtcNow.AddHours(-2));
        var again = JsonNode.Parse(Depth(shop.Voc, "--json").Output)!;
        Assert.Equal((2, 2), (again["made"]!.GetValue<int>(), again["kept"]!.GetValue<int>()));
        Assert.Equal([files[0], files[3]], files.Where(f => File.GetLastWriteTimeUtc(f) == before[f]));
        Assert.Equal(files, Directory.GetFiles(At("out")).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Other_views_are_another_map_and_do_not_mix_with_the_first()
    {
        Assert.Equal(0, Depth(shop.Image).Code);
        var file = Directory.GetFiles(At("out")).Single();
        var whole = DepthPng.Read(file).Values;
        var refused = Depth(shop.Image, "--flip");
        Assert.Equal(2, refused.Code);
        Assert.Contains("by another teacher (dinov2 of the recipe, 0.001 to 80 m, formula, whole; this one is dinov2 of the recipe, 0.001 "
            + "to 80 m, formula, whole, mirrored too)", refused.Error, StringComparison.Ordinal);
        Assert.Equal(0, Depth(shop.Image, "--flip", "--overwrite").Code);
        Assert.NotEqual(whole, DepthPng.Read(file).Values);
        Assert.Equal(0, Depth(shop.Image, "--tiles", "42x56", "--overwrite").Code);
        Assert.Contains("tiles 42x56 every 28x37", Png.Info(file).Text["hwaso.depth_teacher"], StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_of_images_is_searched_and_a_bad_one_costs_itself_alone()
    {
        Directory.CreateDirectory(At("images/below"));
        File.Copy(shop.Image, At("images/a.png"));
        File.Copy(shop.Image, At("images/below/b.png"));
        File.WriteAllText(At("images/bad.jpg"), "no image");
        File.WriteAllText(At("images/notes.txt"), "none either");
        var line = Depth(At("images"), "--json");
        Assert.Equal(1, line.Code);
        Assert.Equal(["a.png", "b.png"], Directory.GetFiles(At("out")).Select(Path.GetFileName).Order());
        Assert.Equal(At("images/bad.jpg"), JsonNode.Parse(line.Output)!["failed"]![0]!["image"]!.GetValue<string>());
    }

    [Fact]
    public void Killed_at_any_moment_it_leaves_whole_files_and_goes_on()
    {
        // Slow enough to be killed between images on most machines; where it is not, there is nothing to go on with, and that is right too.
        File.WriteAllText(At("slow.yaml"), Teacher.Replace("width: 48, depth: 2, heads: 4, image: 42", "width: 256, depth: 8, heads: 4, "
            + "image: 518", StringComparison.Ordinal));
        string[] command = ["depth", shop.Data, "--teacher", At("slow.yaml"), "--weights", "formula", "--out",
            At("out"), "--threads", "1", "--device", "cpu"];
        using (var process = HwasoProcess.Start(command))
        {
            var made = At("out");
            process.WaitUntil(() => Directory.Exists(made) && Directory.GetFiles(made, "*.png").Length >= 2, "two maps are written");
            process.Send("KILL");
            Assert.True(process.Finish().Code is 0 or 128 + 9);
        }
        foreach (var file in Directory.GetFiles(At("out"), "*.png")) DepthPng.Read(file);
        var kept = Directory.GetFiles(At("out"), "*.png").Length;
        var resumed = CommandLine.Run([.. command, "--json"]);
        Assert.True(resumed.Code == 0, resumed.Error);
        var report = JsonNode.Parse(resumed.Output)!;
        Assert.Equal((kept, 12 - kept), (report["kept"]!.GetValue<int>(), report["made"]!.GetValue<int>()));
        // A kill in the middle of writing leaves a temporary file, which a run an hour later removes.
        Assert.Equal(12, Directory.GetFiles(At("out")).Count(f => !f.EndsWith(".tmp", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_checkpoint_of_another_size_is_refused_before_anything_with_tensor_and_line()
    {
        File.WriteAllText(At("wide.yaml"), Teacher.Replace("width: 48", "width: 72", StringComparison.Ordinal));
        // The official backbone of the fixtures is 48 wide.
        var backbone = Path.Combine(Repository.Root, "tests/fixtures/small/dinov2_vit.pth");
        var refused =
            CommandLine.Run("depth", shop.Voc, "--teacher", At("wide.yaml"), "--weights", backbone, "--out", At("out"), "--device", "cpu");
        Assert.Equal((2, ""), (refused.Code, refused.Output));
        Assert.StartsWith($"hwaso depth: {At("wide.yaml")}:1: model: {backbone}: backbone.cls_token: has shape [1, 1, 48], dinov2 of the "
            + "recipe wants [1, 1, 72]", refused.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(At("out")));
    }

    [Theory]
    [InlineData("hrnetv2-w18", "does not predict depth")]
    [InlineData("dinov2-vits14", "gives features, no depth")]
    public void What_tells_no_depth_is_refused(string teacher, string why)
    {
        var line = CommandLine.Run("depth", shop.Image, "--teacher", teacher, "--weights", "formula", "--out",
            At("out"), "--device", "cpu");
        Assert.Equal(2, line.Code);
        Assert.Contains(why, line.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Arguments_that_do_not_fit_are_refused_before_anything()
    {
        Assert.Contains("--stride is the step from tile to tile", Depth(shop.Image, "--stride", "10x10").Error, StringComparison.Ordinal);
        Assert.Contains("no such image", Depth(At("none.png")).Error, StringComparison.Ordinal);
        Assert.Contains("is a folder among 2 arguments", CommandLine.Run("depth", shop.Voc, shop.Image, "--teacher",
            At("teacher.yaml"), "--weights", "formula", "--out", At("out")).Error, StringComparison.Ordinal);
        Assert.Contains("is a run, which has its weights; leave --weights away", CommandLine.Run("depth", shop.Image, "--teacher",
            shop.Run, "--weights", "formula", "--out", At("out"), "--device", "cpu").Error, StringComparison.Ordinal);
        Assert.Contains("its network has no depth decoder", CommandLine.Run("depth", shop.Image, "--teacher", shop.Run, "--out",
            At("out"), "--device", "cpu").Error, StringComparison.Ordinal);
        Assert.Contains("teacher.yaml is wanted; a run's folder as --teacher has its own",
            CommandLine.Run("depth", shop.Image, "--teacher", At("teacher.yaml"), "--out", At("out")).Error, StringComparison.Ordinal);
        Assert.Contains("no split 'other'", Depth(shop.Data, "--split", "other").Error, StringComparison.Ordinal);
        var inPlace = CommandLine.Run("depth", shop.Image, "--teacher", At("teacher.yaml"), "--weights", "formula", "--out",
            Path.GetDirectoryName(shop.Image)!, "--device", "cpu");
        Assert.Contains("would be replaced by its depth", inPlace.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(At("out")));
    }

    [Fact]
    public void What_it_writes_a_depth_decoder_learns()
    {
        var data = shop.CopyOf(shop.Voc);
        Assert.Equal(0, CommandLine.Run("depth", data, "--teacher", At("teacher.yaml"), "--weights", "formula", "--out",
            Path.Combine(data, "VOCdevkit/VOC2012/Pseudo"), "--device", "cpu").Code);
        var recipe = Path.Combine(Repository.Root, "recipes", "multidecoder", "depth-copy-semantic-both.yaml");
        string[] small =
        [
            "--set", "model={family: unet-resnet-multidecoder, resnet: {blocks: [1, 1, 1, 1], block: basic, widths: [8, 8, 16, 16], "
                + "stem_channels: 8}, unet: {channels: [16, 16, 8, 8, 8]}}",
            "--set", "data.depth=Pseudo", "--set", "augment.crop=[64, 64]", "--set", "augment.base_size=", "--set", "train.batch=2",
            "--set", "stages[0].epochs=1", "--set", "stages[1].epochs=1", "--set", "stages[2].epochs=1",
        ];
        var trained = CommandLine.Run(["train", recipe, "--data", data, "--run", At("run"), "--device", "cpu", "--threads", "1", .. small]);
        Assert.True(trained.Code == 0, trained.Error);
        Assert.Contains("stage 3/3, both: encoder, semantic, depth for 1 epoch", File.ReadAllText(At("run/log.txt")),
            StringComparison.Ordinal);

        // What goes out has no depth decoder: neither in its labels nor among an exported file's weights.
        var exported = CommandLine.Run("export", At("run"), "--out", At("run.onnx"), "--size", "64x64");
        Assert.True(exported.Code == 0, exported.Error);
        var names = System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(At("run.onnx")));
        Assert.Contains("segmentation_head", names, StringComparison.Ordinal);
        Assert.DoesNotContain("depth_", names.Replace("depth_to_semantic", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(0, CommandLine.Run("predict", At("run"), shop.Image, "--out", At("labels"), "--device", "cpu").Code);

        // Without one map: an error with the recipe's line before the run's folder is made.
        var victim = Path.Combine(data, "VOCdevkit/VOC2012/Pseudo/2026_000002.png");
        File.Delete(victim);
        var refused = CommandLine.Run(
            ["train", recipe, "--data", data, "--run", At("other"), "--device", "cpu", "--threads", "1", .. small]);
        Assert.Equal(2, refused.Code);
        Assert.Contains($"data.depth: 1 of 4 images have no depth, the first ", refused.Error, StringComparison.Ordinal);
        Assert.Contains(victim, refused.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(At("other")));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    string At(string name) => Path.Combine(folder, name);

    CommandLine Depth(string image, params string[] more) => CommandLine.Run(
        ["depth", image, "--teacher", At("teacher.yaml"), "--out", At("out"), "--threads", "1", "--device", "cpu",
            .. more.Contains("--weights") ? [] : (string[])["--weights", "formula"], .. more]);
}
