using Hwaso.Checkpoints;
using Hwaso.Data.Layouts;
using Hwaso.Inference;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Training.Tasks.Segmentation;

namespace Hwaso.Training.Tests.Loop;

/// <summary>Whole runs: what they learn, when they end, what they log.</summary>
public sealed class TrainerTests(SceneFolder scenes) : TensorTest, IClassFixture<SceneFolder>
{
    readonly SmallRuns runs = new(scenes.Root);

    [Fact]
    public void A_run_learns_and_its_checkpoint_predicts_what_was_scored()
    {
        var result = runs.Train("learn", settings: "train.epochs=20");
        // 20 passes over 12 scenes: the loss falls from about ln 19 = 2.9 to below 1.5 on every seed tried.
        var losses = runs.Log("learn").Steps;
        Assert.True(losses[^1].Loss < 0.6 * losses[0].Loss, $"loss {losses[0].Loss:g3} to {losses[^1].Loss:g3}");

        using var network = LoadedModel.Open(runs.At("learn").Root, Device.Cpu);
        Assert.Equal("traffic light", network.Classes[6].Name);
        var split = Datasets.Open("cityscapes", scenes.Root, "val");
        var evaluation = Evaluator.Score(Segmenter.Of(network.Segmentation, network.Normalisation), split);
        Assert.Equal(result.Best!.Main.Value!.Value, evaluation.Scores.Miou!.Value, 12);
        Assert.NotNull(evaluation.Cityscapes);
        Assert.Equal(evaluation.Scores.Miou.Value, evaluation.Cityscapes.Miou!.Value, 12);
    }

    [Fact]
    public void A_run_that_gets_no_better_ends_early_and_resuming_it_does_nothing_more()
    {
        // A rate this small changes no score, so that the second validation is no better than the first.
        string[] settings = ["train.epochs=9", "validate.patience=2", "train.optimizer.learning_rate=1.0e-30", "train.batch_norm=freeze"];
        var result = runs.Train("patient", null, false, settings);
        Assert.True(result.Finished);
        Assert.Equal((9, 1), (result.Iterations, result.BestEpoch));
        var before = runs.Bits("patient");
        Assert.Equal(9, runs.Train("patient", null, true, settings).Iterations);
        Assert.Equal(before, runs.Bits("patient"));
        const string Line = "no better mIoU in 2 validations: the run ends after epoch 3, best was epoch 1";
        Assert.Contains(Line, File.ReadAllText(runs.At("patient").Log), StringComparison.Ordinal);
    }

    [Fact]
    public void A_deterministic_run_gives_the_same_bits_twice_and_leaves_the_process_as_it_was()
    {
        runs.Train("once", null, false, scenes.Root, ["train.deterministic=true", "loss.name=focal"], threads: 2);
        runs.Train("twice", null, false, scenes.Root, ["train.deterministic=true", "loss.name=focal"], threads: 2);
        Assert.Equal(runs.Bits("once"), runs.Bits("twice"));
        Assert.False(TorchInfo.IsDeterministic);
    }

    [Fact]
    public void Another_seed_gives_other_weights()
    {
        runs.Train("one");
        runs.Train("two", settings: "seed=8");
        HostTensor Weight(string run) => TensorFile.Read(runs.At(run).Last).Tensors["last_layer.3.weight"];
        Assert.False(Weight("one").Data.Span.SequenceEqual(Weight("two").Data.Span));
    }

    [Fact]
    public void The_log_tells_with_times_what_was_trained_and_how_it_went_and_the_report_only_warns()
    {
        runs.Train("logged", stopAfter: 4);
        runs.Reported("logged", resume: true);

        var lines = File.ReadAllLines(runs.At("logged").Log);
        Assert.All(lines, line => Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d  \S", line));
        string[] wanted =
        [
            "recipe small, seed 7", "network hrnetv2, ", "Cityscapes train 12 images, Cityscapes val 4 images",
            "2 epochs of 3 steps, 6 steps of 4 images", "epoch 1/2: step 3/6, loss ", "saved checkpoints/best.safetensors",
            "epoch 1/2: mIoU ", "saved checkpoints/resume.safetensors", "stopped after step 4",
            "continuing after step 4", "epoch 2/2: mIoU ", "saved checkpoints/last.safetensors", "finished in ",
        ];
        var at = -1;
        foreach (var text in wanted)
        {
            at = Array.FindIndex(lines, at + 1, line => line.Contains(text, StringComparison.Ordinal));
            Assert.True(at >= 0, $"'{text}' is not in the log, or too early");
        }
        Assert.DoesNotContain("going on after", File.ReadAllText(runs.At("logged").Report), StringComparison.Ordinal);
    }

    public override void Dispose()
    {
        base.Dispose();
        runs.Dispose();
    }
}
