using System.Text.Json;

namespace Hwaso.Cli.Tests;

/// <summary>Boxes and masks as a person scores and verifies them, and detectors as a person counts them.</summary>
public sealed class ObjectVerbTests
{
    [Theory]
    [InlineData("coco-boxes", "plain0", "expected")]
    [InlineData("coco-masks", "segm0", "expected_segm")]
    public void Objects_are_scored_under_the_contracts_names(string layout, string set, string file)
    {
        var report = Json("score", Recorded($"ap/{set}_results.json"), Recorded($"ap/{set}_truth.json"), "--layout", layout);
        var expected = JsonDocument.Parse(File.ReadAllText(Recorded($"ap/{file}.json"))).RootElement.GetProperty(set);

        foreach (var name in new[] { "AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl" })
            Assert.Equal(expected.GetProperty(name).GetDouble(), report.GetProperty(name.ToLowerInvariant()).GetDouble(), 1e-9);
    }

    [Fact]
    public void Proposals_are_scored_without_classes_at_other_counts()
    {
        var report = Json("score", Recorded("ap/proposals0_results.json"), Recorded("ap/proposals0_truth.json"), "--layout", "coco-boxes",
            "--class-agnostic", "--max-detections", "5,10,20");
        var expected = JsonDocument.Parse(File.ReadAllText(Recorded("ap/expected.json"))).RootElement.GetProperty("proposals0")
            .GetProperty("class_agnostic_maxdets_5_10_20");

        Assert.Equal(-1, report.GetProperty("ap").GetDouble());
        Assert.Equal(expected[8].GetDouble(), report.GetProperty("ar100").GetDouble(), 1e-9);
    }

    [Theory]
    [InlineData("3,2,1")]
    [InlineData("1,10")]
    [InlineData("many")]
    public void Other_counts_than_three_rising_ones_are_refused(string counts)
    {
        var line = CommandLine.Run("score", Recorded("ap/plain0_results.json"), Recorded("ap/plain0_truth.json"), "--layout", "coco-boxes",
            "--max-detections", counts);

        Assert.Equal(2, line.Code);
        Assert.Contains("three rising numbers were wanted, such as 1,10,100", line.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("results", "\"category_id\":1", "results.json: 1 detections name a category that", "the first one 99")]
    [InlineData("truth", "\"category_id\":1", "truth.json: 1 annotations name a category that", "the first one 99")]
    [InlineData("truth", "\"image_id\":1", "truth.json: 1 annotations name an image that", "the first one 99")]
    public void Entries_that_the_evaluation_passes_over_are_named(string file, string from, string problem, string first)
    {
        var folder = Directory.CreateTempSubdirectory("hwaso-strays").FullName;
        string truthFile = Path.Combine(folder, "truth.json"), resultsFile = Path.Combine(folder, "results.json");
        var truth = """
            {"images":[{"id":1,"file_name":"a.jpg","width":40,"height":30}],"categories":[{"id":1,"name":"car"}],"annotations":[
            {"id":1,"image_id":1,"category_id":1,"iscrowd":0,"area":100,"bbox":[0,0,10,10]},
            {"id":2,"image_id":1,"category_id":1,"iscrowd":0,"area":100,"bbox":[20,0,10,10]}]}
            """;
        var results = """[{"image_id":1,"category_id":1,"score":0.5,"bbox":[0,0,10,10]}]""";
        var strayed = from.Replace(":1", ":99", StringComparison.Ordinal);
        File.WriteAllText(truthFile, file == "truth" ? Last(truth) : truth);
        File.WriteAllText(resultsFile, file == "results" ? Last(results) : results);

        var line = CommandLine.Run("score", resultsFile, truthFile, "--layout", "coco-boxes", "--bootstrap", "0");

        Directory.Delete(folder, recursive: true);
        Assert.Equal(0, line.Code);
        Assert.Contains(problem, line.Error, StringComparison.Ordinal);
        Assert.Contains(first, line.Error, StringComparison.Ordinal);

        string Last(string text)
        {
            var at = text.LastIndexOf(from, StringComparison.Ordinal);
            return text[..at] + strayed + text[(at + from.Length)..];
        }
    }

    [Fact]
    public void Operators_of_boxes_are_verified_with_and_without_a_list_of_cases()
    {
        Assert.Equal(0, Json("verify", "nms", "--fixture", Recorded("nms.json")).GetProperty("failed").GetInt32());
        Assert.Equal(3, Json("verify", "levels", "--fixture", Recorded("levels.safetensors")).GetProperty("cases").GetInt32());
    }

    [Fact]
    public void A_detectors_cost_follows_its_proposals()
    {
        // Counted on the authors' code: 800×1216, 500 proposals.
        var report = Json("profile", "faster-rcnn-hrnetv2p-w18", "--size", "800x1216", "--proposals", "500");

        Assert.Equal(27_486_776, report.GetProperty("parameters").GetInt64());
        Assert.Equal(170_823_448_864, report.GetProperty("macs").GetInt64());
        var refused = CommandLine.Run("profile", "resnet18", "--size", "64x64", "--proposals", "500");
        Assert.Equal(2, refused.Code);
        Assert.Contains("--proposals is for detectors", refused.Error, StringComparison.Ordinal);
    }

    static JsonElement Json(params string[] arguments)
    {
        var line = CommandLine.Run([.. arguments, "--json"]);
        Assert.True(line.Code == 0, line.Error);
        return JsonDocument.Parse(line.Output).RootElement;
    }

    static string Recorded(string name) => Path.Combine(Repository.Root, "tests", "fixtures", "detection", name);
}
