using System.Text.Json;
using Hwaso.Data.Tests;

namespace Hwaso.Cli.Tests;

/// <summary>Every layout from end to end: checked, trained on for two steps, evaluated, predicted and scored.</summary>
[Collection(WorkshopTests.Name)]
public sealed class PublishedLayoutTests(Workshop shop)
{
    public static TheoryData<string> Layouts => [.. Hwaso.Data.Layouts.Datasets.Layouts];

    [Theory]
    [MemberData(nameof(Layouts))]
    public void A_look_alike_is_checked_trained_on_and_scored(string layout)
    {
        var (data, run, labels) = (shop.At($"{layout}-data"), shop.At($"{layout}-run"), shop.At($"{layout}-labels"));
        var val = PublishedLookAlike.Write(layout, data);
        CommandLine Run(params string[] args)
        {
            var line = CommandLine.Run(args);
            Assert.True(line.Code == 0, line.Error);
            return line;
        }
        JsonElement Json(params string[] args) => JsonDocument.Parse(Run([.. args, "--json"]).Output).RootElement;
        string[] cpu = ["--device", "cpu", "--threads", "1"];

        Assert.Equal((6, 0), (Json("dataset", "check", data, "--layout", layout) is var check ? check.GetProperty("images").GetInt32()
            : 0, check.GetProperty("problems").GetArrayLength()));
        Run(["train", shop.Recipe, "--data", data, "--run", run,
            .. cpu, "--set", $"data.layout={layout}", "--set", "train.batch=2", "--set", "train.epochs=1"]);
        var evaluated = Json(["evaluate", run, "--data", data, .. cpu, "--flip"]);
        Assert.Equal(2, evaluated.GetProperty("images").GetInt32());
        var plain = Json(["evaluate", run, "--data", data, .. cpu]);
        var images = Directory.EnumerateFiles(data, "*", SearchOption.AllDirectories)
            .Where(f => val.Any(v => Path.GetFileName(f).StartsWith(Path.GetFileName(v.Name), StringComparison.Ordinal))
                && (f.EndsWith(".jpg", StringComparison.Ordinal) || f.EndsWith("leftImg8bit.png", StringComparison.Ordinal)))
            .Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(2, images.Length);
        Run(["predict", run, .. images, "--out", labels, .. cpu]);
        var scored = Json("score", labels, data, "--layout", layout, "--values", "indices", "--split", "val");

        foreach (var score in new[] { "miou", "pixel_accuracy", "mean_accuracy", "mean_dice", "frequency_weighted_iou" })
            Assert.Equal(plain.GetProperty(score).GetDouble(), scored.GetProperty(score).GetDouble());
        Assert.Equal(Foreground(plain, layout), Foreground(scored, layout));
        // Evaluated alike, too, from the layout's own label files: the truth scores 1 against itself.
        var perfect = shop.At($"{layout}-perfect");
        Directory.CreateDirectory(perfect);
        foreach (var (name, file) in val)
            File.Copy(file, Path.Combine(perfect, Path.GetFileName(name) + ".png"));
        Assert.Equal(1, Json("score", perfect, data, "--layout", layout, "--split", "val").GetProperty("miou").GetDouble());
    }

    /// <summary>The foreground IoU, which is there where the layout has a background; null where no class but that occurs.</summary>
    static double? Foreground(JsonElement report, string layout)
    {
        var has = report.TryGetProperty("foreground_iou", out var value);
        Assert.Equal(layout is "voc" or "voc-aug" or "pascal-context-60" or "lip" or "folder", has);
        return has && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;
    }
}
