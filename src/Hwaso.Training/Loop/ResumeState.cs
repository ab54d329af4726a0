using System.Runtime.Intrinsics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Hwaso.Checkpoints;
using Hwaso.Inference.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Training.Loop;

/// <summary>The progress of a run, saved beside its weights, optimiser and random state.</summary>
/// <param name="Step">Optimiser steps done.</param>
/// <param name="BestScore">The main score of the best validation; null before the first.</param>
/// <param name="BestEpoch">Its epoch, from 1.</param>
/// <param name="Seconds">Wall-clock time so far.</param>
/// <param name="Threads">Threads for operators: another count may round otherwise.</param>
/// <param name="EpochOpen">Whether the steps of an epoch are done and its validation is not.</param>
/// <param name="Stage">The stage that the optimiser belongs to, from 0.</param>
/// <param name="Stale">Validations in a row that were no better than the best.</param>
/// <param name="LossScale">The factor of the loss; 0 where it has none.</param>
/// <param name="LossScaleSteps">Good steps since the factor last changed.</param>
/// <param name="Processes">Processes that trained as one: with another count sums round otherwise.</param>
/// <param name="Arithmetic">What decides how sums round besides: libtorch and the vectors; null in files of older versions.</param>
public sealed record ResumeState(
    long Step,
    // The name that files have had since segmentation was the only task.
    [property: JsonPropertyName("BestMiou")] double? BestScore,
    int BestEpoch,
    double Seconds,
    int Threads,
    bool EpochOpen = false,
    int Stage = 0,
    int Stale = 0,
    double LossScale = 0,
    int LossScaleSteps = 0,
    int Processes = 1,
    string? Arithmetic = null)
{
    const string Key = "hwaso.resume", Capability = "CPU capability usage:";

    /// <summary>The metadata key of the recipe, in this file and in checkpoints.</summary>
    internal const string RecipeKey = CheckpointMetadata.Recipe;

    const string Weight = "weight/";
    const string Optimiser = "optimiser/";
    const string Random = "random/";
    const string Average = "average/";

    /// <summary>This process's <see cref="Arithmetic"/>: libtorch, the vectors of its kernels, and those of Hwaso's.</summary>
    internal static string ArithmeticHere()
    {
        var capability = TorchInfo.BuildReport.Split('\n').Select(line => line.Trim(' ', '-'))
            .FirstOrDefault(line => line.StartsWith(Capability, StringComparison.Ordinal))?[Capability.Length..].Trim();
        var bits = Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128;
        var without = TorchInfo.OneDnnFault is null ? "" : " and without oneDNN";
        return FormattableString.Invariant(
            $"libtorch {TorchInfo.Version} with {capability ?? "unknown vectors"}{without}, Hwaso with {bits} bits");
    }

    /// <summary>Writes everything that resuming needs in one file, whole or not at all.</summary>
    /// <exception cref="IOException">The file cannot be written; the previous one stays.</exception>
    /// <param name="path">The file.</param>
    /// <param name="weights">The network's weights.</param>
    /// <param name="optimiser">The stage's optimiser.</param>
    /// <param name="average">The stage's average; null where there is none.</param>
    /// <param name="recipe">The resolved recipe.</param>
    /// <param name="random">Each process's <see cref="RandomOf"/>; null for this one alone.</param>
    public void Save(
        string path, Weights weights, Optimiser optimiser, WeightAverage? average, string recipe, IReadOnlyList<byte[]>? random = null)
    {
        var tensors = weights.State.Select(s => KeyValuePair.Create(Weight + s.Key, s.Value.ToHost()))
            .Concat(optimiser.State.Select(s => KeyValuePair.Create(Optimiser + s.Key, s.Value.ToHost())))
            .Concat((average?.State() ?? []).Select(s => KeyValuePair.Create(Average + s.Key, s.Value)))
            .Concat(Devices(weights.Device).Select(d => KeyValuePair.Create(Random + d, Bytes(RandomState.Save(d)))))
            .Concat((random ?? []).Index().Skip(1).SelectMany(r => JsonSerializer.Deserialize<Dictionary<DeviceType, byte[]>>(r.Item)!
                .Select(s => KeyValuePair.Create(OfProcess(r.Index, s.Key), Bytes(s.Value)))));
        SafeTensors.Write(path, tensors, new Dictionary<string, string> { [Key] = JsonSerializer.Serialize(this), [RecipeKey] = recipe });

        static HostTensor Bytes(byte[] bytes) => HostTensor.Of(bytes, bytes.Length);
    }

    /// <summary>The progress of the run that a file is of.</summary>
    /// <param name="file">The file.</param>
    /// <param name="recipe">The recipe that the run is to continue with: its own, or its own with a greater length.</param>
    /// <exception cref="CheckpointException">The file is damaged or of another recipe.</exception>
    public static ResumeState Of(TensorFile file, string recipe) => Of(file, recipe, out _);

    /// <inheritdoc cref="Of(TensorFile, string)"/>
    internal static ResumeState Of(TensorFile file, string recipe, out Recipe? shorter)
    {
        shorter = null;
        var path = file.Path;
        if (!file.Metadata.TryGetValue(Key, out var json) || !file.Metadata.TryGetValue(CheckpointMetadata.Recipe, out var before))
            throw new CheckpointException(path, null, "is no state to resume from");
        if (Difference(before, recipe) is { } difference && (shorter = Shorter(before, recipe)) is null)
            throw new CheckpointException(
                path, null, $"is of another recipe ({difference}); resume with the run's own recipe.yaml, or begin a new run folder");
        return JsonSerializer.Deserialize<ResumeState>(json) ?? throw new CheckpointException(path, Key, "is empty");
    }

    /// <summary>The state of this process's random generators, as <see cref="Save"/> takes it.</summary>
    internal static byte[] RandomOf(Device device) =>
        JsonSerializer.SerializeToUtf8Bytes(Devices(device).ToDictionary(d => d.Type, RandomState.Save));

    /// <summary>Puts weights, optimiser, average and random generators back.</summary>
    /// <param name="file">The file.</param>
    /// <param name="weights">The network's weights.</param>
    /// <param name="optimiser">The stage's optimiser.</param>
    /// <param name="average">The stage's average; null where there is none.</param>
    /// <param name="process">The process whose random generators are put back; those of one that was not there stay as they are.</param>
    /// <exception cref="CheckpointException">The file lacks a tensor.</exception>
    public static void Restore(TensorFile file, Weights weights, Optimiser optimiser, WeightAverage? average, int process = 0)
    {
        foreach (var (key, tensor) in weights.State)
            tensor.CopyFrom(file.Tensors.TryGetValue(Weight + key, out var host)
                ? host : throw new CheckpointException(file.Path, Weight + key, "is missing"));
        using var scope = new Scope();
        optimiser.LoadState(Under(Optimiser, Tensor.From));
        average?.LoadState(Under(Average, host => host));
        foreach (var device in Devices(weights.Device))
            if (file.Tensors.TryGetValue(process == 0 ? Random + device : OfProcess(process, device.Type), out var state))
                RandomState.Restore(device, state.Data.ToArray());

        Dictionary<string, T> Under<T>(string prefix, Func<HostTensor, T> make) => file.Tensors
            .Where(t => t.Key.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(t => t.Key[prefix.Length..], t => make(t.Value), StringComparer.Ordinal);
    }

    /// <summary>The recipe before, where the one now differs from it in nothing but a greater length; else null.</summary>
    static Recipe? Shorter(string before, string now)
    {
        try
        {
            var (was, wants) = (Recipe.Read(before, "recipe.yaml"), Recipe.Read(now, "recipe.yaml"));
            var longer = wants.Stages.Count == 0
                && (wants.Train.Epochs > was.Train.Epochs || wants.Train.Iterations > was.Train.Iterations);
            var lengthened = was with { Train = was.Train with { Epochs = wants.Train.Epochs, Iterations = wants.Train.Iterations } };
            return longer && Difference(lengthened.ToYaml(), now) is null ? was : null;
        }
        catch (RecipeException)
        {
            return null;
        }
    }

    static IEnumerable<Device> Devices(Device device) => device == Device.Cpu ? [Device.Cpu] : [Device.Cpu, device];

    // Without the device's number: a process may get another GPU when it resumes.
    static string OfProcess(int process, DeviceType type) => FormattableString.Invariant($"{Random}{process}/{type}");

    /// <summary>The first line in which two recipes differ, but for paths, threads and caches, which cannot change the result.</summary>
    internal static string? Difference(string before, string now)
    {
        var (a, b) = (Lines(before), Lines(now));
        for (var k = 0; k < Math.Max(a.Length, b.Length); k++)
            if ((k < a.Length ? a[k] : "nothing") is var was && (k < b.Length ? b[k] : "nothing") is var wants && was != wants)
                return $"'{was.Trim()}' there, '{wants.Trim()}' now";
        return null;

        static string[] Lines(string yaml) => [.. Current(yaml).Split('\n').Where(Matters)];

        static bool Matters(string line)
        {
            string[] ignored = ["#", "root:", "workers:", "cache_mb:", "threads:"];
            var text = line.TrimStart();
            return !Array.Exists(ignored, start => text.StartsWith(start, StringComparison.Ordinal));
        }

        // Keys that a later version added get their defaults.
        static string Current(string yaml)
        {
            try
            {
                return Recipe.Read(yaml, "recipe.yaml").ToYaml();
            }
            catch (RecipeException)
            {
                return yaml;
            }
        }
    }
}
