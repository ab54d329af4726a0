namespace Hwaso.Data.Checking;

/// <summary>What a check of a data set found.</summary>
/// <param name="Layout">Its layout.</param>
/// <param name="Splits">The splits checked, with their images.</param>
/// <param name="Images">Images checked.</param>
/// <param name="Problems">What is wrong, by path.</param>
/// <param name="Classes">How often each class occurs.</param>
/// <param name="IgnoredPixels">Pixels that do not count.</param>
/// <param name="Pixels">All pixels of readable labels.</param>
/// <param name="Sizes">Image sizes (width × height) and how many images have them, the commonest first.</param>
public sealed record DatasetReport(
    string Layout,
    IReadOnlyList<KeyValuePair<string, int>> Splits,
    int Images,
    IReadOnlyList<DatasetProblem> Problems,
    IReadOnlyList<ClassCount> Classes,
    long IgnoredPixels,
    long Pixels,
    IReadOnlyList<KeyValuePair<string, int>> Sizes);
