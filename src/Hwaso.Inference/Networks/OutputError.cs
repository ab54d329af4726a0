namespace Hwaso.Inference.Networks;

/// <summary>How far one output is from what was recorded.</summary>
/// <param name="Name">The output, as the fixture names it.</param>
/// <param name="Absolute">The largest difference.</param>
/// <param name="Relative">That over the largest absolute value expected.</param>
public sealed record OutputError(string Name, double Absolute, double Relative);
