using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Hwaso.Checkpoints;
using Hwaso.Inference;
using Hwaso.Recipes;
using Hwaso.Torch;
using Hwaso.Training.Loop;
using Hwaso.Training.Tasks;

namespace Hwaso.Training.Tests.Loop;

/// <summary>Runs of a small segmentation network, in folders that are deleted at the end.</summary>
/// <param name="data">The data set's folder.</param>
sealed class SmallRuns(string data) : IDisposable
{
    /// <summary>The settings of a ResNet that trains in a second.</summary>
    public const string Tiny = "resnet: {blocks: [1, 1, 1, 1], block: basic, widths: [8, 8, 16, 16], stem_channels: 8}";

    readonly string folder = Directory.CreateTempSubdirectory("hwaso-runs").FullName;

    /// <summary>The folder of a run.</summary>
    public RunFolder At(string name) => new(Path.Combine(folder, name));

    /// <summary>The log of a run.</summary>
    public MetricsLog Log(string name) => MetricsLog.Read(At(name).Metrics);

    /// <summary>The losses of a run.</summary>
    public double[] Losses(string name) => [.. Log(name).Steps.Select(l => l.Loss)];

    /// <summary>Every tensor of a run's newest weights, as text that tells bits apart.</summary>
    public string[] Bits(string name) => BitsOf(At(name));

    /// <inheritdoc cref="Bits"/>
    public static string[] BitsOf(RunFolder run) =>
        [.. TensorFile.Read(run.Last).Tensors.Select(t => $"{t.Key} {Convert.ToHexString(SHA256.HashData(t.Value.Data.Span))}")];

    /// <summary>The lines of a run's log, without speeds.</summary>
    public static string[] LinesOf(RunFolder run) =>
        [.. File.ReadAllLines(run.Metrics).Select(line => Regex.Replace(line, "\"images_per_second\":[^,}]*", ""))];

    public TrainResult Train(string name, int? stopAfter = null, bool resume = false, params string[] settings) =>
        Train(name, stopAfter, resume, data, settings);

    public TrainResult Reported(string name, bool resume = false, params string[] settings) =>
        Train(name, null, resume, data, settings, report: true);

    // One thread: where other work shares the processors, two would wait for each other at every operator.
    public TrainResult Train(
        string name,
        int? stopAfter,
        bool resume,
        string root,
        string[] settings,
        Action<long>? each = null,
        int threads = 1,
        bool report = false,
        Timeline? timeline = null)
    {
        using var stop = new CancellationTokenSource();
        var watcher = new RunWatcher(step =>
        {
            each?.Invoke(step);
            if (step == stopAfter)
                stop.Cancel();
        });
        var recipe = RecipeFile.Read(Recipe, "small.yaml", settings);
        var request = new TrainRequest(recipe, root, At(name), resume, Device.Cpu, threads) { Timeline = timeline };
        using var trainer = new Trainer(request, TrainingTasks.Open(request), watcher);
        var result = trainer.Run(stop.Token);
        if (result.Finished && report)
            trainer.WriteReport(result);
        return result;
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    // Small enough for a second, with every kind of module that the real ones have; 12 images make 3 steps an epoch.
    public const string Recipe = """
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

/// <summary>Calls an action after each step and ignores everything else.</summary>
sealed class RunWatcher(Action<long>? stepped = null) : ITrainWatcher
{
    public void Begins(TrainPlan plan, long fromStep)
    {
    }

    public void Stepped(long step, int epoch, double loss, double learningRate, double imagesPerSecond) => stepped?.Invoke(step);

    public void Validated(int epoch, Validation validation, bool isBest)
    {
    }

    public void Says(string line)
    {
    }
}
