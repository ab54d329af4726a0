using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hwaso.Checkpoints;
using Hwaso.Inference;
using Hwaso.Recipes;
using Hwaso.Reports.Tests;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Training.Loop;
using static System.FormattableString;

namespace Hwaso.Training.Tests.Loop;

/// <summary>A task of the tests' own in the loop: batches, score, files and report that segmentation has not.</summary>
public sealed partial class AnotherTaskTests(SceneFolder scenes) : TensorTest, IClassFixture<SceneFolder>
{
    readonly string folder = Directory.CreateTempSubdirectory("hwaso-brightness").FullName;

    [Fact]
    public void It_learns_and_the_weights_of_the_least_error_are_kept()
    {
        var result = Train("learn", settings: "train.epochs=12");
        var log = MetricsLog.Read(At("learn").Metrics);
        var errors = log.Validations.Select(v => v.Fields["error"]!.GetValue<double>()).ToArray();
        Assert.Equal(12, errors.Length);
        // At first the network guesses about 0 where scenes are about half bright.
        Assert.True(errors.Min() < 0.5 * errors[0], string.Join(" ", errors));
        Assert.Equal((errors.Min(), 1 + Array.IndexOf(errors, errors.Min())), (result.Best!.Main.Value!.Value, result.BestEpoch));
        var best = TensorFile.Read(At("learn").Best);
        Assert.Equal(("1", $"{result.BestEpoch}"), (best.Metadata["hwaso.brightest"], best.Metadata["hwaso.epoch"]));
        Assert.Equal(errors.Min(), double.Parse(best.Metadata["hwaso.error"], CultureInfo.InvariantCulture));
        var text = File.ReadAllText(At("learn").Log);
        Assert.Contains("network fcn-resnet50, 241 parameters, one brightness, ", text, StringComparison.Ordinal);
        Assert.Contains(Invariant($"best mean error {errors.Min():0.0000} after epoch {result.BestEpoch}"), text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)] // the last step of an epoch: stopped in its validation
    [InlineData(5)]
    [InlineData(6, "train.accumulate=2", "train.batch=2", "train.clip_norm=0.1", "train.ema_decay=0.9", "train.batch_norm=keep_statistics")]
    public void A_run_stopped_and_resumed_ends_with_the_same_bits(int stopAfter, params string[] settings)
    {
        Train("whole", settings: settings);
        Assert.False(Train("broken", stopAfter, settings: settings).Finished);
        Assert.True(Train("broken", resume: true, settings: settings).Finished);
        Assert.Equal(Bits("whole"), Bits("broken"));
        Assert.Equal(Lines("whole"), Lines("broken"));
    }

    [Fact]
    public void Its_scores_and_its_section_are_in_the_run_s_files()
    {
        Train("told", report: true);
        var validations = MetricsLog.Read(At("told").Metrics).Validations;
        Assert.Equal(["iteration", "epoch", "error", "guesses"], validations[0].Fields.Select(f => f.Key));
        var least = validations.Min(v => v.Fields["error"]!.GetValue<double>());
        var result = JsonNode.Parse(File.ReadAllText(At("told").Result))!;
        Assert.Equal((least, 241), (result["error"]!.GetValue<double>(), result["parameters"]!.GetValue<int>()));
        // A 3×3 convolution from 3 to 8 channels at 16×32 positions, and 8 numbers to one.
        Assert.Equal(3 * 8 * 9 * 16 * 32 + 8, result["macs"]!.GetValue<long>());
        Assert.Equal(least, RunSummary.Read(At("told").Result).Scores["error"]);
        Assert.Contains(EventRecords.Shown(At("told").Events), v => v.Tag == "val/error" && v.Value == (float)least);
        var page = File.ReadAllText(At("told").Report);
        Assert.Matches($@"<dt>Mean error</dt><dd>{Regex.Escape(Invariant($"{least:0.000}"))}</dd><dd class=""note"">epoch \d</dd>", page);
        var section = page[page.IndexOf("<h2>Guesses</h2>", StringComparison.Ordinal)..];
        Assert.Equal(4, Regex.Count(section[..section.IndexOf("</section>", StringComparison.Ordinal)], "<tr><td>"));
    }

