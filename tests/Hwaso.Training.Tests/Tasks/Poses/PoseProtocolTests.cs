using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Data.Annotations;
using Hwaso.Data.Poses;
using Hwaso.Inference.Poses;
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
public sealed class PoseProtocolTests : TensorTest
{
    // Of the fixture: the heat maps' argmax and sign decide coordinates; scores are float32 sums, 1.2e-4 from float64 there.
    const double Coordinates = 1e-2, Scores = 1e-3, Numbers = 1e-6;

    static readonly string folder = Fixtures.Path("pose/e2e");
    static readonly JsonNode expected = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "expected.json")))!;

    [Fact]
    public void True_boxes_and_a_detectors_give_the_authors_results_and_numbers()
    {
        var recipe = Recipe.Load(RepositoryRoot.File("recipes", "hrnet-w32-pose_coco-256x192.yaml"));
        using var weights = Weights.Create(initialise: false);
        var net = Zoo.Define(recipe.Model).Build(weights, PoseDescription.Coco.Count);
        foreach (var (key, tensor) in weights.State)
            tensor.CopyFrom(FormulaWeights.Fill(key, tensor.Shape));
        var data = PoseLayouts.Open(PoseLayouts.Coco, folder, "val");
        var options = PoseSettings.OptionsOf(recipe, data.Description);

        var truth = Estimate(data);
        AssertPlaces("truth_boxes_center_scale", truth);
        AssertScores("truth_boxes", data, truth, new PoseRecipe());
        AssertResults("truth_boxes", data, truth, new PoseRecipe());

        var boxes = data.WithBoxes(Path.Combine(folder, "detections.json"), 0);
        var detected = Estimate(boxes);
        AssertPlaces("detector_boxes_center_scale", detected);
        AssertResults("detector_boxes", boxes, detected, new PoseRecipe());
        AssertScores("detector_boxes", boxes, detected, new PoseRecipe());
        AssertScores("detector_boxes_oks_0.5", boxes, detected, new PoseRecipe { OksThreshold = 0.5 });
        AssertScores("detector_boxes_soft_nms", boxes, detected, new PoseRecipe { SoftNms = true });
        AssertScores(
            "detector_boxes_image_thre_0.5", boxes, [.. detected.Where(p => p.Person.BoxScore >= 0.5)], new PoseRecipe());

        IReadOnlyList<EstimatedPerson> Estimate(PoseDataset people) => new PoseValidator(
            new PoseEstimator(net, options), people, new PoseRecipe(), batch: 8).Estimate();

        void AssertScores(string variant, PoseDataset people, IReadOnlyList<EstimatedPerson> found, PoseRecipe protocol)
        {
            var wanted = expected["variants"]![variant]!;
            var validator = new PoseValidator(new PoseEstimator(net, options), people, protocol, 8);
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

        void AssertResults(string variant, PoseDataset people, IReadOnlyList<EstimatedPerson> found, PoseRecipe protocol)
        {
            var validator = new PoseValidator(new PoseEstimator(net, options), people, protocol, 8);
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
}
