namespace Hwaso.Data.Checking;

/// <summary>Something in a data set that training or scoring would stumble over.</summary>
/// <param name="Path">The file or folder.</param>
/// <param name="Kind">What sort of problem.</param>
/// <param name="Message">What was found, what was wanted, what to do.</param>
public sealed record DatasetProblem(string Path, ProblemKind Kind, string Message);
