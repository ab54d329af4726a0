using Hwaso.Data.Checking;

namespace Hwaso.Data.Converting;

/// <summary>What came of preparing a data set.</summary>
/// <param name="Labels">Label PNGs written.</param>
/// <param name="Lists">The lists written, with the images of each.</param>
/// <param name="Problems">Files that could not be used, and were left out.</param>
public sealed record ConversionSummary(int Labels, IReadOnlyList<KeyValuePair<string, int>> Lists, IReadOnlyList<DatasetProblem> Problems);
