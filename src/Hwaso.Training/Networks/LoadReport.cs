namespace Hwaso.Training.Networks;

/// <summary>What came of loading a file into a network.</summary>
/// <param name="Loaded">Keys that were filled.</param>
/// <param name="Missing">Keys of the network that the file lacks.</param>
/// <param name="Unexpected">Keys of the file that the network lacks.</param>
/// <param name="Mismatched">Keys left out because their shapes differ.</param>
/// <param name="Stripped">What was taken off the file's keys, e.g. <c>module.</c>; empty for nothing.</param>
public sealed record LoadReport(
    IReadOnlyList<string> Loaded, IReadOnlyList<string> Missing, IReadOnlyList<string> Unexpected, IReadOnlyList<string> Mismatched, string Stripped);
