using Hwaso.Checkpoints;
using Hwaso.Data.Layouts;
using Hwaso.Inference;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Training.Tasks.Segmentation;

namespace Hwaso.Training.Tests.Loop;

/// <summary>What a step does, by the options of a recipe.</summary>
public sealed class TrainStepTests(SceneFolder scenes) : TensorTest, IClassFixture<SceneFolder>
{
    readonly SmallRuns runs = new(scenes.Root);

    [Theory]
    [InlineData("train.clip_norm=0.1", "train.optimizer.decay_norms=false", "train.optimizer.head_rate_multiplier=10")]
    [InlineData("train.ema_decay=0.9")]
    [InlineData("data.class_balance=0.7")]
    [InlineData("train.deterministic=true", "train.kernels=libtorch")]
    [InlineData("train.batch_norm=freeze", "train.accumulate=2", "train.batch=2", "train.optimizer.learning_rate=0.0001")]
    [InlineData("train.batch_norm=keep_statistics", "train.optimizer={name: adamw, learning_rate: 0.01}")]
    public void Every_option_of_a_step_changes_it_and_resumes_with_the_same_bits(params string[] settings)
    {
        runs.Train("plain", null, false, settings[1..]);
        runs.Train("whole", null, false, settings);
        runs.Train("broken", 4, false, settings);
        runs.Train("broken", null, true, settings);
        Assert.Equal(runs.Bits("whole"), runs.Bits("broken"));
        Assert.NotEqual(runs.Bits("plain"), runs.Bits("whole"));
    }

    [Fact]
    public void What_is_scored_and_saved_is_the_average_and_what_learns_is_not()
    {
        runs.Train("plain");
        runs.Train("averaged", null, false, "train.ema_decay=0.9");
        // Averaging does not change the steps: the losses are the same, the weights that are kept are not.
        Assert.Equal(runs.Losses("plain"), runs.Losses("averaged"));
        Assert.NotEqual(runs.Bits("plain"), runs.Bits("averaged"));
        var resume = TensorFile.Read(runs.At("averaged").Resume).Tensors;
        var (kept, plain) = (TensorFile.Read(runs.At("averaged").Last).Tensors, TensorFile.Read(runs.At("plain").Last).Tensors);
        const string Key = "last_layer.3.weight";
        Assert.True(kept[Key].Data.Span.SequenceEqual(resume[$"average/{Key}"].Data.Span));
        Assert.True(plain[Key].Data.Span.SequenceEqual(resume[$"weight/{Key}"].Data.Span));

        using var network = LoadedModel.Open(runs.At("averaged").Root, Device.Cpu);
        var segmenter = Segmenter.Of(network.Segmentation, network.Normalisation);
        var evaluation = Evaluator.Score(segmenter, Datasets.Open("cityscapes", scenes.Root, "val"));
        Assert.Equal(runs.Log("averaged").Validations.Max(v => v.Fields["miou"]!.GetValue<double>()), evaluation.Scores.Miou!.Value, 12);
    }

    [Fact]
    public void Weight_decay_can_leave_norms_and_biases_alone()
    {
        // Nothing but decay: a rate of 1 and gradients clipped to nothing.
        string[] settings =
        [
            "train.clip_norm=1.0e-30", "train.optimizer={learning_rate: 0.5, momentum: 0, weight_decay: 0.1}",
            "train.schedule={name: constant}",
        ];
        runs.Train("all", null, false, settings);
        runs.Train("some", null, false, [.. settings, "train.optimizer.decay_norms=false"]);
        var (all, some) = (TensorFile.Read(runs.At("all").Last).Tensors, TensorFile.Read(runs.At("some").Last).Tensors);
        float First(IReadOnlyDictionary<string, HostTensor> tensors, string key) => BitConverter.ToSingle(tensors[key].Data.Span[..4]);
        // Six steps of × (1 − 0.5 · 0.1); float32 rounds each.
        Assert.Equal(Math.Pow(0.95, 6), First(all, "bn1.weight"), 1e-6);
        Assert.Equal(1, First(some, "bn1.weight"));
        Assert.Equal(First(all, "conv1.weight"), First(some, "conv1.weight"));
    }

    [Fact]
    public void Accumulated_halves_make_the_same_step_as_a_whole_batch_but_for_batch_norm()
    {
        // Batch statistics differ between 4 and 2 images, so losses agree only roughly; steps and images agree exactly.
        var whole = runs.Train("whole", settings: "train.batch=4");
        var halves = runs.Train("halves", null, false, "train.batch=2", "train.accumulate=2");
        Assert.Equal(whole.Iterations, halves.Iterations);
        var (a, b) = (runs.Log("whole").Steps[0].Loss, runs.Log("halves").Steps[0].Loss);
        Assert.Equal(a, b, 0.3);
    }

    [Fact]
    public void Two_hundred_steps_leave_tensors_and_memory_flat()
    {
        // 12 images in batches of 4 make 3 steps an epoch; nothing is validated or saved in between.
        var (handles, bytes) = (0L, 0L);
        string[] settings =
        [
            $"model={{family: fcn-resnet, attention: psa-spatial, {SmallRuns.Tiny}}}",
            "train.epochs=84", "validate.every=0", "save.every=1000", "augment.photometric=false",
        ];
        runs.Train("long", null, false, scenes.Root, settings, step =>
        {
            if (step is not (50 or 250))
                return;
            GC.Collect();
            GC.WaitForPendingFinalizers();
            var (heldNow, bytesNow) = (Tensor.LiveHandles, Environment.WorkingSet);
            if (step == 50)
                (handles, bytes) = (heldNow, bytesNow);
            else
            {
                Assert.Equal(handles, heldNow);
                // One batch of images lost at each step (4×3×32×64 floats, 98 KB) would be 20 MB; measured 2, the runtime's own.
                Assert.True(bytesNow - bytes < 10 << 20, $"resident memory grew by {(bytesNow - bytes) >> 20} MB in two hundred steps");
            }
        });
        Assert.NotEqual(0, handles);
    }

    public override void Dispose()
    {
        base.Dispose();
        runs.Dispose();
    }
}
