using Hwaso.Metrics;

namespace Hwaso.Training.Runs;

/// <summary>How a run ended.</summary>
/// <param name="Iterations">Optimiser steps done in all.</param>
/// <param name="Finished">False where it was stopped and can be resumed.</param>
/// <param name="Best">The scores of the best validation; null where none took place.</param>
/// <param name="BestEpoch">The epoch of the best validation, from 1.</param>
/// <param name="Seconds">Wall-clock time of training in all its sessions.</param>
/// <param name="ImagesPerSecond">Training images a second in this session.</param>
public sealed record TrainResult(long Iterations, bool Finished, Scores? Best, int BestEpoch, double Seconds, double ImagesPerSecond);
