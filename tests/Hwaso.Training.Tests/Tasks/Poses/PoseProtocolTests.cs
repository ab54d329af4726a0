using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Data.Annotations;
using Hwaso.Data.Poses;
using Hwaso.Imaging;
using Hwaso.Inference.Poses;
using Hwaso.Models;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Tests;
using Hwaso.Training.Tasks.Poses;

namespace Hwaso.Training.Tests.Tasks.Poses;

/// <summary>
/// The whole protocol, from annotations and images to COCO's numbers, against the authors' data set, network, validation and evaluation:
/// HRNet-W32 at 256×192 with weights by the formula.
/// </summary>
public sealed class PoseProtocolTests(PoseProtocolTests.Network network) : TensorTest, IClassFixture<PoseProtocolTests.Network>
{
    // Of the fixture: the heat maps' argmax and sign decide coordinates; scores are float32 sums, 1.2e-4 from float64 there.
    const double Coordinates = 1e-2, Scores = 1e-3, Numbers = 1e-6;

    static readonly string folder = Fixtures.Path("pose/e2e");
    static readonly JsonNode expected = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "expected.json")))!;

    [Fact]
    public void True_boxes_give_the_authors_results_and_numbers()
    {
        var (data, estimator) = Open();
        var truth = Estimate(estimator, data);
        AssertPlaces("truth_boxes_center_scale", truth);
        AssertScores("truth_boxes", estimator, data, truth, new PoseRecipe());
        AssertResults("truth_boxes", estimator, data, truth, new PoseRecipe());
    }

    [Fact]
    [Trait("Time", "Long")]
    public void A_detectors_boxes_give_the_authors_results_and_numbers()
    {
        var (data, estimator) = Open();
        var boxes = data.WithBoxes(Path.Combine(folder, "detections.json"), 0);
        var detected = Estimate(estimator, boxes);
        AssertPlaces("detector_boxes_center_scale", detected);
        AssertResults("detector_boxes", estimator, boxes, detected, new PoseRecipe());
        AssertScores("detector_boxes", estimator, boxes, detected, new PoseRecipe());
        AssertScores("detector_boxes_oks_0.5", estimator, boxes, detected, new PoseRecipe { OksThreshold = 0.5 });
        AssertScores("detector_boxes_soft_nms", estimator, boxes, detected, new PoseRecipe { SoftNms = true });
        AssertScores(
            "detector_boxes_image_thre_0.5", estimator, boxes, [.. detected.Where(p => p.Person.BoxScore >= 0.5)], new PoseRecipe());

        // The threshold of joints changes people's scores alone.
        const string Threshold = "detector_boxes_in_vis_median";
        var (_, other) = Open("pose.joint_threshold=14000");
        EstimatedPerson[] rated =
        [
            .. detected.Select(p => p with { Score = other.ScoreOf([.. p.Joints.Select(v => (float)v)], p.Person.BoxScore) }),
        ];
        AssertResults(Threshold, other, boxes, rated, new PoseRecipe());
        AssertScores(Threshold, other, boxes, rated, new PoseRecipe());
    }

    [Theory]
    [InlineData("truth_boxes_no_flip", "pose.flip_test=false")]
    [InlineData("truth_boxes_flip_no_shift", "pose.shift=false")]
    [InlineData("truth_boxes_no_quarter", "pose.offset=none")]
    public void A_step_of_the_protocol_that_is_left_out_gives_the_authors_results_without_it(string variant, string setting)
    {
        var (data, estimator) = Open(setting);
        var people = Estimate(estimator, data);
        AssertResults(variant, estimator, data, people, new PoseRecipe());
        AssertScores(variant, estimator, data, people, new PoseRecipe());
    }

    (PoseDataset Data, PoseEstimator Estimator) Open(params string[] settings)
    {
        var recipe = LoadRecipe(settings);
        var data = PoseLayouts.Open(PoseLayouts.Coco, folder, "val");
        return (data, new PoseEstimator(network, PoseSettings.OptionsOf(recipe, data.Description)));
    }

    static Recipe LoadRecipe(params string[] settings) =>
        Recipe.Load(RepositoryRoot.File("recipes", "hrnet-w32-pose_coco-256x192.yaml"), settings);

    static IReadOnlyList<EstimatedPerson> Estimate(PoseEstimator estimator, PoseDataset people) =>
        new PoseValidator(estimator, people, new PoseRecipe(), batch: 8).Estimate();

    static void AssertScores(
        string variant, PoseEstimator estimator, PoseDataset people, IReadOnlyList<EstimatedPerson> found, PoseRecipe protocol)
    {
        var wanted = expected["variants"]![variant]!;
        var validator = new PoseValidator(estimator, people, protocol, 8);
        var kept = validator.WithoutTwins(found);
        Assert.Equal(wanted["people_in"]!.GetValue<int>(), found.Count);
        Assert.Equal(wanted["people_out"]!.GetValue<int>(), kept.Count);
        var scores = validator.Score(kept, threads: 2).Keypoints!;
        foreach (var (name, value) in new[]
                 {
                     ("AP", scores.Ap), ("AP50", scores.Ap50), ("AP75", scores.Ap75), ("APm", scores.ApMedium), ("APl", scores.ApLarge),
                     ("AR", scores.Ar), ("AR50", scores.Ar50), ("AR75", scores.Ar75), ("ARm", scores.ArMedium), ("ARl", scores.ArLarge),
                 })
            Assert.Equal(wanted[name]!.GetValue<double>(), value, Numbers);
    }

    static void AssertResults(
        string variant, PoseEstimator estimator, PoseDataset people, IReadOnlyList<EstimatedPerson> found, PoseRecipe protocol)
    {
        var validator = new PoseValidator(estimator, people, protocol, 8);
        var kept = validator.WithoutTwins(found).OrderBy(p => p.Person.ImageId).ThenBy(p => p.Score).ToArray();
        var wanted = CocoResults.Read(Path.Combine(folder, "results", $"{variant}.json")).Entries
            .OrderBy(r => r.ImageId).ThenBy(r => r.Score).ToArray();
        Assert.Equal(wanted.Length, kept.Length);
        foreach (var (ours, theirs) in kept.Zip(wanted))
        {
            Assert.Equal(theirs.ImageId, ours.Person.ImageId);
            Assert.Equal(theirs.Score, ours.Score, Scores * Math.Abs(theirs.Score));
            for (var k = 0; k < theirs.Keypoints!.Length; k++)
                Assert.Equal(
                    theirs.Keypoints[k], ours.Joints[k], k % 3 == 2 ? Scores * Math.Abs(theirs.Keypoints[k]) : Coordinates);
        }
    }

    static void AssertPlaces(string name, IReadOnlyList<EstimatedPerson> people)
    {
        var wanted = expected[name]!.AsArray();
        Assert.Equal(wanted.Count, people.Count);
        foreach (var (person, place) in people.Zip(wanted))
        {
            Assert.Equal(place![0]!.GetValue<string>(), Path.GetFileName(person.Person.ImagePath));
            Assert.Equal(place[1]![0]!.GetValue<double>(), person.Place.CenterX, 1e-6);
            Assert.Equal(place[1]![1]!.GetValue<double>(), person.Place.CenterY, 1e-6);
            Assert.Equal(place[2]![0]!.GetValue<double>(), person.Place.ScaleX, 1e-6);
            Assert.Equal(place[2]![1]!.GetValue<double>(), person.Place.ScaleY, 1e-6);
        }
    }

    /// <summary>The network of all tests. It computes the heat maps of a crop once: the protocol's steps come after them.</summary>
    public sealed class Network : IHeatMapEngine, IDisposable
    {
        readonly Weights weights = Weights.Create(initialise: false);
        readonly Dictionary<string, float[]> known = [];
        readonly TorchHeatMaps maps;

        public Network()
        {
            var recipe = LoadRecipe();
            var net = ((PoseDefinition)Zoo.Define(recipe.Model)).Build(weights, PoseDescription.Coco.Count);
            foreach (var (key, tensor) in weights.State)
                tensor.CopyFrom(FormulaWeights.Fill(key, tensor.Shape));
            maps = new TorchHeatMaps(net, PoseSettings.OptionsOf(recipe, PoseDescription.Coco).Sampling);
        }

        public float[][] Maps(IReadOnlyList<RgbImage> crops, bool mirrored)
        {
            string Key(RgbImage crop) => $"{mirrored} {Convert.ToHexString(SHA256.HashData(crop.Pixels))}";
            RgbImage[] added = [.. crops.Where(c => !known.ContainsKey(Key(c)))];
            if (added.Length > 0)
                foreach (var (crop, map) in added.Zip(maps.Maps(added, mirrored)))
                    known[Key(crop)] = map;
            return [.. crops.Select(c => (float[])known[Key(c)].Clone())];
        }

        public void Dispose() => weights.Dispose();
    }
}
