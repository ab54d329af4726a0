namespace Hwaso.Reports;

/// <summary>The loss of one training iteration.</summary>
/// <param name="Iteration">Iteration, counted over the whole run.</param>
/// <param name="Loss">Training loss; not finite where the step failed.</param>
/// <param name="LearningRate">Learning rate of the step.</param>
public sealed record LossPoint(long Iteration, double Loss, double LearningRate);
