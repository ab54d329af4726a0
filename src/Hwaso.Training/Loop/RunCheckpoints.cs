using System.Globalization;
using Hwaso.Inference;
using Hwaso.Inference.Networks;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Training.Loop;

/// <summary>Writes a run's checkpoints: each whole or not at all, and only of weights that are finite.</summary>
/// <param name="folder">The run's folder.</param>
/// <param name="weights">The network's weights.</param>
/// <param name="recipe">The resolved recipe.</param>
/// <param name="task">The task, which says more about the data.</param>
/// <param name="log">Gets a line about each file.</param>
sealed class RunCheckpoints(RunFolder folder, Weights weights, string recipe, ITrainingTask task, RunLog log)
{
    /// <summary>Makes a run's folders and deletes files that a killed process left half written in them.</summary>
    /// <exception cref="TrainingException">They cannot be made or written to.</exception>
    public static void MakeFolders(RunFolder folder)
    {
        try
        {
            Directory.CreateDirectory(folder.Checkpoints);
            foreach (var leftover in Directory.EnumerateFiles(folder.Checkpoints, "*.safetensors.*.tmp"))
                File.Delete(leftover);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TrainingException(
                $"{folder.Root}: no run can be kept there: {error.Message} Name a folder that can be written to with --run", error);
        }
    }

    /// <summary>Removes the log and the empty folders of a run that never did a step, so that its folder is free; no other file.</summary>
    public static void RemoveTraces(RunFolder folder)
    {
        if (folder.Exists)
            return;
        try
        {
            if (new FileInfo(folder.Metrics) is { Exists: true, Length: 0 } empty)
                empty.Delete();
            if (File.Exists(folder.Log))
                File.Delete(folder.Log);
            foreach (var path in new[] { folder.Checkpoints, folder.Events, folder.Root })
                if (Directory.Exists(path) && !Directory.EnumerateFileSystemEntries(path).Any())
                    Directory.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The error that ended the run is the one to report.
        }
    }

    /// <summary>The first tensor that holds an infinity or NaN; null where all are finite.</summary>
    public string? NotFinite()
    {
        using var scope = new Scope();
        return weights.State.Select(s => s.Key).FirstOrDefault(key => Aten.All(Aten.Isfinite(weights[key].Detach())).Item() == 0);
    }

    /// <summary>Writes the weights, for scoring and predicting.</summary>
    /// <exception cref="TrainingException">They cannot be written.</exception>
    public void SaveWeights(string path, int epoch, ResumeState state) => Saving(path, state.Step, () =>
        WeightFile.Save(path, weights, new OrderedDictionary<string, string>(
        [
            new("format", "pt"), new(ResumeState.RecipeKey, recipe), .. task.Metadata, new(CheckpointMetadata.Epoch, $"{epoch}"),
            new(CheckpointMetadata.Step, $"{state.Step}"),
            new($"hwaso.{task.MainScore}", state.BestScore?.ToString("R", CultureInfo.InvariantCulture) ?? ""),
        ])));

    /// <summary>Writes everything that resuming needs.</summary>
    /// <exception cref="TrainingException">It cannot be written.</exception>
    /// <param name="state">How far the run is.</param>
    /// <param name="stage">Its optimiser and average.</param>
    /// <param name="random">The random state of each process.</param>
    public void SaveResume(ResumeState state, TrainingStage stage, IReadOnlyList<byte[]> random) =>
        Saving(folder.Resume, state.Step, () => state.Save(folder.Resume, weights, stage.Optimiser, stage.Average, recipe, random));

    /// <summary>Runs an action that writes a file of the run; where it fails, the error says what was kept.</summary>
    /// <exception cref="TrainingException">The file cannot be written.</exception>
    public void Writing(string path, long step, Action write)
    {
        try
        {
            write();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            var kept = File.Exists(folder.Resume) ? $"continue from {folder.Resume} with --resume"
                : "start the training anew; no state of it was saved";
            var named = error.Message.StartsWith(path, StringComparison.Ordinal) ? error.Message : $"{path}: {error.Message}";
            throw new TrainingException(
                $"{named.TrimEnd('.')}; stopped at step {step}: make room or mend the folder, then {kept}", error);
        }
    }

    void Saving(string path, long step, Action save)
    {
        Writing(path, step, save);
        log.Note($"step {step}: saved {Path.GetRelativePath(folder.Root, path)}");
    }
}
