using System.Text.Json;
using Hwaso.Imaging;

namespace Hwaso.Cli.Tests;

/// <summary>Detectors as a person checks data for them, trains, scores and uses them.</summary>
public sealed class BoxVerbTests : IDisposable
{
    const string Recipe = """
        name: small
        model:
          family: mask-rcnn-hrnetv2p
          anchor_scale: 3
          pyramid_channels: 8
          head_width: 16
          stage1: {blocks: 1, channels: 4}
          stage2: {modules: 1, blocks: [1, 1], channels: [4, 8]}
          stage3: {modules: 1, blocks: [1, 1, 1], channels: [4, 8, 16]}
          stage4: {modules: 1, blocks: [1, 1, 1, 1], channels: [4, 8, 16, 32]}
        data: {layout: coco}
        augment: {crop: [64, 96]}
        detection: {score: 0.01, anchors: 16, proposals: 8, most: 20}
        train: {epochs: 1, batch: 2, optimizer: {name: sgd, learning_rate: 0.001}}
        """;

    readonly string folder = Directory.CreateTempSubdirectory("hwaso-boxes").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_detector_is_trained_scored_and_used()
    {
        var (data, run, results) = (At("data"), At("run"), At("results.json"));
        Assert.Equal(0, CommandLine.Run("scenes", data, "--layout", "coco", "--count", "2", "--val", "1", "--size", "64x96").Code);
        File.WriteAllText(At("small.yaml"), Recipe);

        var check = Json(0, "dataset", "check", data, "--layout", "coco");
        Assert.Equal(3, check.GetProperty("images").GetInt32());
        Assert.Equal(0, check.GetProperty("problems").GetArrayLength());
        Assert.Equal(["person", "bicycle", "car", "motorcycle", "bus", "train", "truck"],
            check.GetProperty("categories").EnumerateObject().Select(c => c.Name));
        Json(0, "train", At("small.yaml"), "--data", data, "--run", run);

        var scored = Json(0, "evaluate", run, "--data", data, "--results", results);
        var again = Json(0, "score", results, Path.Combine(data, "annotations/instances_val2017.json"), "--layout", "coco-boxes");
        var masks = Json(0, "score", At("results.masks.json"), Path.Combine(data, "annotations/instances_val2017.json"), "--layout",
            "coco-masks");
        foreach (var name in new[] { "ap", "ap50", "ap75", "aps", "apm", "apl", "ar1", "ar10", "ar100", "ars", "arm", "arl" })
        {
            Assert.Equal(again.GetProperty(name).GetDouble(), scored.GetProperty(name).GetDouble(), 1e-12);
            Assert.Equal(masks.GetProperty(name).GetDouble(), scored.GetProperty("masks").GetProperty(name).GetDouble(), 1e-12);
        }

        var image = Directory.GetFiles(Path.Combine(data, "images/val2017")).Single();
        Json(0, "predict", run, image, "--out", At("out"));
        var stem = Path.Combine(At("out"), Path.GetFileNameWithoutExtension(image));
        var found = JsonDocument.Parse(File.ReadAllText(stem + ".json")).RootElement.GetProperty("objects").EnumerateArray().ToArray();
        Assert.Equal(JsonDocument.Parse(File.ReadAllText(results)).RootElement.GetArrayLength(), found.Length);
        Assert.Equal((96, 64), ImageFile.Size(stem + ".png"));
        var scores = found.Select(f => f.GetProperty("score").GetDouble()).ToArray();
        Assert.Equal(scores.OrderDescending(), scores);
        Assert.NotEmpty(scores);
        Assert.Equal(64, found[0].GetProperty("segmentation").GetProperty("size")[0].GetInt32());

        Exported(run, image, data, found, scored);

        Refused(2, "--boxes is for pose networks", "evaluate", run, "--data", data, "--boxes", results);
        Refused(
            2, "--overlay, --submission and views are for segmentation networks", "predict", run, image, "--out", At("out"), "--overlay");
        Rename("person", "horse", Path.Combine(data, "annotations/instances_val2017.json"));
        Refused(2, "finds 'person', which is no category of data val", "evaluate", run, "--data", data);
    }

    /// <summary>The exported file finds the same objects on Hwaso.Runtime, and scores alike.</summary>
    void Exported(string run, string image, string data, JsonElement[] found, JsonElement scored)
    {
        var file = At("small.onnx");
        var operators = Json(0, "export", run, "--out", file).GetProperty("operators");
        Assert.True(operators.TryGetProperty("NonMaxSuppression", out _) && operators.TryGetProperty("RoiAlign", out _));
        Assert.Equal("Hwaso.Runtime", Json(0, "predict", file, image, "--out", At("exported")).GetProperty("engine").GetString());
        var path = Path.Combine(At("exported"), Path.GetFileNameWithoutExtension(image) + ".json");
        var others = JsonDocument.Parse(File.ReadAllText(path)).RootElement.GetProperty("objects").EnumerateArray().ToList();

        // The bounds of recorded detectors: a twentieth of a pixel and 1e-4; near-equal scores may change the choice of a few.
        Assert.Equal(found.Length, others.Count);
        Assert.True(found.Count(one => others.RemoveAll(other => Agree(one, other)) > 0) >= 0.95 * found.Length);
        Assert.Equal(scored.GetProperty("ap").GetDouble(), Json(0, "evaluate", file, "--data", data).GetProperty("ap").GetDouble(), 1e-3);
        Refused(2, "has its limits inside", "evaluate", file, "--data", data, "--set", "detection.score=0.5");

        static bool Agree(JsonElement one, JsonElement other) =>
            one.GetProperty("category_id").GetInt64() == other.GetProperty("category_id").GetInt64()
            && Math.Abs(one.GetProperty("score").GetDouble() - other.GetProperty("score").GetDouble()) <= 1e-4
            && one.GetProperty("box").EnumerateArray().Zip(other.GetProperty("box").EnumerateArray())
                .All(n => Math.Abs(n.First.GetDouble() - n.Second.GetDouble()) <= 0.05);
    }

    static void Rename(string from, string to, string path) =>
        File.WriteAllText(path, File.ReadAllText(path).Replace($"\"{from}\"", $"\"{to}\"", StringComparison.Ordinal));

    static void Refused(int code, string wanted, params string[] args)
    {
        var line = CommandLine.Run(args);
        Assert.Equal(code, line.Code);
        Assert.Contains(wanted, line.Error, StringComparison.Ordinal);
    }

    static JsonElement Json(int code, params string[] args)
    {
        var line = CommandLine.Run([.. args, "--json"]);
        Assert.True(line.Code == code, line.Error);
        return JsonDocument.Parse(line.Output.Trim().Split('\n')[^1]).RootElement;
    }

    string At(string name) => Path.Combine(folder, name);
}
