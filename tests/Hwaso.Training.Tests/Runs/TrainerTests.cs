using Hwaso.Checkpoints;
using Hwaso.Data;
using Hwaso.Imaging;
using Hwaso.Inference;
using Hwaso.Metrics;
using Hwaso.Recipes;
using Hwaso.Reports.Tests;
using Hwaso.Scenes;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Training.Evaluation;
using Hwaso.Training.Runs;

namespace Hwaso.Training.Tests.Runs;

public sealed class TrainerTests : TensorTest, IClassFixture<SceneFolder>
{
    readonly string data;
    readonly string folder = Directory.CreateTempSubdirectory("hwaso-runs").FullName;

    public TrainerTests(SceneFolder scenes) => data = scenes.Root;

    [Theory]
    [InlineData(1)]
    [InlineData(3)] // the last step of an epoch: stopped in its validation
    [InlineData(4)]
    [InlineData(6)] // stopped in the validation that ends the run
    public void A_run_stopped_and_resumed_ends_with_the_same_bits(int stopAfter)
    {
        // By two threads, whose sums must come out the same too.
        Train("whole", null, false, data, [], threads: 2);
        var stopped = Train("broken", stopAfter, false, data, [], threads: 2);
        Assert.False(stopped.Finished);
        Assert.Equal(stopAfter, stopped.Iterations);
        var resumed = Train("broken", null, true, data, [], threads: 2);

        Assert.True(resumed.Finished);
        var (whole, broken) = (TensorFile.Read(At("whole").Last), TensorFile.Read(At("broken").Last));
        Assert.Equal(whole.Tensors.Keys, broken.Tensors.Keys);
        foreach (var (key, tensor) in whole.Tensors)
            Assert.True(tensor.Data.Span.SequenceEqual(broken.Tensors[key].Data.Span), $"{key} differs after resuming");
        static string[] Numbers(RunFolder run) => File.ReadAllLines(run.Metrics).Select(l => System.Text.RegularExpressions.Regex.Replace(l, "\"images_per_second\":[^,}]*", "")).ToArray();
        Assert.Equal(Numbers(At("whole")), Numbers(At("broken")));
        // TensorBoard shows what the log holds, each step once.
        static (long, string, float)[] Curves(RunFolder run) => [.. EventRecords.Shown(run.Events).Where(v => v.Tag != "train/images_per_second")];
        var curves = Curves(At("whole"));
        Assert.Equal(curves, Curves(At("broken")));
        Assert.Equal(MetricsLog.Open(At("whole").Metrics, long.MaxValue).Losses.Select(l => (l.Iteration, "train/loss", (float)l.Loss)), curves.Where(v => v.Item2 == "train/loss"));
        Assert.Contains(curves, v => v.Item2 == "val/miou" && v.Item3 == (float)MetricsLog.Open(At("whole").Metrics, long.MaxValue).Validations(hasBackground: false)[^1].Point.Scores.Miou!.Value);
    }

    [Fact]
    public void The_report_shows_the_best_and_the_worst_images_of_the_best_weights()
    {
        Reported("shown");
        using var network = LoadedModel.Open(At("shown").Root, Device.Cpu);
        var split = Data.Layouts.Datasets.Open("cityscapes", data, "val");
        var segmenter = Segmenter.Of(network.Segmentation, network.Normalisation);
        var order = Enumerable.Range(0, split.Samples.Count).OrderByDescending(k =>
        {
            var item = split.Read(k);
            var confusion = new ConfusionMatrix(19);
            confusion.Add(item.Labels.Labels, segmenter.Segment(item.Image).Labels, 255);
            return Scores.Of(confusion).Miou;
        }).Select(k => split.Samples[k].Id).ToArray();

        var page = File.ReadAllText(At("shown").Report);
        // Four images: two are the best, two the worst, the worst first.
        var shown = System.Text.RegularExpressions.Regex.Matches(page, "<h3>(Best|Worst) of 4 images</h3>|alt=\"Input of ([^\"]+)\"").Select(m => m.Groups[1].Value + m.Groups[2].Value);
        Assert.Equal(["Best", order[0], order[1], "Worst", order[3], order[2]], shown);
    }

