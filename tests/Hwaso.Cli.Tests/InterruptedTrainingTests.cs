namespace Hwaso.Cli.Tests;

/// <summary>Runs that are stopped, killed or run out of disk in a process of their own, and end with the bits of one left alone.</summary>
[Collection(WorkshopTests.Name)]
public sealed class InterruptedTrainingTests(Workshop shop)
{
    // 36 steps: long enough to be stopped in the middle, a few seconds in all.
    static readonly string[] length = ["--set", "train.epochs=12"];

    // One folder for all, because the recipe in a checkpoint begins with the run's own path.
    const string Run = "stopped";

    // As many steps: twelve in each stage.
    const string Staged = """
        name: staged
        seed: 7
        model:
          family: unet-resnet-multidecoder
          resnet: {blocks: [1, 1, 1, 1], block: basic, widths: [8, 8, 16, 16], stem_channels: 8}
          unet: {channels: [16, 16, 8, 8, 8]}
        data: {layout: cityscapes, depth: disparity}
        augment: {crop: [32, 64]}
        train: {batch: 4, optimizer: {name: adam, learning_rate: 0.001}}
        stages:
          - {name: semantic, epochs: 4, learn: [encoder, semantic]}
          - {name: depth, epochs: 4, learn: [depth], copy: semantic_to_depth, optimizer: {name: sgd, learning_rate: 0.01}}
          - {name: both, epochs: 4, learn: [encoder, semantic, depth]}
        """;

    static readonly string[] files = ["checkpoints/last.safetensors", "checkpoints/best.safetensors"];

    [Fact]
    public void A_signal_finishes_the_step_saves_and_says_how_to_go_on() => AssertStopped("TERM");

    [Fact]
    [Trait("Time", "Long")]
    public void An_interrupt_does_the_same() => AssertStopped("INT");

    void AssertStopped(string signal)
    {
        using var process = HwasoProcess.Start(Begin());
        Assert.True(process.WaitFor("epoch 2/12"));
        process.Send(signal);
        var stopped = process.Finish();

        Assert.Equal(1, stopped.Code);
        Assert.Equal("", stopped.Output);
        Assert.Contains("finishing the current step", stopped.Error, StringComparison.Ordinal);
        var command = stopped.Error.Split("continue with: ")[1].Split('\n')[0].Split(' ');
        Assert.Equal("hwaso", command[0]);
        Assert.Equal("--resume", command[^1]);
        var resumed = CommandLine.Run(command[1..]);
        Assert.Equal(0, resumed.Code);
        AssertSameBits();
    }

    [Fact]
    public void Killed_while_it_saves_and_resumed_it_ends_with_the_same_bits() => AssertSurvives("epoch 1/12: mIoU", 0);

    [Theory]
    [Trait("Time", "Long")]
    [InlineData("12 images", 0)] // before anything was saved
    [InlineData("epoch 2/12: mIoU", 130)]
    public void Killed_at_any_moment_and_resumed_it_ends_with_the_same_bits(string after, int delayMs) => AssertSurvives(after, delayMs);

    void AssertSurvives(string after, int delayMs)
    {
        using (var process = HwasoProcess.Start(Begin()))
        {
            Assert.True(process.WaitFor(after));
            Thread.Sleep(delayMs);
            process.Send("KILL");
            Assert.Equal(128 + 9, process.Finish().Code);
        }

        var resumed = shop.Train(Run, [.. length, "--resume"]);

        Assert.True(resumed.Code == 0, resumed.Error);
        AssertSameBits();
    }

    [Fact]
    public void Killed_in_the_second_stage_and_resumed_it_ends_with_the_same_bits() => AssertSurvivesInStages("stage 2/3", 250);

    [Fact]
    [Trait("Time", "Long")]
    public void Killed_in_the_third_stage_and_resumed_it_ends_with_the_same_bits() => AssertSurvivesInStages("stage 3/3", 110);

    void AssertSurvivesInStages(string after, int delayMs)
    {
        File.WriteAllText(shop.At("staged.yaml"), Staged);
        string[] training =
            ["train", shop.At("staged.yaml"), "--data", shop.Data, "--run", shop.At("staged"), "--threads", "1", "--device", "cpu"];
        if (!Directory.Exists(shop.At("staged-undisturbed")))
        {
            Assert.Equal(0, CommandLine.Run(training).Code);
            Directory.Move(shop.At("staged"), shop.At("staged-undisturbed"));
        }
        if (Directory.Exists(shop.At("staged"))) Directory.Delete(shop.At("staged"), recursive: true);
        using (var process = HwasoProcess.Start(training))
        {
            Assert.True(process.WaitFor(after));
            Thread.Sleep(delayMs);
            process.Send("KILL");
            Assert.True(process.Finish().Code is 0 or 128 + 9);
        }

        var resumed = CommandLine.Run([.. training, "--resume"]);

        Assert.True(resumed.Code == 0, resumed.Error);
        AssertSameBits("staged-undisturbed", "staged");
    }

    [Fact]
    public void A_full_disk_leaves_the_last_good_checkpoint_and_says_what_to_do()
    {
        using (var first = HwasoProcess.Start(Begin()))
        {
            Assert.True(first.WaitFor("epoch 2/12"));
            first.Send("INT");
            Assert.Equal(1, first.Finish().Code);
        }
        var state = shop.At("stopped/checkpoints/resume.safetensors");
        var before = File.ReadAllBytes(state);
        var weightsKb = new FileInfo(shop.At("stopped/checkpoints/best.safetensors")).Length / 1024;

        // Room for weights, not for weights and optimiser.
        using var process = HwasoProcess.StartOnSmallDisk(
            (int)(weightsKb + (before.Length / 1024)) / 2, shop.Training(Run, [.. length, "--resume"]));
        var refused = process.Finish();

        Assert.Equal(1, refused.Code);
        Assert.Matches($"hwaso train: {state}: .*stopped at step \\d+: make room.* continue from {state} with --resume", refused.Error);
        Assert.DoesNotContain("   at ", refused.Error, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(state));
        Assert.DoesNotContain(Directory.EnumerateFiles(shop.At("stopped/checkpoints")), f => f.EndsWith(".tmp", StringComparison.Ordinal));
        Assert.Contains("failed at step", File.ReadAllText(shop.At("stopped/log.txt")), StringComparison.Ordinal);
        Assert.Equal(0, shop.Train(Run, [.. length, "--resume"]).Code);
        AssertSameBits();
    }

    /// <summary>Arguments of a new run, after one that nobody disturbs was made to compare it with.</summary>
    string[] Begin()
    {
        if (!Directory.Exists(shop.At("undisturbed")))
        {
            Assert.Equal(0, shop.Train(Run, length).Code);
            Directory.Move(shop.At(Run), shop.At("undisturbed"));
        }
        if (Directory.Exists(shop.At(Run))) Directory.Delete(shop.At(Run), recursive: true);
        return shop.Training(Run, length);
    }

    void AssertSameBits(string undisturbed = "undisturbed", string run = Run)
    {
        foreach (var file in files)
            Assert.True(File.ReadAllBytes(shop.At($"{undisturbed}/{file}")).AsSpan().SequenceEqual(
                File.ReadAllBytes(shop.At($"{run}/{file}"))), $"{file} differs");
    }
}
