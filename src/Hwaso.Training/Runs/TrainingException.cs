namespace Hwaso.Training.Runs;

/// <summary>A run that cannot begin or go on: where, why, what was kept and what to do.</summary>
public sealed class TrainingException(string message, Exception? inner = null) : Exception(message, inner);