    [Fact]
    public void The_report_shows_depth_beside_segmentation_where_a_network_learns_both()
    {
        Reported("depths", settings:
        [
            "model={family: unet-resnet-multidecoder, resnet: {blocks: [1, 1, 1, 1], block: basic, widths: [8, 8, 16, 16], stem_channels: 8}, unet: {channels: [16, 16, 8, 8, 8]}}",
            "data.depth=disparity",
        ]);
        var page = File.ReadAllText(At("depths").Report);
        foreach (var kind in new[] { "Truth", "Prediction", "Depth", "True depth" })
            Assert.Equal(4, System.Text.RegularExpressions.Regex.Count(page, $"alt=\"{kind} of "));
    }

    [Theory]
    [InlineData("loss={name: lovasz, cross_entropy_share: 1}")]
    [InlineData("loss={name: ohem, keep: 500}")]
    [InlineData("model={family: sanet-resnet, resnet: {blocks: [1, 1, 1, 1], block: basic, widths: [8, 8, 16, 16], stem_channels: 8}}", "loss={name: focal, heads: {categorical: 0.3}}")]
    [InlineData("model={family: fcn-resnet, resnet: {blocks: [1, 1, 1, 1], block: basic, widths: [8, 8, 16, 16], stem_channels: 8}}", "loss={name: dice}")]
    public void Every_loss_and_head_trains_and_resumes_with_the_same_bits(params string[] settings)
    {
        Train("whole", null, false, settings);
        Train("broken", 4, false, settings);
        Train("broken", null, true, settings);
        Assert.Equal(Bits("whole"), Bits("broken"));
    }

    [Theory]
    [InlineData("train.clip_norm=0.1", "train.optimizer.decay_norms=false", "train.optimizer.head_rate_multiplier=10")]
    [InlineData("train.ema_decay=0.9")]
    [InlineData("data.class_balance=0.7")]
    [InlineData("train.deterministic=true")]
    [InlineData("train.batch_norm=freeze", "train.accumulate=2", "train.batch=2", "train.optimizer.learning_rate=0.0001")]
    [InlineData("train.batch_norm=keep_statistics", "train.optimizer={name: adamw, learning_rate: 0.01}")]
    public void Every_option_of_a_step_changes_it_and_resumes_with_the_same_bits(params string[] settings)
    {
        Train("plain", null, false, settings[1..]);
        Train("whole", null, false, settings);
        Train("broken", 4, false, settings);
        Train("broken", null, true, settings);
        Assert.Equal(Bits("whole"), Bits("broken"));
        Assert.NotEqual(Bits("plain"), Bits("whole"));
    }

    [Fact]
    public void What_is_scored_and_saved_is_the_average_and_what_learns_is_not()
    {
        Train("plain");
        Train("averaged", null, false, "train.ema_decay=0.9");
        // Averaging does not change the steps: the losses are the same, the weights that are kept are not.
        Assert.Equal(Losses("plain"), Losses("averaged"));
        Assert.NotEqual(Bits("plain"), Bits("averaged"));
        var resume = TensorFile.Read(At("averaged").Resume).Tensors;
        var (kept, plain) = (TensorFile.Read(At("averaged").Last).Tensors, TensorFile.Read(At("plain").Last).Tensors);
        const string Key = "last_layer.3.weight";
        Assert.True(kept[Key].Data.Span.SequenceEqual(resume[$"average/{Key}"].Data.Span));
        Assert.True(plain[Key].Data.Span.SequenceEqual(resume[$"weight/{Key}"].Data.Span));

        using var network = LoadedModel.Open(At("averaged").Root, Device.Cpu);
        var evaluation = Evaluator.Score(Segmenter.Of(network.Segmentation, network.Normalisation), Data.Layouts.Datasets.Open("cityscapes", data, "val"));
        var validations = MetricsLog.Open(At("averaged").Metrics, long.MaxValue).Validations(hasBackground: false);
        Assert.Equal(validations.Max(v => v.Point.Scores.Miou)!.Value, evaluation.Scores.Miou!.Value, 12);
    }