    [Fact]
    public void It_ends_early_when_the_error_gets_no_less()
    {
        // A rate this small changes no guess.
        var result = Train("patient", settings:
            ["train.epochs=9", "validate.patience=2", "train.optimizer.learning_rate=1.0e-30", "train.batch_norm=freeze"]);
        Assert.Equal((9, 1, true), (result.Iterations, result.BestEpoch, result.Finished));
        Assert.Contains("no better mean error in 2 validations", File.ReadAllText(At("patient").Log), StringComparison.Ordinal);
    }

    [Fact]
    public void A_stage_has_an_optimiser_of_its_own_and_is_scored_only_if_it_asks()
    {
        Train("staged", stages:
        [
            new StagePlan(Epochs: 1, IsScored: false, Text: "warming up"),
            new StagePlan(Epochs: 1, new OptimizerRecipe(1e-30) { Kind = OptimizerKind.Sgd }),
        ]);
        Train("one", settings: "train.epochs=1");
        // The second stage's rate changes nothing but statistics; the first is the run of one epoch but for its schedule's end.
        Assert.Equal([2], MetricsLog.Read(At("staged").Metrics).Validations.Select(v => v.Epoch));
        Assert.Contains("stage 1/2, warming up", File.ReadAllText(At("staged").Log), StringComparison.Ordinal);
        var (staged, one) = (TensorFile.Read(At("staged").Last).Tensors, TensorFile.Read(At("one").Last).Tensors);
        Assert.True(staged["head.weight"].Data.Span.SequenceEqual(one["head.weight"].Data.Span));
    }

    [Fact]
    public void A_loss_that_is_not_finite_names_the_files_of_the_batch()
    {
        var error = Assert.Throws<TrainingException>(() => Train("nan", settings: "train.optimizer.learning_rate=1e30"));
        Assert.Matches(@"is (NaN|∞|Infinity) at step \d+ on the batch of \S*_leftImg8bit\.png, ", error.Message);
    }

    [Fact]
    public void No_line_of_the_loop_knows_a_task()
    {
        var files = Directory.GetFiles(RepositoryRoot.File("src", "Hwaso.Training", "Loop"), "*.cs");
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.DoesNotMatch(Forbidden(), File.ReadAllText(file)));
    }

    public override void Dispose()
    {
        base.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    // Namespaces of data, networks, measures and tasks; and the words that would smuggle one in.
    [GeneratedRegex(@"using Hwaso\.(Data|Models|Metrics|Imaging|Scenes|Training\.Tasks)\b|Segmenter|SegmentationNet|UNet|ConfusionMatrix")]
    private static partial Regex Forbidden();

    RunFolder At(string name) => new(Path.Combine(folder, name));

    string[] Bits(string name) => SmallRuns.BitsOf(At(name));

    string[] Lines(string name) => SmallRuns.LinesOf(At(name));

    TrainResult Train(
        string name, int? stopAfter = null, bool resume = false, bool report = false, StagePlan[]? stages = null, params string[] settings)
    {
        using var stop = new CancellationTokenSource();
        var watcher = new RunWatcher(step =>
        {
            if (step == stopAfter)
                stop.Cancel();
        });
        var recipe = RecipeFile.Read(Recipe, "brightness.yaml", settings);
        var request = new TrainRequest(recipe, scenes.Root, At(name), resume, Device.Cpu, 1);
        using var trainer = new Trainer(request, new BrightnessTask(request, stages ?? []), watcher);
        var result = trainer.Run(stop.Token);
        if (report)
            trainer.WriteReport(result);
        return result;
    }

    // The model section is not read: the task brings its network.
    const string Recipe = """
        seed: 7
        model: {name: fcn-resnet50}
        data: {layout: cityscapes}
        augment: {crop: [32, 64]}
        train:
          epochs: 2
          batch: 4
          log_every: 1
          optimizer: {name: adam, learning_rate: 0.05}
          schedule: {name: constant}
        """;
}
