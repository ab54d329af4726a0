using System.Text;
using System.Text.Json.Nodes;
using Hwaso.Data;
using Hwaso.Data.Annotations;
using Hwaso.Data.Poses;
using Hwaso.Metrics.Coco;
using Hwaso.Tests;

namespace Hwaso.Metrics.Tests.Coco;

/// <summary>Against pycocotools' own numbers of files with ties, crowds, edges of areas and more detections than count.</summary>
public sealed class KeypointScorerTests : IDisposable
{
    // The same sums in the same order: only exp may differ, in its last bit.
    const double Tolerance = 1e-12;

    static readonly string folder = Fixtures.Path("pose/ap");
    static readonly JsonObject expected = (JsonObject)JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "expected.json")))!;

    readonly string scratch = Directory.CreateTempSubdirectory("hwaso-coco").FullName;

    public static TheoryData<string> Names => [.. expected.Select(e => e.Key)];

    public void Dispose() => Directory.Delete(scratch, recursive: true);

    [Theory]
    [MemberData(nameof(Names))]
    public void The_ten_numbers_are_those_of_pycocotools(string name)
    {
        var scores = KeypointScorer.Score(File_(name, "truth"), File_(name, "results"), new KeypointScoreOptions { Threads = 2 });

        foreach (var (key, recorded) in new[]
                 {
                     ("AP", scores.Ap), ("AP50", scores.Ap50), ("AP75", scores.Ap75), ("APm", scores.ApMedium), ("APl", scores.ApLarge),
                     ("AR", scores.Ar), ("AR50", scores.Ar50), ("AR75", scores.Ar75), ("ARm", scores.ArMedium), ("ARl", scores.ArLarge),
                 })
            Assert.Equal(expected[name]![key]!.GetValue<double>(), recorded, Tolerance);
    }

    [Fact]
    public void Similarities_are_those_of_pycocotools()
    {
        var truth = CocoFile.Read(File_("plain0", "truth"));
        var results = CocoResults.Read(File_("plain0", "results"));
        var similarity = new ObjectKeypointSimilarity(PoseDescription.Coco.Sigmas!);
        foreach (var (image, rows) in expected["plain0"]!["oks"]!.AsObject())
        {
            var detections = results.Entries.Where(r => $"{r.ImageId}" == image).OrderByDescending(r => r.Score).ToArray();
            var people = truth.Annotations.Where(a => $"{a.ImageId}" == image).ToArray();
            // pycocotools computes nothing for an image without people.
            Assert.Equal(people.Length == 0 ? 0 : detections.Length, rows!.AsArray().Count);
            foreach (var (d, row) in rows.AsArray().Index())
                foreach (var (g, value) in row!.AsArray().Index())
                    Assert.Equal(
                        value!.GetValue<double>(),
                        similarity.Of(people[g].Keypoints, people[g].Box, people[g].Area!.Value, detections[d].Keypoints), Tolerance);
        }
    }

    [Fact]
    public void An_empty_list_of_results_scores_nothing_and_is_no_error()
    {
        var scores = KeypointScorer.Score(File_("crowd0", "truth"), Write("[]"));

        Assert.Equal(0, scores.Ap);
        Assert.Equal(0, scores.Ar);
        Assert.Equal(-1, scores.ApMedium);
    }

    [Theory]
    [InlineData("[{\"image_id\":1,\"category_id\":1,\"score\":1,\"keypoints\":[1,2,3]}]", "entry [0]: image 1 is not among")]
    [InlineData("[{\"image_id\":1000,\"category_id\":1,\"score\":1,\"keypoints\":[1,2,3]}]", "entry [0]: 3 numbers of keypoints")]
    [InlineData("[{\"image_id\":1000,\"category_id\":1,\"score\":1}]", "entry [0]: 0 numbers of keypoints")]
    [InlineData("[{\"image_id\":1000,\"category_id\":1,\"score\":NaN}]", "[0].score, byte 42: NaN or infinity")]
    [InlineData("[{\"image_id\":1000,\"category_id\":1,\"score\":-Infinity}]", "[0].score")]
    [InlineData("[{\"image_id\":1000,\"category_id\":1}]", "[0], byte 34: a detection without 'score'")]
    [InlineData("[{\"image_id\":1000,\"category_id\":1,\"score\":\"a\"}]", "[0].score, byte 45: 'a'; a number was wanted")]
    [InlineData("[{\"image_id\":1000,\"category_id\":1,\"keyp", "the file ends here")]
    [InlineData("[{\"image_id\":1000,\"category_id\":1,\"keypoints\":[1,2", "[0].keypoints, byte")]
    [InlineData("{\"images\":[]}", "no list")]
    [InlineData("", "the file ends here")]
    public void A_wrong_result_is_named_with_file_and_entry(string json, string wanted)
    {
        var path = Write(json);

        var error = Assert.Throws<DatasetException>(() => KeypointScorer.Score(File_("plain0", "truth"), path));

        Assert.Equal(path, error.Path);
        Assert.Contains(wanted, error.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"id\": 100,", "\"id\": 0,", "annotations[0]: id 0")]
    [InlineData("\"id\": 101,", "\"id\": 100,", "id 100 a second time")]
    [InlineData("\"area\": 27461.677,", "", "annotations[0] (id 100): no 'area'")]
    [InlineData("[351, 129, 1, 356,", "[351, 129, 356,", "annotations[0] (id 100): 50 numbers of keypoints")]
    public void A_wrong_truth_is_named_with_file_and_entry(string from, string to, string wanted)
    {
        var text = File.ReadAllText(File_("plain0", "truth"));
        Assert.Contains(from, text, StringComparison.Ordinal);
        var path = Write(text.Replace(from, to, StringComparison.Ordinal));

        var error = Assert.Throws<DatasetException>(() => KeypointScorer.Score(path, File_("plain0", "results")));

        Assert.Equal(path, error.Path);
        Assert.Contains(wanted, error.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_result_file_that_is_cut_anywhere_is_an_error_with_its_place()
    {
        var bytes = File.ReadAllBytes(File_("crowd0", "results"));
        for (var length = 0; length < bytes.Length - 1; length += 97)
        {
            var path = Write(Encoding.UTF8.GetString(bytes, 0, length));
            var error = Assert.Throws<DatasetException>(() => CocoResults.Read(path));
            Assert.Contains("byte", error.Problem, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Intervals_lie_around_the_score_and_are_the_same_on_any_number_of_threads()
    {
        KeypointScores Score(int threads) => KeypointScorer.Score(
            File_("ties1", "truth"), File_("ties1", "results"), new KeypointScoreOptions { Bootstrap = 200, Threads = threads });
        var (one, two) = (Score(1), Score(2));

        Assert.Equal(one.ApInterval, two.ApInterval);
        Assert.InRange(one.Ap, one.ApInterval!.Low, one.ApInterval.High);
        Assert.InRange(one.Ar, one.ArInterval!.Low, one.ArInterval.High);
        Assert.True(one.ApInterval.High > one.ApInterval.Low);
    }

    static string File_(string name, string kind) => Path.Combine(folder, $"{name}_{kind}.json");

    string Write(string text)
    {
        var path = Path.Combine(scratch, $"{Guid.NewGuid():N}.json");
        File.WriteAllText(path, text);
        return path;
    }
}