    [Fact]
    public void A_run_that_gets_no_better_ends_early_and_resuming_it_does_nothing_more()
    {
        // A rate this small changes no score, so that the second validation is no better than the first.
        string[] settings = ["train.epochs=9", "validate.patience=2", "train.optimizer.learning_rate=1.0e-30", "train.batch_norm=freeze"];
        var result = Train("patient", null, false, settings);
        Assert.True(result.Finished);
        Assert.Equal((9, 1), (result.Iterations, result.BestEpoch));
        var before = Bits("patient");
        Assert.Equal(9, Train("patient", null, true, settings).Iterations);
        Assert.Equal(before, Bits("patient"));
        Assert.Contains("no better mIoU in 2 validations: the run ends after epoch 3, best was epoch 1", File.ReadAllText(At("patient").Log), StringComparison.Ordinal);
    }

    [Fact]
    public void Weight_decay_can_leave_norms_and_biases_alone()
    {
        // Nothing but decay: a rate of 1 and gradients clipped to nothing.
        string[] settings = ["train.clip_norm=1.0e-30", "train.optimizer={learning_rate: 0.5, momentum: 0, weight_decay: 0.1}", "train.schedule={name: constant}"];
        Train("all", null, false, settings);
        Train("some", null, false, [.. settings, "train.optimizer.decay_norms=false"]);
        var (all, some) = (TensorFile.Read(At("all").Last).Tensors, TensorFile.Read(At("some").Last).Tensors);
        float First(IReadOnlyDictionary<string, HostTensor> tensors, string key) => BitConverter.ToSingle(tensors[key].Data.Span[..4]);
        // Six steps of × (1 − 0.5 · 0.1); float32 rounds each.
        Assert.Equal(Math.Pow(0.95, 6), First(all, "bn1.weight"), 1e-6);
        Assert.Equal(1, First(some, "bn1.weight"));
        Assert.Equal(First(all, "conv1.weight"), First(some, "conv1.weight"));
    }

    [Fact]
    public void A_deterministic_run_gives_the_same_bits_twice_and_leaves_the_process_as_it_was()
    {
        Train("once", null, false, data, ["train.deterministic=true", "loss.name=focal"], threads: 2);
        Train("twice", null, false, data, ["train.deterministic=true", "loss.name=focal"], threads: 2);
        Assert.Equal(Bits("once"), Bits("twice"));
        Assert.False(TorchInfo.IsDeterministic);
    }

    [Fact]
    public void Bfloat16_computes_in_float32_where_the_processor_has_no_instructions_for_it_and_says_so()
    {
        Train("wide");
        Train("asked", settings: "train.precision=bfloat16");
        var said = File.ReadAllText(At("asked").Log).Contains("train.precision bfloat16: this processor has no instructions for it", StringComparison.Ordinal);
        Assert.Equal(!TorchInfo.ProcessorHasBFloat16, said);
        if (said)
            Assert.Equal(Bits("wide"), Bits("asked"));
        else
            Assert.NotEqual(Bits("wide"), Bits("asked"));
    }

    [Theory]
    [InlineData("float32", true, null)]
    [InlineData("bfloat16", true, ScalarType.BFloat16)]
    [InlineData("bfloat16", false, null)]
    public void A_processor_computes_in_what_it_is_faster_with(string precision, bool processorHas, ScalarType? type)
    {
        var said = new List<string>();
        Assert.Equal(type, ComputeType.Of(RecipeFile.Read(Recipe, "small.yaml", $"train.precision={precision}"), Device.Cpu, processorHas, said.Add));
        Assert.Equal(precision != "float32" && type is null, said.Count == 1);
    }

