using Hwaso.Checkpoints;
using Hwaso.Inference;
using Hwaso.Reports.Tests;
using Hwaso.Tests;
using Hwaso.Training.Loop;

namespace Hwaso.Training.Tests.Loop;

/// <summary>Runs that are stopped and resumed.</summary>
public sealed class ResumeTests(SceneFolder scenes) : TensorTest, IClassFixture<SceneFolder>
{
    readonly SmallRuns runs = new(scenes.Root);

    [Theory]
    [InlineData(3)] // the last step of an epoch: stopped in its validation
    [InlineData(4)]
    public void A_run_stopped_and_resumed_ends_with_the_same_bits(int stopAfter) => AssertSameAfter(stopAfter);

    [Theory]
    [Trait("Time", "Long")]
    [InlineData(1)]
    [InlineData(6)] // stopped in the validation that ends the run
    public void A_run_stopped_in_its_first_or_last_step_and_resumed_ends_with_the_same_bits(int stopAfter) => AssertSameAfter(stopAfter);

    void AssertSameAfter(int stopAfter)
    {
        // By two threads, whose sums must come out the same too.
        runs.Train("whole", null, false, scenes.Root, [], threads: 2);
        var stopped = runs.Train("broken", stopAfter, false, scenes.Root, [], threads: 2);
        Assert.False(stopped.Finished);
        Assert.Equal(stopAfter, stopped.Iterations);
        var resumed = runs.Train("broken", null, true, scenes.Root, [], threads: 2);

        Assert.True(resumed.Finished);
        var (whole, broken) = (TensorFile.Read(runs.At("whole").Last), TensorFile.Read(runs.At("broken").Last));
        Assert.Equal(whole.Tensors.Keys, broken.Tensors.Keys);
        foreach (var (key, tensor) in whole.Tensors)
            Assert.True(tensor.Data.Span.SequenceEqual(broken.Tensors[key].Data.Span), $"{key} differs after resuming");
        Assert.Equal(SmallRuns.LinesOf(runs.At("whole")), SmallRuns.LinesOf(runs.At("broken")));
        // TensorBoard shows what the log holds, each step once.
        static (long, string, float)[] Curves(RunFolder run) =>
            [.. EventRecords.Shown(run.Events).Where(v => v.Tag != "train/images_per_second")];
        var curves = Curves(runs.At("whole"));
        Assert.Equal(curves, Curves(runs.At("broken")));
        var log = runs.Log("whole");
        Assert.Equal(log.Steps.Select(l => (l.Iteration, "train/loss", (float)l.Loss)), curves.Where(v => v.Item2 == "train/loss"));
        Assert.Contains(curves, v => v.Item2 == "val/miou" && v.Item3 == (float)log.Validations[^1].Fields["miou"]!.GetValue<double>());
    }

    [Theory]
    [InlineData("loss={name: lovasz, cross_entropy_share: 1}")]
    [InlineData("loss={name: ohem, keep: 500}", "train.kernels=hwaso")]
    [InlineData($"model={{family: sanet-resnet, {SmallRuns.Tiny}}}", "loss={name: focal, heads: {categorical: 0.3}}")]
    [InlineData($"model={{family: fcn-resnet, {SmallRuns.Tiny}}}", "loss={name: dice}")]
    public void Every_loss_and_head_trains_and_resumes_with_the_same_bits(params string[] settings)
    {
        runs.Train("whole", null, false, settings);
        runs.Train("broken", 4, false, settings);
        runs.Train("broken", null, true, settings);
        Assert.Equal(runs.Bits("whole"), runs.Bits("broken"));
    }

    [Fact]
    public void A_run_that_saved_nothing_begins_anew_when_resumed()
    {
        runs.Train("killed");
        // Moved, because the recipe in a checkpoint begins with the run's own path.
        Directory.Move(runs.At("killed").Root, runs.At("whole").Root);
        Directory.CreateDirectory(runs.At("killed").Checkpoints);
        File.WriteAllText(runs.At("killed").Recipe, "name: cut sho");
        var leftover = Path.Combine(runs.At("killed").Checkpoints, "best.safetensors.abc.tmp");
        File.WriteAllText(leftover, "half");

        runs.Train("killed", resume: true);

        Assert.False(File.Exists(leftover));
        Assert.Equal(File.ReadAllBytes(runs.At("whole").Last), File.ReadAllBytes(runs.At("killed").Last));
    }

