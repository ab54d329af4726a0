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
    [InlineData("[{\"image_id\":1000,\"category_id\":1,\"keypoints\":[1,2", "[0].keypoints, byte 48: the file ends here")]
    [InlineData("[{\"image_id\":1152921504606846976}]", "[0].image_id, byte 32: 1152921504606846976; a whole number below 2^53")]
    [InlineData("[{\"image_id\":1.5}]", "[0].image_id, byte 16: 1.5; a whole number was wanted")]
    [InlineData("[{\"score\":1e999}]", "[0].score, byte 15: a number too large for double precision, whose largest is 1.8e308; correct")]
    [InlineData("[] []", "byte 3: more text after the end of the file's content")]
    [InlineData("[]\n\0", "byte 3: more text after the end")]
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

    [Fact]
    public void An_image_that_is_drawn_twice_counts_as_two_images_of_its_content()
    {
        // Scores that differ from image to image, so that a repeated detection follows its twin at once.
        var images = Enumerable.Range(0, 40).Select(i => Matches(i, new Random(i))).ToArray();
        int[] weights = [.. images.Select((_, i) => i % 3)];

        var weighted = PrecisionTable.Of(new RankedDetections(images), weights)!;

        // The definition: counts by falling score, and the best precision from each recall on.
        var positives = images.Sum(i => i.Positives * weights[i.Image]);
        var all = images.SelectMany(i => i.Scores.Select((score, d) => (Score: score, Image: i, Place: d))).OrderByDescending(d => d.Score);
        for (var t = 0; t < 10; t++)
        {
            var (right, wrong, curve) = (0, 0, new List<(double Recall, double Precision)>());
            foreach (var (_, image, d) in all)
            {
                var weight = weights[image.Image];
                if ((image.Ignored[d] >> t & 1) == 0)
                    _ = (image.Matched[d] >> t & 1) == 1 ? right += weight : wrong += weight;
                curve.Add(((double)right / positives, right + wrong == 0 ? 0 : (double)right / (right + wrong)));
            }
            Assert.Equal(curve[^1].Recall, weighted.Recall[t], Tolerance);
            for (var r = 0; r <= 100; r++)
                Assert.Equal(
                    curve.Where(c => c.Recall >= r / 100.0 - Tolerance).Select(c => c.Precision).DefaultIfEmpty(0).Max(),
                    weighted.Precision[t][r], Tolerance);
        }
    }

    [Fact]
    public void Equal_scores_stay_in_order()
    {
        var random = new Random(3);
        double[] scores = [.. Enumerable.Range(0, 500).Select(_ => random.Next(-20, 20) / 4.0)];

        Assert.Equal(Enumerable.Range(0, 500).OrderByDescending(k => scores[k]), CocoRules.ByScore(scores));
    }

    [Fact]
    public void The_precision_of_a_joint_alone_is_that_of_a_file_in_which_it_is_the_only_one()
    {
        var joints = PoseDescription.Coco;
        CocoAnnotation Person(long id, double v) => new()
        {
            Id = id,
            ImageId = id,
            CategoryId = 1,
            Area = 10000,
            Box = new CocoBox(0, 0, 100, 100),
            Keypoints = [.. Enumerable.Range(0, joints.Count).SelectMany(j => new[] { 10.0 + j, 20, j == 16 ? 0 : j == 1 ? v : 2 })],
        };
        var category = new CocoCategory(1, "person") { Keypoints = joints.Joints };
        var truth = new CocoFile(
            "truth", [new CocoImage(1, "a", 0, 0), new CocoImage(2, "b", 0, 0)], [category], [Person(1, 2), Person(2, 0)]);
        // Exact but for the first joint, which is far off on both, and the second, which is far off where it is labelled.
        CocoResult Found(int image) => new()
        {
            Index = image - 1,
            ImageId = image,
            CategoryId = 1,
            Score = 1.0 / image,
            Keypoints = [.. Enumerable.Range(0, joints.Count).SelectMany(j => new[] { j < 2 ? 5000.0 : 10 + j, 20, 1 })],
        };

        var alone = JointPrecision.Of(truth, new CocoResults("results", [Found(1), Found(2)]), joints);

        Assert.Equal([0.0, 0.0, 1.0], alone.Take(3));
        Assert.Equal(1.0, alone[15]!.Value, Tolerance);
        Assert.Null(alone[16]);
    }

    static ImageMatches Matches(int image, Random random)
    {
        double[] scores = [.. Enumerable.Range(0, 1 + image % 5).Select(_ => random.NextDouble()).OrderDescending()];
        ushort[] Bits() => [.. scores.Select(_ => (ushort)random.Next(1024))];
        var matched = Bits();
        ushort[] ignored = [.. Bits().Select(b => (ushort)(b & random.Next(1024)))];
        return new ImageMatches(image, scores, matched, ignored, [.. scores.Select(_ => -1)], scores.Length + 1);
    }

    static string File_(string name, string kind) => Path.Combine(folder, $"{name}_{kind}.json");

    string Write(string text)
    {
        var path = Path.Combine(scratch, $"{Guid.NewGuid():N}.json");
        File.WriteAllText(path, text);
        return path;
    }
}
