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
        Assert.True(runs.Train("killed", resume: true).Finished);
        Assert.False(File.Exists(runs.At("killed").Lock));
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
