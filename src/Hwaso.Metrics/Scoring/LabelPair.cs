namespace Hwaso.Metrics.Scoring;

/// <summary>A prediction on disk with its truth.</summary>
/// <param name="Name">What both are called; no other pair has it.</param>
/// <param name="Prediction">The predicted label PNG.</param>
/// <param name="Truth">The true label PNG.</param>
/// <param name="Instances">The true instance PNG, if there is one.</param>
public sealed record LabelPair(string Name, string Prediction, string Truth, string? Instances = null);
