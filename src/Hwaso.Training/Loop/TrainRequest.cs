using Hwaso.Inference;
using Hwaso.Recipes;
using Hwaso.Torch;
using Hwaso.Training.Processes;

namespace Hwaso.Training.Loop;

/// <summary>What to train, on what, and where to keep it.</summary>
/// <param name="Recipe">The recipe.</param>
/// <param name="Data">The data set's folder; null for the recipe's.</param>
/// <param name="Folder">The run folder.</param>
/// <param name="Resume">Whether to continue the folder's run where it stopped.</param>
/// <param name="Device">The device to train on.</param>
/// <param name="Threads">Threads for operators and for reading images.</param>
public sealed record TrainRequest(RecipeFile Recipe, string? Data, RunFolder Folder, bool Resume, Device Device, int Threads)
{
    /// <summary>The processes that train as one; by default this one alone.</summary>
    public Team Team { get; init; } = Team.Alone;

    /// <summary>Records when the run did what; null to record nothing.</summary>
    public Timeline? Timeline { get; init; }
}

/// <summary>How a run ended.</summary>
/// <param name="Iterations">Optimiser steps done in all sessions.</param>
/// <param name="Finished">False where it was stopped and can be resumed.</param>
/// <param name="Best">The best validation; null where there was none.</param>
/// <param name="BestEpoch">The epoch of the best validation, from 1.</param>
/// <param name="Seconds">Wall-clock time of training in all sessions.</param>
/// <param name="ImagesPerSecond">Training images a second in this session.</param>
public sealed record TrainResult(long Iterations, bool Finished, Validation? Best, int BestEpoch, double Seconds, double ImagesPerSecond);

/// <summary>A run that cannot begin or continue; its message says where, why, what was kept and what to do.</summary>
public sealed class TrainingException(string message, Exception? inner = null) : Exception(message, inner);
