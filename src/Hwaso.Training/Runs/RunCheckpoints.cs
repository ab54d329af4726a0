using Hwaso.Data;
using Hwaso.Inference;
using Hwaso.Inference.Networks;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Training.Runs;

/// <summary>Writes a run's checkpoints: each whole or not at all, and only of weights that are finite.</summary>
/// <param name="folder">The run's folder.</param>
/// <param name="weights">The network's weights.</param>
/// <param name="recipe">The resolved recipe.</param>
/// <param name="classes">The classes that the weights are of.</param>
/// <param name="log">Told what was saved.</param>
sealed class RunCheckpoints(RunFolder folder, Weights weights, string recipe, IReadOnlyList<ClassEntry> classes, RunLog log)
{
    /// <summary>The first tensor that holds an infinity or NaN; null where all is well.</summary>
    public string? NotFinite()
    {
        using var scope = new Scope();
        return weights.State.Select(s => s.Key).FirstOrDefault(key => Aten.All(Aten.Isfinite(weights[key].Detach())).Item() == 0);
    }

    /// <summary>Writes the weights, to be scored and predicted with.</summary>
    /// <exception cref="TrainingException">They cannot be written.</exception>
    public void SaveWeights(string path, int epoch, ResumeState state) => Saving(path, state.Step, () => WeightFile.Save(path, weights, new Dictionary<string, string>
    {
        ["format"] = "pt",
        [CheckpointMetadata.Recipe] = recipe,
        [CheckpointMetadata.Classes] = CheckpointMetadata.WriteClasses(classes),
        [CheckpointMetadata.Epoch] = epoch.ToString(),
        [CheckpointMetadata.Step] = state.Step.ToString(),
        [CheckpointMetadata.BestMiou] = state.BestMiou?.ToString("R") ?? "",
    }));

    /// <summary>Writes all that the run goes on from.</summary>
    /// <exception cref="TrainingException">It cannot be written.</exception>
    public void SaveResume(ResumeState state, TrainingStage stage) => Saving(folder.Resume, state.Step, () => state.Save(folder.Resume, weights, stage.Optimiser, stage.Average, recipe));

    /// <summary>Does something that writes a file of the run, and says what was kept where it cannot.</summary>
    /// <exception cref="TrainingException">It cannot be written.</exception>
    public void Writing(string path, long step, Action write)
    {
        try
        {
            write();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            var kept = File.Exists(folder.Resume) ? $"go on from {folder.Resume}" : "begin again (nothing was saved yet)";
            var named = error.Message.StartsWith(path, StringComparison.Ordinal) ? error.Message : $"{path}: {error.Message}";
            throw new TrainingException($"{named.TrimEnd('.')}; stopped at step {step}: make room or mend the folder, then {kept} with --resume", error);
        }
    }

    void Saving(string path, long step, Action save)
    {
        Writing(path, step, save);
        log.Note($"step {step}: saved {Path.GetRelativePath(folder.Root, path)}");
    }
}
