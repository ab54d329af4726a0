using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Data.Annotations;
using Hwaso.Data.Boxes;
using Hwaso.Inference;
using Hwaso.Inference.Boxes;
using Hwaso.Metrics.Coco;
using Hwaso.Recipes;
using Hwaso.Scenes;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Training.Loop;
using Hwaso.Training.Tasks;
using Hwaso.Training.Tasks.Boxes;
using Hwaso.Training.Tests.Loop;

namespace Hwaso.Training.Tests.Tasks.Boxes;

/// <summary>A detector from rendered streets to scores.</summary>
public sealed class BoxTrainingTests : TensorTest
{
    const string Text = """
        name: small
        seed: 7
        model:
          family: faster-rcnn-hrnetv2p
          anchor_scale: 3
          pyramid_channels: 16
          head_width: 32
          stage1: {blocks: 1, channels: 8}
          stage2: {modules: 1, blocks: [1, 1], channels: [8, 16]}
          stage3: {modules: 1, blocks: [1, 1, 1], channels: [8, 16, 32]}
          stage4: {modules: 1, blocks: [1, 1, 1, 1], channels: [8, 16, 32, 64]}
        data: {layout: coco}
        augment: {crop: [64, 96]}
        detection: {score: 0.01, anchors: 64, proposals: 32, short_sides: [64, 72], long_sides: [96, 108]}
        train:
          epochs: 2
          batch: 2
          log_every: 1
          clip_norm: 35
          optimizer: {name: sgd, learning_rate: 0.005, momentum: 0.9}
          schedule: {name: constant, warmup_iterations: 4}
        """;

    readonly string folder = Directory.CreateTempSubdirectory("hwaso-box").FullName;

    [Theory]
    [InlineData("faster-rcnn-hrnetv2p", "authors", "learn")]
    [InlineData("faster-rcnn-hrnetv2p", "mmdetection", "keep_statistics")]
    [InlineData("mask-rcnn-hrnetv2p", "authors", "learn")]
    public void Run_that_was_stopped_continues_to_the_same_weights_and_is_scored(string family, string conventions, string norms)
    {
        var data = Path.Combine(folder, "data");
        SceneSet.Write(data, SceneLayout.Coco, 6, 192, 128, seed: 3, val: 2);
        string[] settings = [$"model.family={family}", $"model.conventions={conventions}", $"train.batch_norm={norms}"];

        var whole = Train("whole", resume: false, stopAfter: null);
        Train("parts", resume: false, stopAfter: 2);
        var parts = Train("parts", resume: true, stopAfter: null);

        Assert.True(whole.Finished && parts.Finished);
        var (one, two) = (TensorFile.Read(At("whole").Last).Tensors, TensorFile.Read(At("parts").Last).Tensors);
        Assert.All(one, t => Assert.True(t.Value.Data.Span.SequenceEqual(two[t.Key].Data.Span), t.Key));
        Assert.Contains("Images in which most was missed", File.ReadAllText(At("whole").Report), StringComparison.Ordinal);

        Scored(BoxLayouts.Open(BoxLayouts.Coco, data, "val", outlines: true), whole.Best!);

        TrainResult Train(string name, bool resume, long? stopAfter)
        {
            using var stop = new CancellationTokenSource();
            var request = new TrainRequest(RecipeFile.Read(Text, "small.yaml", settings), data, At(name), resume, Device.Cpu, 1);
            using var trainer = new Trainer(request, TrainingTasks.Open(request), new RunWatcher(step =>
            {
                if (step == stopAfter)
                    stop.Cancel();
            }));
            var result = trainer.Run(stop.Token);
            if (result.Finished)
                trainer.WriteReport(result);
            return result;
        }
    }

    [Theory]
    [InlineData("authors")]
    [InlineData("mmdetection")]
    public void Images_without_objects_are_learned_from_where_that_is_wanted(string conventions)
    {
        var data = Path.Combine(folder, "data");
        SceneSet.Write(data, SceneLayout.Coco, 2, 96, 64, seed: 3, val: 1);
        var path = Path.Combine(data, "annotations", "instances_train2017.json");
        var file = JsonNode.Parse(File.ReadAllText(path))!;
        file["annotations"] = new JsonArray();
        File.WriteAllText(path, file.ToJsonString());
        TrainRequest Request(string background) => new(
            RecipeFile.Read(Text, "small.yaml", $"model.conventions={conventions}", $"detection.background={background}"),
            data, At("run"), false, Device.Cpu, 1);

        var error = Assert.Throws<RecipeException>(() => TrainingTasks.Open(Request("false")));
        Assert.Contains(
            "data.train: not one of the 2 images of data train has an object to learn from", error.Message, StringComparison.Ordinal);
        var request = Request("true");
        using var trainer = new Trainer(request, TrainingTasks.Open(request), new RunWatcher());

        Assert.True(trainer.Run(default).Finished);
    }

    [Theory]
    [InlineData("train.precision=bfloat16", "--set train.precision=bfloat16: train.precision: detectors train in float32")]
    [InlineData("model.classes=3", "model.classes: 3, but data train has 7 categories; remove it")]
    [InlineData("data.layout=voc", "data.layout: 'voc' holds no boxes; coco was wanted")]
    [InlineData("augment.crop=[96, 64]",
        "augment.crop: [96, 64]; the short side that images are fitted into, at least 64, then the long one")]
    [InlineData("detection.long_sides=[96]", "2 short sides and 1 long ones; give a long side for each short one")]
    public void Recipe_that_does_not_fit_is_refused_by_name(string setting, string wanted)
    {
        var data = Path.Combine(folder, "data");
        SceneSet.Write(data, SceneLayout.Coco, 1, 96, 64, seed: 3, val: 1);

        var error = Assert.Throws<RecipeException>(() => TrainingTasks.Open(new TrainRequest(
            RecipeFile.Read(Text, "small.yaml", setting), data, At("run"), false, Device.Cpu, 1)));

        Assert.Contains(wanted, error.Message, StringComparison.Ordinal);
    }

    public override void Dispose()
    {
        base.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>The checkpoint scores as the run's validation did, and its results are read back from a file to the same numbers.</summary>
    void Scored(BoxDataset data, Validation best)
    {
        using var network = DetectorNetwork.Open(At("whole").Root, Device.Cpu);
        var categories = network.CategoriesOf(data.Categories, data.Name);
        Assert.Equal(data.Categories.Select(c => c.Id), categories);
        var validator = new BoxValidator(network.Finder, data, categories);
        var found = validator.Find();
        var file = Path.Combine(folder, "results.json");
        validator.Write(file, found);

        Assert.NotEmpty(found.SelectMany(f => f));
        Same("", ObjectScorer.Score(data.Truth, CocoResults.Read(file)));
        if (network.Finder.HasMasks)
            Same("mask_", ObjectScorer.Score(
                data.Truth, CocoResults.Read(Path.Combine(folder, "results.masks.json"), outlines: true),
                new ObjectScoreOptions { Masks = true }));
        Assert.Throws<ArgumentException>(() => network.CategoriesOf([new CocoCategory(1, "horse")], "horses"));

        void Same(string prefix, ObjectScores scores)
        {
            foreach (var (name, _, value) in scores.Numbers([1, 10, 100]))
                Assert.Equal(best.Fields[prefix + name] is JsonValue said ? said.GetValue<double>() : -1, value, 1e-12);
        }
    }

    RunFolder At(string name) => new(Path.Combine(folder, name));
}
