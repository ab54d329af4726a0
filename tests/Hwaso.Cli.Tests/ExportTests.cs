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
    public void What_cannot_be_exported_or_asked_is_told()
    {
        var file = shop.At("told.onnx");
        var wrong = CommandLine.Run("export", shop.Run, "--out", shop.At("told.bin"));
        Assert.Equal(2, wrong.Code);
        Assert.StartsWith($"hwaso export: {shop.At("told.bin")}: ONNX files end in .onnx, and are known by that", wrong.Error, StringComparison.Ordinal);
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
