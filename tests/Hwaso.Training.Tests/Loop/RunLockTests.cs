using System.Text.Json;
using Hwaso.Imaging;
using Hwaso.Tests;
using Hwaso.Training.Loop;

namespace Hwaso.Training.Tests.Loop;

/// <summary>Two trainers of one folder.</summary>
public sealed class RunLockTests(SceneFolder scenes) : TensorTest, IClassFixture<SceneFolder>
{
    readonly SmallRuns runs = new(scenes.Root);

    [Fact]
    public void A_second_trainer_is_refused_by_name_and_leaves_the_first_alone()
    {
        runs.Train("alone");
        var refusals = new List<string>();
        runs.Train("busy", null, false, scenes.Root, [], each: step =>
        {
            if (step is not (1 or 4))
                return;
            Assert.Equal(RunState.Training, RunStatus.Read(runs.At("busy")).State);
            var leftover = Path.Combine(runs.At("busy").Checkpoints, "last.safetensors.abc.tmp");
            File.WriteAllText(leftover, "half");
            refusals.Add(Assert.Throws<TrainingException>(() => runs.Train("busy", resume: true)).Message);
            // What the first is writing is not the second's to clean up.
            Assert.True(File.Exists(leftover));
            File.Delete(leftover);
        });

        Assert.Equal(2, refusals.Count);
        Assert.All(refusals, r => Assert.Contains(
            $"{runs.At("busy").Root}: process {Environment.ProcessId} on {Environment.MachineName} (since 2", r, StringComparison.Ordinal));
        Assert.All(refusals, r => Assert.EndsWith(
            " trains this run; wait for it or stop it, or name another folder with --run", r, StringComparison.Ordinal));
        Assert.Equal(runs.Bits("alone"), runs.Bits("busy"));
        Assert.False(File.Exists(runs.At("busy").Lock));
    }

    [Fact]
    public void What_a_killed_trainer_left_stops_nobody()
    {
        runs.Train("killed", stopAfter: 2);
        File.WriteAllText(runs.At("killed").Lock, "");
        var status = RunStatus.Read(runs.At("killed"));
        Assert.Equal((RunState.Stopped, 4, 3 * status.Epochs), (status.State, status.ImagesPerStep, (int?)status.Steps));
        Assert.True(runs.Train("killed", resume: true).Finished);
        Assert.False(File.Exists(runs.At("killed").Lock));
    }

    [Fact]
    public void The_newest_validation_leaves_the_score_of_each_image_and_pictures_of_the_worst_and_the_best()
    {
        runs.Train("seen");

        var run = runs.At("seen");
        var folder = Assert.Single(Directory.GetDirectories(run.Validation));
        Assert.Equal(folder, ValidationFolder.Newest(run));
        Assert.Equal($"{runs.Log("seen").Validations[^1].Iteration}", Path.GetFileName(folder));
        using var index = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, ValidationFolder.Index)));
        var scores = index.RootElement.GetProperty("images").EnumerateArray().ToDictionary(
            i => i.GetProperty("id").GetString()!, i => i.GetProperty("miou").GetDouble());
        Assert.Equal(4, scores.Count);
        Assert.All(scores.Values, s => Assert.InRange(s, 0, 1));
        // Two of four are the worst, two the best.
        var pictures = index.RootElement.GetProperty("pictures").EnumerateArray().ToArray();
        Assert.Equal(["worst", "worst", "best", "best"], pictures.Select(p => p.GetProperty("group").GetString()));
        Assert.Equal([.. scores.Values.Order().Take(2), .. scores.Values.OrderDescending().Take(2)],
            pictures.Select(p => scores[p.GetProperty("id").GetString()!]));
        foreach (var picture in pictures)
        {
            var truth = Png.ReadLabels(Path.Combine(folder, picture.GetProperty("truth").GetString()!));
            Assert.Equal((128, 64), (truth.Width, truth.Height));
            Assert.Equal(128, Jpeg.Read(Path.Combine(folder, picture.GetProperty("image").GetString()!)).Width);
        }
    }

    [Fact]
    public void A_trainer_killed_before_it_made_its_folders_is_resumed_from_the_beginning()
    {
        Directory.CreateDirectory(runs.At("early").Root);
        File.WriteAllText(runs.At("early").Lock, "");
        Assert.True(runs.Train("early", resume: true).Finished);
    }

    [Fact]
    public void A_run_that_is_refused_before_its_first_step_leaves_its_folder_free()
    {
        Assert.ThrowsAny<Exception>(() => runs.Train("refused", null, false, "loss.heads={dense: 1}"));
        Assert.False(Directory.Exists(runs.At("refused").Root));
    }

    public override void Dispose()
    {
        base.Dispose();
        runs.Dispose();
    }
}
