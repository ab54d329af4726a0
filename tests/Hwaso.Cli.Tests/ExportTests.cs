using System.Text.Json;
using Hwaso.Imaging;

namespace Hwaso.Cli.Tests;

/// <summary>A run exported, and the exported network used in its place.</summary>
[Collection(WorkshopTests.Name)]
public sealed class ExportTests(Workshop shop)
{
    static readonly string[] one = ["--threads", "1", "--json"];

    [Theory]
    [InlineData("free.onnx")]
    [InlineData("fixed.onnx", "--size", "64x128")]
    [InlineData("labels.onnx", "--labels", "--fold")]
    public void An_exported_network_predicts_what_the_run_predicts(string name, params string[] size)
    {
        var file = shop.At(name);
        var export = CommandLine.Run(["export", shop.Run, "--out", file, .. size, .. one]);
        Assert.True(export.Code == 0, export.Error);
        var report = JsonDocument.Parse(export.Output).RootElement;
        Assert.Equal(new FileInfo(file).Length, report.GetProperty("bytes").GetInt64());
        Assert.True(report.GetProperty("operators").GetProperty("Conv").GetInt32() > 20);

        var (from, to) = (shop.At($"{name}-run"), shop.At($"{name}-onnx"));
        Assert.Equal(0, CommandLine.Run(["predict", shop.Run, shop.Image, "--out", from, "--device", "cpu", .. one]).Code);
        var predict = CommandLine.Run(["predict", file, shop.Image, "--out", to, "--overlay", .. one]);
        Assert.True(predict.Code == 0, predict.Error);

        var label = Path.GetFileNameWithoutExtension(shop.Image) + ".png";
        var (expected, labels) = (Png.ReadLabels(Path.Combine(from, label)), Png.ReadLabels(Path.Combine(to, label)));
        Assert.Equal((expected.Width, expected.Height), (labels.Width, labels.Height));
        // But for ties: the network was trained for a second, and two classes may be as good as equal somewhere.
        var same = expected.Labels.Zip(labels.Labels).Count(p => p.First == p.Second);
        Assert.True(same >= 0.999 * expected.Labels.Length, $"{same} of {expected.Labels.Length}");
        Assert.Equal(2, Directory.GetFiles(to).Length);
    }

    [Fact]
    public void Half_precision_is_half_as_large_and_predicts_nearly_the_same()
    {
        var (single, half) = (shop.At("single.onnx"), shop.At("half.onnx"));
        Assert.Equal(0, CommandLine.Run(["export", shop.Run, "--out", single, .. one]).Code);
        Assert.Equal(0, CommandLine.Run(["export", shop.Run, "--out", half, "--fp16", .. one]).Code);
        // Besides weights there are some hundred nodes by name.
        Assert.InRange(new FileInfo(half).Length / (double)new FileInfo(single).Length, 0.45, 0.6);
        var labels = new[] { single, half }.Select(file =>
        {
            Assert.Equal(0, CommandLine.Run(["predict", file, shop.Image, "--out", file + "-labels", .. one]).Code);
            return Png.ReadLabels(Path.Combine(file + "-labels", Path.GetFileNameWithoutExtension(shop.Image) + ".png")).Labels;
        }).ToArray();
        // A half has eleven bits: classes within a thousandth of each other may change places.
        Assert.InRange(labels[0].Zip(labels[1]).Count(p => p.First == p.Second) / (double)labels[0].Length, 0.98, 1);
    }

    [Fact]
    public void A_network_of_another_task_exports_under_its_own_output_and_gives_no_labels()
    {
        var (recipe, weights, file) = (shop.At("pose.yaml"), shop.At("pose.safetensors"), shop.At("pose.onnx"));
        File.WriteAllText(recipe, """
            model:
              family: hrnet-pose
              stage2: {modules: 1, blocks: [2, 2], channels: [8, 16]}
              stage3: {modules: 1, blocks: [2, 2, 2], channels: [8, 16, 32]}
              stage4: {modules: 1, blocks: [2, 2, 2, 2], channels: [8, 16, 32, 64]}
            """);
        var import = CommandLine.Run(["import", Path.Combine(Repository.Root, "tests", "fixtures", "small", "hrnet_pose.pth"), "--model",
            recipe, "--out", weights, .. one]);
        Assert.True(import.Code == 0, import.Error);
        var export = CommandLine.Run(["export", weights, "--out", file, "--size", "64x96", .. one]);
        Assert.True(export.Code == 0, export.Error);
        using var model = Hwaso.Runtime.OnnxModel.Load(file);
        Assert.Equal(("heatmaps", "pose"), (Assert.Single(model.Outputs).Name, model.Metadata["hwaso.task"]));

        var labels = CommandLine.Run(["export", weights, "--out", file, "--labels", .. one]);
        Assert.Equal(
            (1, "hwaso export: a network for pose gives no labels; a segmentation network was wanted\n"), (labels.Code, labels.Error));
        var predict = CommandLine.Run(["predict", file, shop.Image, "--out", shop.At("pose-labels")]);
        Assert.Equal(1, predict.Code);
        Assert.Contains("a network for pose", predict.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_exported_or_asked_is_told()
    {
        var file = shop.At("told.onnx");
        var wrong = CommandLine.Run("export", shop.Run, "--out", shop.At("told.bin"));
        Assert.Equal(2, wrong.Code);
        Assert.StartsWith($"hwaso export: {shop.At("told.bin")}: ONNX files end in .onnx, and are known by that", wrong.Error,
            StringComparison.Ordinal);
        Assert.Equal(2, CommandLine.Run("export", shop.Run, "--out", file, "--size", "64x64", "--dynamic").Code);
        var missing = CommandLine.Run("predict", file, shop.Image, "--out", shop.At("told"));
        Assert.Equal((1, $"hwaso predict: {file}: no such file\n"), (missing.Code, missing.Error));

        File.WriteAllText(file, "this is no network");
        var broken = CommandLine.Run("predict", file, shop.Image, "--out", shop.At("told"));
        Assert.Equal(1, broken.Code);
        Assert.StartsWith($"hwaso predict: {file}: ", broken.Error, StringComparison.Ordinal);
        Assert.Single(broken.Error, '\n');

        Assert.Equal(0, CommandLine.Run(["export", shop.Run, "--out", file, .. one]).Code);
        var cropped = CommandLine.Run("predict", file, shop.Image, "--out", shop.At("told"), "--crop", "32x32");
        Assert.Equal(2, cropped.Code);
        Assert.StartsWith("hwaso predict: --crop: ", cropped.Error, StringComparison.Ordinal);
    }
}