    [Fact]
    public void A_folder_with_a_run_is_not_overwritten_and_an_empty_one_not_resumed()
    {
        var nothing = Assert.Throws<TrainingException>(() => runs.Train("new", resume: true));
        Assert.Contains("nothing to resume", nothing.Message, StringComparison.Ordinal);
        runs.Train("done");
        Assert.Contains("--resume", Assert.Throws<TrainingException>(() => runs.Train("done")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Resuming_with_another_recipe_is_refused_with_the_line_that_differs()
    {
        runs.Train("broken", stopAfter: 2);
        var error = Assert.Throws<CheckpointException>(() => runs.Train("broken", null, true, "train.optimizer.learning_rate=0.5"));
        Assert.Contains("learning_rate: 0.5", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("libtorch ", "libtorch 0.")]
    [InlineData(" bits", "0 bits")]
    [InlineData("Processes", "Processes")]
    public void A_run_that_another_libtorch_or_other_vectors_began_says_so_when_resumed(string here, string there)
    {
        runs.Train("moved", stopAfter: 2);
        var path = runs.At("moved").Resume;
        var file = TensorFile.Read(path);
        var metadata = file.Metadata.ToDictionary(m => m.Key, m => m.Key == "hwaso.resume" ? m.Value.Replace(here, there) : m.Value);
        SafeTensors.Write(path, file.Tensors.ToArray(), metadata);

        runs.Train("moved", resume: true);

        var log = File.ReadAllText(runs.At("moved").Log);
        Assert.Equal(here != there, log.Contains("resumed by libtorch", StringComparison.Ordinal));
        Assert.Equal(here != there && here != " bits", log.Contains("before it was libtorch 0.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("train.schedule={name: constant}")]
    public void A_finished_run_is_trained_on_for_longer_from_its_optimisers_state(string schedule)
    {
        string[] settings = schedule.Length > 0 ? [schedule] : [];
        runs.Reported("longer", settings: settings);
        var first = TensorFile.Read(runs.At("longer").Resume).Tensors;
        var result = runs.Reported("longer", resume: true, settings: [.. settings, "train.epochs=4"]);

        Assert.Equal((12, true), (result.Iterations, result.Finished));
        Assert.Equal([1, 2, 3, 4], runs.Log("longer").Validations.Select(v => v.Epoch));
        var last = TensorFile.Read(runs.At("longer").Resume).Tensors;
        Assert.Contains(first, t => t.Key.StartsWith("optimiser/", StringComparison.Ordinal)
            && !t.Value.Data.Span.SequenceEqual(last[t.Key].Data.Span));
        var log = File.ReadAllText(runs.At("longer").Log);
        // poly, 0.05 · (1 − 5/6)^0.9 and 0.05 · (1 − 6/12)^0.9
        var rates = schedule.Length > 0 ? "was 0.05 in the last step and is 0.05 in the next"
            : "was 0.009969 in the last step and is 0.02679 in the next";
        Assert.Contains("6 steps become 12, with the optimiser's state after step 6. ", log, StringComparison.Ordinal);
        Assert.Contains(rates, log, StringComparison.Ordinal);
        int At(string words) => log.IndexOf(words, StringComparison.Ordinal);
        Assert.True(At("6 steps become 12") < At("continuing after step 6"));
        Assert.Equal(12, RunSummary.Read(runs.At("longer").Result).Step);
        if (schedule.Length == 0)
            return;
        // At a constant rate the length changes nothing: the same as twelve steps at once.
        runs.Train("at once", null, false, [.. settings, "train.epochs=4"]);
        Assert.Equal(runs.Bits("at once"), runs.Bits("longer"));
    }

    [Theory]
    [InlineData("train.epochs=1")]
    [InlineData("train.epochs=4", "train.batch=2")]
    [InlineData("train.epochs=~", "train.iterations=9")]
    public void A_finished_run_is_trained_on_for_longer_and_changed_in_nothing_else(params string[] settings)
    {
        runs.Train("done");
        Assert.Contains("is of another recipe", Assert.Throws<CheckpointException>(() => runs.Train("done", null, true, settings)).Message,
            StringComparison.Ordinal);
    }

    public override void Dispose()
    {
        base.Dispose();
        runs.Dispose();
    }
}
