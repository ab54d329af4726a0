using Hwaso.Metrics;

namespace Hwaso.Reports;

/// <summary>The scores of one validation during training.</summary>
/// <param name="Epoch">Epoch after which it took place, from 1.</param>
/// <param name="Iteration">Iterations done by then.</param>
/// <param name="Scores">What was measured.</param>
public sealed record ValidationPoint(int Epoch, long Iteration, Scores Scores);
