using Hwaso.Training.Metrics;

namespace Hwaso.Training.Inference;

/// <summary>What came of scoring a network on a split.</summary>
/// <param name="Scores">Scores over the training classes.</param>
/// <param name="Confusion">The counts behind them.</param>
/// <param name="Cityscapes">Category and instance scores after Cityscapes' own definition; null for other data sets or without instance files.</param>
/// <param name="Images">Images scored.</param>
public sealed record Evaluation(Scores Scores, ConfusionMatrix Confusion, CityscapesScores? Cityscapes, int Images);
