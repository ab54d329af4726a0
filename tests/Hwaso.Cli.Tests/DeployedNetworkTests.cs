using System.Text.Json;
using Hwaso.Imaging;

namespace Hwaso.Cli.Tests;

/// <summary>What runs on Hwaso.Runtime from the command line: predictions of a run, scores of an exported network, timings.</summary>
[Collection(WorkshopTests.Name)]
public sealed class DeployedNetworkTests(Workshop shop)
{
    static readonly string[] cpu = ["--device", "cpu", "--threads", "1", "--json"];

    [Fact]
    public void Predicting_with_a_run_takes_the_managed_runtime_on_a_processor_and_libtorch_where_it_is_asked_otherwise()
    {
        var whole = Predict("managed");
        var window = Predict("windows", "--crop", "64x128");

        Assert.Equal(("Hwaso.Runtime", "libtorch"), (whole.Engine, window.Engine));
        // A window of the image's size is the image itself: libtorch's own labels, but for ties.
        AssertSameButForTies(window.Labels, whole.Labels);
    }

    [Fact]
    public void An_image_smaller_than_the_networks_stride_is_padded_as_in_training_on_every_engine()
    {
        var (image, file) = (shop.At("tiny.png"), shop.At("tiny.onnx"));
        // A corner of a scene: not all of one class.
        var whole = Png.ReadRgb(shop.Image);
        var tiny = new RgbImage(100, 24);
        for (var y = 0; y < tiny.Height; y++)
            whole.Pixels.AsSpan(3 * (y + 20) * whole.Width, 3 * tiny.Width).CopyTo(tiny.Pixels.AsSpan(3 * y * tiny.Width));
        Png.Write(image, tiny);
        Assert.Equal(0, CommandLine.Run(["export", shop.Run, "--out", file, .. cpu]).Code);
        LabelMap Labels(string source, string folder, params string[] more)
        {
            Json(["predict", source, image, "--out", shop.At(folder), .. more]);
            return Png.ReadLabels(Path.Combine(shop.At(folder), "tiny.png"));
        }

        // A window larger than the image is the image itself, on libtorch. The crop of the recipe, 32x64, pads its height to 32.
        var expected = Labels(shop.Run, "tiny-libtorch", "--crop", "256x256");
        Assert.Equal((100, 24), (expected.Width, expected.Height));
        AssertSameButForTies(expected, Labels(shop.Run, "tiny-managed"));
        // A file does not know the crop: it pads to its stride, which is 32 too.
        AssertSameButForTies(expected, Labels(file, "tiny-file"));
    }

    [Fact]
    public void Evaluating_an_exported_network_gives_the_figures_of_its_run()
    {
        var file = shop.At("scored.onnx");
        Assert.Equal(0, CommandLine.Run(["export", shop.Run, "--out", file, .. cpu]).Code);
        var (run, exported) = (Json("evaluate", shop.Run, "--data", shop.Data), Json("evaluate", file, "--data", shop.Data));

        Assert.Equal(run.EnumerateObject().Select(p => p.Name), exported.EnumerateObject().Select(p => p.Name));
        // But for ties: a network trained for a second knows few pixels surely, and of 32,768 pixels some dozens may be as good as equal.
        foreach (var score in new[] { "miou", "pixel_accuracy", "mean_accuracy", "category_miou", "iiou" })
            Assert.Equal(run.GetProperty(score).GetDouble(), exported.GetProperty(score).GetDouble(), 0.002);
        Assert.True(run.GetProperty("pixel_accuracy").GetDouble() > 0.01, $"a score of nothing shows nothing: {run}");
    }

    [Theory]
    [InlineData("--flip", "--scales, --flip: ")]
    [InlineData("--protocol cityscapes/hrnet", "--protocol: ")]
    public void Evaluating_an_exported_network_takes_whole_images_alone(string option, string message)
    {
        var line = CommandLine.Run(["evaluate", shop.At("any.onnx"), "--data", shop.Data, .. option.Split(' ')]);

        Assert.Equal(2, line.Code);
        Assert.StartsWith($"hwaso evaluate: {message}{shop.At("any.onnx")} is an exported network, which sees an image once and whole",
            line.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Bench_tells_latency_and_memory_of_a_file_and_of_a_name()
    {
        var file = shop.At("timed.onnx");
        Assert.Equal(0, CommandLine.Run(["export", shop.Run, "--out", file, .. cpu]).Code);
        foreach (var (model, engine) in new[] { (file, "Hwaso.Runtime"), (shop.Recipe, $"libtorch {Torch.TorchInfo.Version}") })
        {
            var report = Json("bench", model, "--size", "64x96", "--runs", "3");
            Assert.Equal((engine, 3, 1), (
                report.GetProperty("engine").GetString(), report.GetProperty("runs").GetInt32(), report.GetProperty("threads").GetInt32()));
            var (least, median, slow) = (report.GetProperty("milliseconds_min").GetDouble(),
                report.GetProperty("milliseconds").GetDouble(), report.GetProperty("milliseconds_p95").GetDouble());
            Assert.True(least > 0 && least <= median && median <= slow, $"{least}, {median}, {slow}");
            // .NET alone has some 30 MB; the peak is that of this process, tests and all.
            Assert.InRange(report.GetProperty("peak_bytes").GetInt64(), 30L << 20, 64L << 30);
        }
    }

    [Fact]
    public void Bench_refuses_what_an_exported_network_does_not_take()
    {
        var file = shop.At("one-size.onnx");
        Assert.Equal(0, CommandLine.Run(["export", shop.Run, "--out", file, "--size", "64x96", .. cpu]).Code);

        var size = CommandLine.Run("bench", file, "--size", "96x64");
        Assert.Equal((2, ""), (size.Code, size.Output));
        Assert.Contains($"{file}: input 'image' of [1, 3, 96, 64]; [1, 3, 64, 96] was wanted", size.Error, StringComparison.Ordinal);
        Assert.Contains("--classes: ", CommandLine.Run("bench", file, "--size", "64x96", "--classes", "5").Error, StringComparison.Ordinal);
        Assert.Contains("'hrnetv2-w81' is no model's name", CommandLine.Run("bench", "hrnetv2-w81", "--size", "64x96").Error,
            StringComparison.Ordinal);
    }

    (string Engine, LabelMap Labels) Predict(string folder, params string[] more)
    {
        var report = Json(["predict", shop.Run, shop.Image, "--out", shop.At(folder), .. more]);
        return (report.GetProperty("engine").GetString()!, Png.ReadLabels(Path.Combine(shop.At(folder), Path.GetFileName(shop.Image))));
    }

    static void AssertSameButForTies(LabelMap expected, LabelMap actual)
    {
        var same = expected.Labels.Zip(actual.Labels).Count(p => p.First == p.Second);
        Assert.True(same >= 0.999 * expected.Labels.Length, $"{same} of {expected.Labels.Length}");
    }

    static JsonElement Json(params string[] args)
    {
        var line = CommandLine.Run([.. args, .. cpu]);
        Assert.True(line.Code == 0, line.Error);
        return JsonDocument.Parse(line.Output).RootElement;
    }
}