    [Fact]
    public void Float16_on_a_processor_is_an_error_with_its_line_before_anything_is_made()
    {
        var error = Assert.Throws<RecipeException>(() => Train("narrow", settings: "train.precision=float16"));
        Assert.Equal("--set train.precision=float16: train.precision: float16 is for CUDA devices; take bfloat16 or float32 on a processor", error.Message);
        Assert.False(Directory.Exists(At("narrow").Root));
    }

    [Fact]
    public void Another_seed_gives_other_weights()
    {
        Train("one");
        Train("two", settings: "seed=8");
        var key = "last_layer.3.weight";
        Assert.False(TensorFile.Read(At("one").Last).Tensors[key].Data.Span.SequenceEqual(TensorFile.Read(At("two").Last).Tensors[key].Data.Span));
    }

    [Fact]
    public void A_run_learns_and_its_checkpoint_predicts_what_was_scored()
    {
        var result = Train("learn", settings: "train.epochs=20");
        // 20 passes over 12 scenes: the loss falls from about ln 19 = 2.9 to below 1.5 on every seed tried.
        var losses = MetricsLog.Open(At("learn").Metrics, long.MaxValue).Losses;
        Assert.True(losses[^1].Loss < 0.6 * losses[0].Loss, $"loss {losses[0].Loss:g3} to {losses[^1].Loss:g3}");

        using var network = LoadedModel.Open(At("learn").Root, Device.Cpu);
        Assert.Equal("traffic light", network.Classes[6].Name);
        var split = Data.Layouts.Datasets.Open("cityscapes", data, "val");
        var evaluation = Evaluator.Score(Segmenter.Of(network.Segmentation, network.Normalisation), split);
        Assert.Equal(result.Best!.Miou!.Value, evaluation.Scores.Miou!.Value, 12);
        Assert.NotNull(evaluation.Cityscapes);
        Assert.Equal(evaluation.Scores.Miou.Value, evaluation.Cityscapes.Miou!.Value, 12);
    }

    [Fact]
    public void Accumulated_halves_make_the_same_step_as_a_whole_batch_but_for_batch_norm()
    {
        // Batch statistics differ between 4 and 2 images, so losses agree only roughly; steps and images agree exactly.
        var whole = Train("whole", settings: "train.batch=4");
        var halves = Train("halves", null, false, "train.batch=2", "train.accumulate=2");
        Assert.Equal(whole.Iterations, halves.Iterations);
        var (a, b) = (MetricsLog.Open(At("whole").Metrics, long.MaxValue).Losses[0].Loss, MetricsLog.Open(At("halves").Metrics, long.MaxValue).Losses[0].Loss);
        Assert.Equal(a, b, 0.3);
    }

