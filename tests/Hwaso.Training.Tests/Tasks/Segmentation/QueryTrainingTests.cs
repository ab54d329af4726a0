using Hwaso.Checkpoints;
using Hwaso.Data.Layouts;
using Hwaso.Data.Panoptic;
using Hwaso.Recipes;
using Hwaso.Scenes;
using Hwaso.Tests;
using Hwaso.Training.Tests.Loop;

namespace Hwaso.Training.Tests.Tasks.Segmentation;

/// <summary>Networks with queries, trained by a recipe on a semantic data set.</summary>
public sealed class QueryTrainingTests(SceneFolder scenes) : TensorTest, IClassFixture<SceneFolder>
{
    const string Eomt = "model={family: eomt, transformer: {width: 32, depth: 3, heads: 2, patch: 8, image: 64}, "
        + "eomt: {queries: 20, blocks: 2}}";

    const string Mask2Former = "model={family: mask2former, encoder: resnet18, mask2former: {queries: 20, width: 32, heads: 2, "
        + "encoder_layers: 1, encoder_width: 32, decoder_layers: 3, decoder_width: 32}}";

    const string Loss = "loss={name: mask_classification, points: 128}";

    readonly SmallRuns runs = new(scenes.Root);

    [Fact]
    public void EoMT_learns_stops_and_resumes_with_the_same_bits()
    {
        Train("whole", null, false, Eomt);
        Train("broken", 2, false, Eomt);
        Train("broken", null, true, Eomt);
        Assert.Equal(runs.Bits("whole"), runs.Bits("broken"));
        var losses = runs.Losses("whole");
        Assert.Equal(6, losses.Length);
        Assert.True(losses[^2..].Average() < 0.98 * losses[..2].Average(), string.Join(", ", losses));
        var kept = Recipe.Load(runs.At("whole").Recipe);
        Assert.Equal((LossKind.MaskClassification, 128), (kept.Loss.Kind, kept.Loss.Points));
        // The last of six batches begins at five sixths of training, behind the annealing of both blocks.
        Assert.Equal([0f, 0], TensorFile.Read(runs.At("whole").Last).Tensors["attn_mask_probs"].ToFloats());
    }

    [Fact]
    public void Mask2Former_learns()
    {
        Train("former", null, false, Mask2Former, epochs: 1);
        var losses = runs.Losses("former");
        Assert.True(losses[2] < losses[1] && losses[1] < losses[0], string.Join(", ", losses));
    }

    [Fact]
    public void Segments_are_learned_one_by_one_and_a_layout_without_them_is_refused()
    {
        var settings = new[] { Eomt, "loss={name: mask_classification, points: 128, objects: segments}", "train.epochs=1" };
        runs.Train("segments", null, false, [.. settings, "validate.every=1", "train.optimizer={name: adamw, learning_rate: 0.002}"]);
        var losses = runs.Losses("segments");
        Assert.True(losses[^1] < losses[0], string.Join(", ", losses));
        Assert.True(Recipe.Load(runs.At("segments").Recipe).Loss.ObjectsAreSegments);
        var data = (IPanopticTruth)Datasets.Open("cityscapes", scenes.Root, "train");
        // More objects than classes somewhere: the runs differ in what they learn from.
        Assert.Contains(Enumerable.Range(0, 4), k => data.SegmentsOf(k).Segments is var all
            && all.Count > all.Select(s => s.CategoryId).Distinct().Count());
        var voc = Directory.CreateTempSubdirectory("hwaso-voc");
        SceneSet.Write(voc.FullName, SceneLayout.Voc, count: 2, width: 128, height: 64, seed: 5, val: 1, threads: 2);
        using var other = new SmallRuns(voc.FullName);
        var error = Assert.Throws<RecipeException>(() => other.Train("refused", null, false, [.. settings, "data.layout=voc"]));
        Assert.Contains("loss.objects: segments: PASCAL VOC train does not tell objects apart", error.Message, StringComparison.Ordinal);
        voc.Delete(recursive: true);
    }

    void Train(string name, int? stopAfter, bool resume, string model, int epochs = 2) => runs.Train(
        name, stopAfter, resume, model, Loss, $"train.epochs={epochs}", $"validate.every={epochs}",
        "train.optimizer={name: adamw, learning_rate: 0.002}");

    [Theory]
    [InlineData("loss.name: eomt answers with classes and masks of queries; give 'loss: { name: mask_classification }'", Eomt)]
    [InlineData("loss.name: mask_classification is for networks with queries, such as EoMT and Mask2Former; hrnetv2 has none", Loss)]
    public void A_loss_that_does_not_fit_is_refused_before_the_first_step(string words, string setting)
    {
        var error = Assert.Throws<RecipeException>(() => runs.Train("refused", settings: [setting]));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    public override void Dispose()
    {
        base.Dispose();
        runs.Dispose();
    }
}
