using System.Text.Json;

namespace Hwaso.Cli.Tests;

/// <summary>Poses as a person scores, verifies and checks them.</summary>
public sealed class PoseVerbTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("hwaso-poses").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Keypoints_are_scored_under_the_contracts_names()
    {
        var report = Json(0, "score", Recorded("ap/crowd0_results.json"), Recorded("ap/crowd0_truth.json"), "--layout", "coco-keypoints");
        var expected = JsonDocument.Parse(File.ReadAllText(Recorded("ap/expected.json"))).RootElement.GetProperty("crowd0");

        foreach (var (ours, theirs) in new[]
                 {
                     ("ap", "AP"), ("ap50", "AP50"), ("ap75", "AP75"), ("apm", "APm"), ("apl", "APl"), ("ar", "AR"), ("ar50", "AR50"),
                     ("ar75", "AR75"), ("arm", "ARm"), ("arl", "ARl"),
                 })
            Assert.Equal(expected.GetProperty(theirs).GetDouble(), report.GetProperty(ours).GetDouble(), 1e-9);
        // -1 stays -1.
        Assert.Equal(-1, report.GetProperty("apm").GetDouble());
    }

    [Fact]
    public void An_empty_result_list_is_scored_and_a_wrong_one_is_named()
    {
        var path = Path.Combine(folder, "results.json");
        File.WriteAllText(path, "[]");
        var empty = Json(0, "score", path, Recorded("ap/plain0_truth.json"), "--layout", "coco-keypoints");
        Assert.Equal(0, empty.GetProperty("ap").GetDouble());
        File.WriteAllText(path, """[{"image_id": 7, "category_id": 1, "score": 1, "keypoints": []}]""");

        var line = CommandLine.Run("score", path, Recorded("ap/plain0_truth.json"), "--layout", "coco-keypoints");

        Assert.Equal(1, line.Code);
        Assert.Contains($"{path}: entry [0]: image 7 is not among the 6", line.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Operators_are_compared_and_a_changed_answer_fails()
    {
        var good = Json(0, "verify", "oks", "--fixture", Recorded("oks.safetensors"));
        Assert.Equal((6, 0), (good.GetProperty("cases").GetInt32(), good.GetProperty("failed").GetInt32()));
        Assert.InRange(good.GetProperty("worst").GetDouble(), 0, 1e-9);
        File.Copy(Recorded("oks.safetensors"), Path.Combine(folder, "oks.safetensors"));
        var json = File.ReadAllText(Recorded("oks.json"));
        File.WriteAllText(
            Path.Combine(folder, "oks.json"), json.Replace("\"oks_nms_0.2\": [1]", "\"oks_nms_0.2\": [0]", StringComparison.Ordinal));

        Assert.Equal(1, Json(1, "verify", "oks", "--fixture", Path.Combine(folder, "oks.json")).GetProperty("failed").GetInt32());
        Assert.Equal(2, CommandLine.Run("verify", "hrnet-w32-pose", "--fixture", Recorded("oks.json")).Code);
    }

    static string Recorded(string name) => Path.Combine(Repository.Root, "tests/fixtures/pose", name);

    static JsonElement Json(int code, params string[] args)
    {
        var line = CommandLine.Run([.. args, "--json"]);
        Assert.True(line.Code == code, line.Error);
        return JsonDocument.Parse(line.Output).RootElement;
    }
}
