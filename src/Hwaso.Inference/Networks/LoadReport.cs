using Hwaso.Checkpoints;

namespace Hwaso.Inference.Networks;

/// <summary>What came of loading a file into a network.</summary>
/// <param name="Loaded">Keys that were filled.</param>
/// <param name="Missing">Keys of the network that the file lacks.</param>
/// <param name="Unexpected">Keys of the file that the network lacks.</param>
/// <param name="Mismatched">Keys left out because their shapes differ.</param>
/// <param name="Stripped">What was taken off the file's keys, e.g. <c>module.</c>; empty for nothing.</param>
public sealed record LoadReport(
    IReadOnlyList<string> Loaded, IReadOnlyList<string> Missing, IReadOnlyList<string> Unexpected, IReadOnlyList<string> Mismatched, string Stripped)
{
    /// <summary>What came of several files that complete each other.</summary>
    /// <exception cref="CheckpointException">Two of them hold the same tensor.</exception>
    internal static LoadReport Of(IReadOnlyList<(string File, LoadReport Report)> parts)
    {
        if (parts.Count == 1)
            return parts[0].Report;
        var loaded = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (file, report) in parts)
            if (report.Loaded.FirstOrDefault(key => !loaded.Add(key)) is { } twice)
                throw new CheckpointException(file, twice, "is in an earlier file too; give each part of the network once");
        return new LoadReport(
            [.. parts.SelectMany(p => p.Report.Loaded)],
            [.. parts[0].Report.Missing.Where(key => parts.All(p => p.Report.Missing.Contains(key)))],
            [.. parts.SelectMany(p => p.Report.Unexpected)],
            [.. parts.SelectMany(p => p.Report.Mismatched)],
            string.Join(", ", parts.Select(p => p.Report.Stripped).Where(s => s.Length > 0)));
    }
}
