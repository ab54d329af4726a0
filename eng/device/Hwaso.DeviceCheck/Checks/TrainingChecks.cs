using System.Security.Cryptography;
using Hwaso.Checkpoints;
using Hwaso.Inference;
using Hwaso.Recipes;
using Hwaso.Scenes;
using Hwaso.Torch;
using Hwaso.Training.Loop;
using Hwaso.Training.Tasks;

namespace Hwaso.DeviceCheck.Checks;

/// <summary>Whole runs of `hwaso train` on rendered scenes: stopped and resumed they end with the same bits.</summary>
static class TrainingChecks
{
    // Every kind of module that the published networks have, small enough for seconds; 12 images make 3 steps an epoch.
    const string Recipe = """
        name: small
        seed: 7
        model:
          family: hrnetv2
          attention: psa-spatial
          init: kaiming
          stage1: {blocks: 1, channels: 16}
          stage2: {modules: 1, blocks: [1, 1], channels: [16, 32]}
          stage3: {modules: 1, blocks: [1, 1, 1], channels: [16, 32, 64]}
          stage4: {modules: 1, blocks: [1, 1, 1, 1], channels: [16, 32, 64, 128]}
        data: {layout: cityscapes}
        augment: {crop: [64, 96], photometric: true}
        train:
          epochs: 3
          batch: 4
          log_every: 1
          deterministic: true
          optimizer: {learning_rate: 0.05, momentum: 0.9, weight_decay: 0.0001}
        """;

    public static void Run(CheckReport report, Device device)
    {
        var root = Directory.CreateTempSubdirectory("hwaso-device-check").FullName;
        try
        {
            var scenes = Path.Combine(root, "scenes");
            report.Run("scenes rendered", () =>
            {
                SceneSet.Write(scenes, SceneLayout.Cityscapes, count: 12, width: 192, height: 96, seed: 5, val: 4, threads: 2);
                return "12 scenes";
            });
            (string Name, string[] Settings)[] runs =
            [
                ("float32", []),
                ("float32, channels last", ["train.memory_format=channels_last"]),
                ("bfloat16", ["train.precision=bfloat16"]),
                ("focal loss, two batches a step, clipped, averaged",
                    ["loss={name: focal}", "train.batch=2", "train.accumulate=2", "train.clip_norm=1", "train.ema_decay=0.9"]),
                ("AdamW", ["train.optimizer={name: adamw, learning_rate: 0.002, weight_decay: 0.01}"]),
            ];
            if (device.Type == DeviceType.Cuda)
                runs =
                [
                    .. runs, ("float16, its loss scaled", ["train.precision=float16"]), ("CUDA graph", ["train.cuda_graph=true"]),
                    ("CUDA graph, bfloat16, focal loss", ["train.cuda_graph=true", "train.precision=bfloat16", "loss={name: focal}"]),
                    ("CUDA graph, float16", ["train.cuda_graph=true", "train.precision=float16"]),
                ];
            foreach (var (name, settings) in runs)
                report.Run($"stopped and resumed, {name}", () => Resumed(Path.Combine(root, name), scenes, settings, device));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    static string Resumed(string root, string scenes, string[] settings, Device device)
    {
        var (whole, broken) = (new RunFolder(Path.Combine(root, "whole")), new RunFolder(Path.Combine(root, "broken")));
        var losses = Train(whole, scenes, settings, device, stopAfter: null, resume: false);
        Train(broken, scenes, settings, device, stopAfter: 4, resume: false);
        Train(broken, scenes, settings, device, stopAfter: null, resume: true);
        if (!losses.All(double.IsFinite) || losses[^3..].Average() >= losses[..3].Average())
            throw new CheckException($"it does not learn: losses {string.Join(", ", losses.Select(l => l.ToString("f3")))}");
        return Bits(whole) == Bits(broken)
            ? $"same bits; loss from {losses[..3].Average():f3} to {losses[^3..].Average():f3}"
            : throw new CheckException("the resumed run ended with other weights than the whole one");
    }

    static double[] Train(RunFolder folder, string scenes, string[] settings, Device device, int? stopAfter, bool resume)
    {
        using var stop = new CancellationTokenSource();
        var watcher = new Losses(step =>
        {
            if (step == stopAfter)
                stop.Cancel();
        });
        var request = new TrainRequest(RecipeFile.Read(Recipe, "small.yaml", settings), scenes, folder, resume, device, Threads: 2);
        using var trainer = new Trainer(request, TrainingTasks.Open(request), watcher);
        trainer.Run(stop.Token);
        return [.. watcher.All];
    }

    static string Bits(RunFolder run) => string.Join('\n', TensorFile.Read(run.Last).Tensors
        .Select(t => $"{t.Key} {Convert.ToHexString(SHA256.HashData(t.Value.Data.Span))}"));

    /// <summary>Keeps the losses.</summary>
    sealed class Losses(Action<long> stepped) : ITrainWatcher
    {
        public List<double> All { get; } = [];

        public void Begins(TrainPlan plan, long fromStep)
        {
        }

        public void Stepped(long step, int epoch, double loss, double learningRate, double imagesPerSecond)
        {
            All.Add(loss);
            stepped(step);
        }

        public void Validated(int epoch, Validation validation, bool isBest)
        {
        }

        public void Says(string line)
        {
        }
    }
}
