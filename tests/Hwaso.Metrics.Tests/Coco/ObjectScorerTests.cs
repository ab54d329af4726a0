using System.Text.Json.Nodes;
using Hwaso.Data;
using Hwaso.Metrics.Coco;
using Hwaso.Tests;

namespace Hwaso.Metrics.Tests.Coco;

/// <summary>The twelve numbers of boxes and masks against pycocotools'.</summary>
public sealed class ObjectScorerTests
{
    static readonly string[] names = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"];

    public static TheoryData<string, string> Recorded
    {
        get
        {
            var sets = new TheoryData<string, string>();
            foreach (var file in new[] { "expected", "expected_segm" })
                foreach (var (set, _) in Expected(file))
                    sets.Add(file, set);
            return sets;
        }
    }

    [Theory]
    [MemberData(nameof(Recorded))]
    public void Twelve_numbers_are_those_of_pycocotools(string file, string set)
    {
        var expected = Expected(file)[set]!.AsObject();
        var options = new ObjectScoreOptions { Masks = file == "expected_segm", Threads = 2 };
        var scores = ObjectScorer.Score(Truth(set), Results(set), options);

        Near([.. names.Select(n => expected[n]!.GetValue<double>())], scores, options);
        foreach (var (id, ap) in expected["per_category_AP"] as JsonObject ?? [])
            Assert.Equal(ap!.GetValue<double>(), scores.ByCategory.Single(c => $"{c.Category.Id}" == id).Ap, 1e-9);
        if (expected["class_agnostic_maxdets_5_10_20"] is JsonArray agnostic)
        {
            var proposals = options with { ClassAgnostic = true, MaxDetections = [5, 10, 20] };
            Near([.. agnostic.Select(n => n!.GetValue<double>())], ObjectScorer.Score(Truth(set), Results(set), proposals), proposals);
        }
    }

    [Fact]
    public void Intervals_lie_around_the_scores_and_curves_have_their_mean()
    {
        ObjectScores Score(int threads) => ObjectScorer.Score(
            Truth("plain0"), Results("plain0"), new ObjectScoreOptions { Bootstrap = 200, Threads = threads });
        var (one, two) = (Score(1), Score(2));

        Assert.Equal((one.ApInterval, one.ArInterval), (two.ApInterval, two.ArInterval));
        Assert.InRange(one.Ap, one.ApInterval!.Low, one.ApInterval.High);
        Assert.InRange(one.ArMost, one.ArInterval!.Low, one.ArInterval.High);
        Assert.True(one.ApInterval.High > one.ApInterval.Low);
        Assert.Equal([0.5, 0.75], one.Curves.Select(c => Math.Round(c.Overlap, 12)));
        // AP at one overlap is the mean of that curve.
        Assert.Equal(one.Ap50, one.Curves[0].Precision.Average(), 1e-12);
        Assert.Equal(one.Ap75, one.Curves[1].Precision.Average(), 1e-12);
    }

    [Theory]
    [InlineData("segm0")]
    [InlineData("segm1")]
    [InlineData("segm2")]
    public void Masks_with_boxes_beside_them_have_the_boxes_areas(string set)
    {
        var results = JsonNode.Parse(File.ReadAllText(Results(set)))!.AsArray();
        foreach (var entry in results)
        {
            var size = entry!["segmentation"]!["size"]!.AsArray();
            var mask = Imaging.Masks.RunLengthText.Read(
                entry["segmentation"]!["counts"]!.GetValue<string>(), size[0]!.GetValue<int>(), size[1]!.GetValue<int>());
            entry["bbox"] = new JsonArray(mask.Box.X, mask.Box.Y, mask.Box.Width, mask.Box.Height);
        }
        using var file = new TemporaryText(results.ToJsonString());
        var options = new ObjectScoreOptions { Masks = true };

        Near(
            [.. Expected("expected_segm")[set]!["with_boxes_in_the_results"]!.AsArray().Select(n => n!.GetValue<double>())],
            ObjectScorer.Score(Truth(set), file.Path, options), options);
    }

    [Fact]
    public void No_detection_is_nothing_found()
    {
        using var empty = new TemporaryText("[]");
        var scores = ObjectScorer.Score(Truth("plain0"), empty.Path);

        Assert.Equal(0, scores.Ap);
        Assert.Equal(0, scores.ArMost);
    }

    [Theory]
    [InlineData("""[{"image_id": 999999, "category_id": 1, "score": 1, "bbox": [0, 0, 1, 1]}]""", "image 999999 is not among")]
    [InlineData("""[{"image_id": 3, "category_id": 1, "score": 1}]""", "neither 'bbox' nor 'segmentation'")]
    [InlineData(
        """[{"image_id": 3, "category_id": 1, "score": 1, "segmentation": {"size": [4, 4], "counts": [3, 2]}}]""", "fill 5 pixels")]
    [InlineData("""[{"image_id": 3, "category_id": 1, "score": 1, "segmentation": [[1, 2, 3, 4]]}]""", "three corners")]
    public void Entries_that_cannot_be_scored_are_named(string results, string message)
    {
        using var file = new TemporaryText(results);
        var error = Assert.Throws<DatasetException>(
            () => ObjectScorer.Score(Truth("segm0"), file.Path, new ObjectScoreOptions { Masks = true }));

        Assert.Contains("entry [0]", error.Message);
        Assert.Contains(message, error.Message);
    }

    static void Near(double[] expected, ObjectScores scores, ObjectScoreOptions options) =>
        Assert.All(expected.Zip(scores.Numbers(options.MaxDetections)), pair => Assert.True(
            Math.Abs(pair.First - pair.Second.Value) <= 1e-9, $"{pair.Second.Name}: {pair.Second.Value}, recorded {pair.First}"));

    static JsonObject Expected(string file) => JsonNode.Parse(File.ReadAllText(Fixtures.Path($"detection/ap/{file}.json")))!.AsObject();

    static string Truth(string set) => Fixtures.Path($"detection/ap/{set}_truth.json");

    static string Results(string set) => Fixtures.Path($"detection/ap/{set}_results.json");

    sealed class TemporaryText : IDisposable
    {
        public TemporaryText(string text) => File.WriteAllText(Path, text);

        public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"hwaso-{Guid.NewGuid():N}.json");

        public void Dispose() => File.Delete(Path);
    }
}
