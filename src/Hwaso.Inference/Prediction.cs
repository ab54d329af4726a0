namespace Hwaso.Inference;

/// <summary>One image labelled.</summary>
/// <param name="File">The label map that was written.</param>
/// <param name="Milliseconds">What the network took, reading and writing apart.</param>
public sealed record Prediction(string File, double Milliseconds);