    [Fact]
    public void A_loss_that_is_not_finite_stops_the_run_and_names_the_batch()
    {
        Train("fine");
        var error = Assert.Throws<TrainingException>(() => Train("nan", null, false, "train.optimizer.learning_rate=1e30"));
        Assert.Matches(@"the loss is (NaN|∞|Infinity) at step \d+ on the batch of \S*/hwaso_0000\d\d_000019_leftImg8bit\.png", error.Message);
        Assert.Contains("learning_rate", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_that_are_not_finite_replace_no_checkpoint_though_the_loss_was()
    {
        // Times 1e39, more than a float32 holds, the first step's gradient is infinite; its loss came before.
        var error = Assert.Throws<TrainingException>(() => Train("huge", null, false, "train.optimizer.learning_rate=1e39", "train.epochs=~", "train.iterations=1"));
        Assert.Contains("is no longer finite after step 1", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(At("huge").Checkpoints));
    }

    [Fact]
    public void The_log_tells_with_times_what_was_trained_and_how_it_went_and_the_report_only_warns()
    {
        Train("logged", stopAfter: 4);
        Reported("logged", resume: true);

        var lines = File.ReadAllLines(At("logged").Log);
        Assert.All(lines, line => Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d  \S", line));
        string[] wanted =
        [
            "recipe small, seed 7", "network hrnetv2, ", "Cityscapes train 12 images, Cityscapes val 4 images", "2 epochs of 3 steps, 6 steps of 4 images",
            "epoch 1/2: step 3/6, loss ", "saved checkpoints/best.safetensors", "epoch 1/2: mIoU ", "saved checkpoints/resume.safetensors", "stopped after step 4",
            "going on after step 4", "epoch 2/2: mIoU ", "saved checkpoints/last.safetensors", "finished in ",
        ];
        var at = -1;
        foreach (var text in wanted)
            Assert.True((at = Array.FindIndex(lines, at + 1, line => line.Contains(text, StringComparison.Ordinal))) >= 0, $"'{text}' is not in the log, or too early");
        Assert.DoesNotContain("going on after", File.ReadAllText(At("logged").Report), StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_saved_nothing_begins_anew_when_resumed()
    {
        Train("killed");
        // Moved, because the recipe in a checkpoint begins with the run's own path.
        Directory.Move(At("killed").Root, At("whole").Root);
        Directory.CreateDirectory(At("killed").Checkpoints);
        File.WriteAllText(At("killed").Recipe, "name: cut sho");
        var leftover = Path.Combine(At("killed").Checkpoints, "best.safetensors.abc.tmp");
        File.WriteAllText(leftover, "half");

        Train("killed", resume: true);

        Assert.False(File.Exists(leftover));
        Assert.Equal(File.ReadAllBytes(At("whole").Last), File.ReadAllBytes(At("killed").Last));
    }

    [Fact]
    public void A_folder_with_a_run_is_not_overwritten_and_an_empty_one_not_resumed()
    {
        Assert.Contains("nothing to resume", Assert.Throws<TrainingException>(() => Train("new", resume: true)).Message, StringComparison.Ordinal);
        Train("done");
        Assert.Contains("--resume", Assert.Throws<TrainingException>(() => Train("done")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Resuming_with_another_recipe_is_refused_with_the_line_that_differs()
    {
        Train("broken", stopAfter: 2);
        var error = Assert.Throws<CheckpointException>(() => Train("broken", null, true, "train.optimizer.learning_rate=0.5"));
        Assert.Contains("learning_rate: 0.5", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("train.batch=64", typeof(TrainingException), "split 'train' has 12 images")]
    [InlineData("data.train=nowhere", typeof(DatasetException), "no split 'nowhere'; there are train, val")]
    public void What_does_not_fit_the_data_is_said_before_the_first_step(string setting, Type type, string message)
    {
        var error = Assert.Throws(type, () => { Train("bad", null, false, setting); });
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.classes=7", "7, but Cityscapes train has 19 classes")]
    [InlineData("loss.class_weights=[1, 2]", "2 weights, Cityscapes train has 19 classes")]
    [InlineData("model.family=hrnetv9", "family 'hrnetv9'")]
    public void What_does_not_fit_the_recipe_names_its_line(string setting, string message)
    {
        var error = Assert.Throws<RecipeException>(() => Train("bad", null, false, setting));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_image_ends_the_run_with_its_path()
    {
        var copy = Directory.CreateTempSubdirectory("hwaso-broken").FullName;
        SceneSet.Write(copy, SceneLayout.Cityscapes, 8, 64, 32, 3, val: 1);
        var victim = Directory.EnumerateFiles(copy, "hwaso_000003_*_leftImg8bit.png", SearchOption.AllDirectories).First(f => f.Contains("train", StringComparison.Ordinal));
        File.WriteAllBytes(victim, File.ReadAllBytes(victim)[..200]);
        var error = Assert.Throws<ImageFormatException>(() => Train("cut", null, false, copy, []));
        Assert.Contains(victim, error.Message, StringComparison.Ordinal);
        Directory.Delete(copy, recursive: true);
    }

    [Fact]
    public void The_report_is_one_page_with_curves_and_pictures()
    {
        var result = Reported("page");
        Assert.True(result.Finished);
        var page = File.ReadAllText(At("page").Report);
        Assert.Contains("<svg", page, StringComparison.Ordinal);
        Assert.Contains("data:image/", page, StringComparison.Ordinal);
        Assert.Contains("traffic light", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_thousand_steps_leave_tensors_and_memory_flat()
    {
        // 12 images in batches of 4 make 3 steps an epoch; nothing is validated or saved in between.
        var (handles, bytes) = (0L, 0L);
        string[] settings =
        [
            "model={family: fcn-resnet, attention: psa-spatial, resnet: {blocks: [1, 1, 1, 1], block: basic, widths: [8, 8, 16, 16], stem_channels: 8}}",
            "train.epochs=367", "validate.every=0", "save.every=1000", "augment.photometric=false",
        ];
        Train("long", null, false, data, settings, step =>
        {
            if (step is not (100 or 1100))
                return;
            GC.Collect();
            GC.WaitForPendingFinalizers();
            var (heldNow, bytesNow) = (Tensor.LiveHandles, Environment.WorkingSet);
            if (step == 100)
                (handles, bytes) = (heldNow, bytesNow);
            else
            {
                Assert.Equal(handles, heldNow);
                // One batch of images lost at each step (4×3×32×64 floats, 98 KB) would be 98 MB; measured 3, which the runtime takes for itself.
                Assert.True(bytesNow - bytes < 48 << 20, $"resident memory grew by {(bytesNow - bytes) >> 20} MB in a thousand steps");
            }
        });
        Assert.NotEqual(0, handles);
    }

    public override void Dispose()
    {
        base.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    double[] Losses(string name) => [.. MetricsLog.Open(At(name).Metrics, long.MaxValue).Losses.Select(l => l.Loss)];

    /// <summary>Every tensor of the newest weights, as text that tells bits apart.</summary>
    string[] Bits(string name) => [.. TensorFile.Read(At(name).Last).Tensors.Select(t => $"{t.Key} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(t.Value.Data.Span))}")];

    RunFolder At(string name) => new(Path.Combine(folder, name));

    TrainResult Train(string name, int? stopAfter = null, bool resume = false, params string[] settings) => Train(name, stopAfter, resume, data, settings);

    TrainResult Reported(string name, bool resume = false, params string[] settings) => Train(name, null, resume, data, settings, report: true);

    // One thread: where other work shares the processors, two would wait for each other at every operator.
    TrainResult Train(string name, int? stopAfter, bool resume, string root, string[] settings, Action<long>? each = null, int threads = 1, bool report = false)
    {
        using var stop = new CancellationTokenSource();
        var watcher = new RunWatcher(step =>
        {
            each?.Invoke(step);
            if (step == stopAfter)
                stop.Cancel();
        });
        var recipe = RecipeFile.Read(Recipe, "small.yaml", settings);
        using var trainer = new Trainer(new TrainRequest(recipe, root, At(name), resume, Device.Cpu, threads), watcher);
        var result = trainer.Run(stop.Token);
        if (result.Finished && report)
            trainer.WriteReport(result);
        return result;
    }

    // Small enough for a second, with every kind of module that the real ones have; 12 images make 3 steps an epoch.
    const string Recipe = """
        name: small
        seed: 7
        model:
          family: hrnetv2
          attention: psa-spatial
          init: kaiming
          stage1: {blocks: 1, channels: 8}
          stage2: {modules: 1, blocks: [1, 1], channels: [8, 16]}
          stage3: {modules: 1, blocks: [1, 1, 1], channels: [8, 16, 32]}
          stage4: {modules: 1, blocks: [1, 1, 1, 1], channels: [8, 16, 32, 64]}
        data: {layout: cityscapes}
        augment: {crop: [32, 64], photometric: true}
        train:
          epochs: 2
          batch: 4
          log_every: 1
          optimizer: {learning_rate: 0.05, momentum: 0.9, weight_decay: 0.0001}
        """;
}
