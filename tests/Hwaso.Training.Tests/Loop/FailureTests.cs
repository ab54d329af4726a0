using Hwaso.Data;
using Hwaso.Recipes;
using Hwaso.Scenes;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Training.Loop;

namespace Hwaso.Training.Tests.Loop;

/// <summary>Runs that cannot begin, and runs that fail.</summary>
public sealed class FailureTests(SceneFolder scenes) : TensorTest, IClassFixture<SceneFolder>
{
    readonly SmallRuns runs = new(scenes.Root);

    [Fact]
    public void A_loss_that_is_not_finite_stops_the_run_and_names_the_batch()
    {
        runs.Train("fine");
        var error = Assert.Throws<TrainingException>(() => runs.Train("nan", null, false, "train.optimizer.learning_rate=1e30"));
        const string Said = @"the loss is (NaN|∞|Infinity) at step \d+ on the batch of \S*/hwaso_0000\d\d_000019_leftImg8bit\.png";
        Assert.Matches(Said, error.Message);
        Assert.Contains("learning_rate", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_that_are_not_finite_replace_no_checkpoint_though_the_loss_was()
    {
        // Times 1e39, more than a float32 holds, the first step's gradient is infinite; its loss came before.
        string[] settings = ["train.optimizer.learning_rate=1e39", "train.epochs=~", "train.iterations=1"];
        var error = Assert.Throws<TrainingException>(() => runs.Train("huge", null, false, settings));
        Assert.Contains("is no longer finite after step 1", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(runs.At("huge").Checkpoints));
    }

    [Fact]
    public void A_step_of_more_images_than_there_are_is_said_before_the_first()
    {
        var error = Assert.Throws<TrainingException>(() => runs.Train("bad", null, false, "train.batch=64"));
        Assert.Contains("split 'train' has 12 images", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_split_that_is_not_there_is_said_before_the_first_step()
    {
        var error = Assert.Throws<DatasetException>(() => runs.Train("bad", null, false, "data.train=nowhere"));
        Assert.Contains("no split 'nowhere'; there are train, val", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_whose_files_cannot_be_written_frees_its_weights_and_leaves_the_process_as_it_was()
    {
        var handles = Tensor.LiveHandles;
        Directory.CreateDirectory(runs.At("blocked").Metrics);
        Assert.Throws<IOException>(() => runs.Train("blocked", null, false, "train.deterministic=true"));
        Assert.Equal(handles, Tensor.LiveHandles);
        Assert.False(TorchInfo.IsDeterministic);
    }

    [Fact]
    public void A_run_whose_folder_disappears_says_so_and_what_to_do()
    {
        var error = Assert.Throws<TrainingException>(() => runs.Train("gone", null, false, scenes.Root, [], each: step =>
        {
            if (step == 4)
                Directory.Delete(runs.At("gone").Root, recursive: true);
        }));
        Assert.Matches(@"/gone/\S+: .*; stopped at step \d: make room or mend the folder, then start the training anew", error.Message);
    }

    [Fact]
    public void No_line_of_the_loop_measures_time_by_a_clock_that_can_jump()
    {
        var clocks = Directory.GetFiles(RepositoryRoot.File("src", "Hwaso.Training", "Loop"), "*.cs")
            .Where(file => File.ReadAllText(file).Contains("DateTime", StringComparison.Ordinal)).Select(Path.GetFileName).Order();
        // The first marks a file with an arbitrary time; the others write the date of a line, of a report and of a timeline's beginning.
        Assert.Equal(["RunLock.cs", "RunLog.cs", "RunPage.cs", "RunStatus.cs", "Timeline.cs"], clocks);
    }

    [Theory]
    [InlineData("model.classes=7", "7, but Cityscapes train has 19 classes")]
    [InlineData("validate.batch=4", "4 is not 1: validation segments each image by itself, at its own size; remove the key")]
    [InlineData("loss.class_weights=[1, 2]", "2 weights, Cityscapes train has 19 classes")]
    [InlineData("model.family=hrnetv9", "family 'hrnetv9'")]
    public void What_does_not_fit_the_recipe_names_its_line(string setting, string message)
    {
        var error = Assert.Throws<RecipeException>(() => runs.Train("bad", null, false, setting));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_batch_norm_of_one_value_a_channel_is_said_at_the_first_step_with_the_remedies()
    {
        string[] one = ["train.batch=1", $"model={{family: deeplabv3-resnet, {SmallRuns.Tiny}, aspp: {{channels: 8}}}}"];
        var error = Assert.Throws<TrainingException>(() => runs.Train("one", null, false, one));
        Assert.Matches(@"^batch norm \S+ sees one value per channel \(1 images of 32x64 behind global pooling\), whose variance is 0: "
            + @"use a train\.batch of 2 or more, or train\.batch_norm: freeze", error.Message);
        Assert.False(Directory.Exists(runs.At("one").Root));
        Assert.True(runs.Train("one", null, false, [.. one, "train.batch_norm=freeze"]).Finished);
    }

    [Fact]
    public void A_broken_image_ends_the_run_with_its_path()
    {
        var copy = Directory.CreateTempSubdirectory("hwaso-broken").FullName;
        SceneSet.Write(copy, SceneLayout.Cityscapes, 8, 64, 32, 3, val: 1);
        var victim = Directory.EnumerateFiles(copy, "hwaso_000003_*_leftImg8bit.png", SearchOption.AllDirectories)
            .First(f => f.Contains("train", StringComparison.Ordinal));
        File.WriteAllBytes(victim, File.ReadAllBytes(victim)[..200]);
        var error = Assert.Throws<DatasetException>(() => runs.Train("cut", null, false, copy, []));
        Assert.Contains(victim, error.Message, StringComparison.Ordinal);
        Directory.Delete(copy, recursive: true);
    }

    public override void Dispose()
    {
        base.Dispose();
        runs.Dispose();
    }
}
