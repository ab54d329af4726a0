using System.Text.Json;
using Hwaso.Checkpoints;
using Hwaso.Inference.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Training.Runs;

/// <summary>Where a run stands, beside its weights, optimiser and random state.</summary>
/// <param name="Step">Optimiser steps done.</param>
/// <param name="BestMiou">mIoU of the best validation; null before the first.</param>
/// <param name="BestEpoch">Its epoch, from 1.</param>
/// <param name="Seconds">Wall-clock time so far.</param>
/// <param name="Threads">Threads for operators: another count may round otherwise.</param>
/// <param name="EpochOpen">The steps of an epoch are done, its validation is not.</param>
/// <param name="Stage">The stage that the optimiser is of, from 0.</param>
/// <param name="Stale">Validations in a row that were no better than the best.</param>
/// <param name="LossScale">What the loss is multiplied by; 0 where it is not.</param>
/// <param name="LossScaleSteps">Good steps since that last changed.</param>
public sealed record ResumeState(
    long Step, double? BestMiou, int BestEpoch, double Seconds, int Threads, bool EpochOpen = false, int Stage = 0, int Stale = 0, double LossScale = 0, int LossScaleSteps = 0)
{
    const string Key = "hwaso.resume";
    const string Weight = "weight/";
    const string Optimiser = "optimiser/";
    const string Random = "random/";
    const string Average = "average/";

    /// <summary>Writes everything a run goes on from in one file, whole or not at all.</summary>
    /// <exception cref="IOException">The file cannot be written; the one before stays.</exception>
    public void Save(string path, Weights weights, Optimiser optimiser, WeightAverage? average, string recipe)
    {
        var tensors = weights.State.Select(s => KeyValuePair.Create(Weight + s.Key, s.Value.ToHost()))
            .Concat(optimiser.State.Select(s => KeyValuePair.Create(Optimiser + s.Key, s.Value.ToHost())))
            .Concat((average?.State() ?? []).Select(s => KeyValuePair.Create(Average + s.Key, s.Value)))
            .Concat(Devices(weights).Select(d => RandomState.Save(d) is var bytes ? KeyValuePair.Create(Random + d, HostTensor.Of(bytes, bytes.Length)) : default));
        SafeTensors.Write(path, tensors, new Dictionary<string, string> { [Key] = JsonSerializer.Serialize(this), [CheckpointMetadata.Recipe] = recipe });
    }

    /// <summary>Tells where the run of a file stood.</summary>
    /// <exception cref="CheckpointException">The file is damaged or of another recipe.</exception>
    public static ResumeState Of(TensorFile file, string recipe)
    {
        var path = file.Path;
        if (!file.Metadata.TryGetValue(Key, out var json) || !file.Metadata.TryGetValue(CheckpointMetadata.Recipe, out var before))
            throw new CheckpointException(path, null, "is no state to resume from");
        if (Difference(before, recipe) is { } difference)
            throw new CheckpointException(path, null, $"is of another recipe ({difference}); resume with the run's own recipe.yaml, or begin a new run folder");
        return JsonSerializer.Deserialize<ResumeState>(json) ?? throw new CheckpointException(path, Key, "is empty");
    }

    /// <summary>Puts weights, optimiser, average and random generators back.</summary>
    /// <exception cref="CheckpointException">The file lacks a tensor.</exception>
    public static void Restore(TensorFile file, Weights weights, Optimiser optimiser, WeightAverage? average)
    {
        foreach (var (key, tensor) in weights.State)
            tensor.CopyFrom(file.Tensors.TryGetValue(Weight + key, out var host) ? host : throw new CheckpointException(file.Path, Weight + key, "is missing"));
        using var scope = new Scope();
        optimiser.LoadState(Under(Optimiser, Tensor.From));
        average?.LoadState(Under(Average, host => host));
        foreach (var device in Devices(weights))
            if (file.Tensors.TryGetValue(Random + device, out var state))
                RandomState.Restore(device, state.Data.ToArray());

        Dictionary<string, T> Under<T>(string prefix, Func<HostTensor, T> make) =>
            file.Tensors.Where(t => t.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(t => t.Key[prefix.Length..], t => make(t.Value), StringComparer.Ordinal);
    }

    static IEnumerable<Device> Devices(Weights weights) => weights.Device == Device.Cpu ? [Device.Cpu] : [Device.Cpu, weights.Device];

    /// <summary>The first line that differs, but for how long the run is to be kept watched: where the data lies and how many threads read it.</summary>
    internal static string? Difference(string before, string now)
    {
        // What a version since then has added has its default.
        static string Today(string yaml)
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

        static string[] Lines(string yaml) => Today(yaml).Split('\n')
            .Where(l => l.TrimStart() is var t && !t.StartsWith('#') && !t.StartsWith("root:", StringComparison.Ordinal) && !t.StartsWith("workers:", StringComparison.Ordinal)
                && !t.StartsWith("cache_mb:", StringComparison.Ordinal) && !t.StartsWith("threads:", StringComparison.Ordinal)).ToArray();
        var (a, b) = (Lines(before), Lines(now));
        for (var k = 0; k < Math.Max(a.Length, b.Length); k++)
            if ((k < a.Length ? a[k] : "nothing") is var was && (k < b.Length ? b[k] : "nothing") is var wants && was != wants)
                return $"'{was.Trim()}' there, '{wants.Trim()}' now";
        return null;
    }
}
