namespace Hwaso.Data.Checking;

/// <summary>The result of checking a data set.</summary>
/// <param name="Layout">Its layout.</param>
/// <param name="Splits">The splits checked, with their images.</param>
/// <param name="Images">Images checked.</param>
/// <param name="Problems">The problems, by path.</param>
/// <param name="Classes">How often each class occurs.</param>
/// <param name="IgnoredPixels">Ignored pixels, of label 255.</param>
/// <param name="Pixels">All pixels of readable labels.</param>
/// <param name="Sizes">Image sizes (width × height) and how many images have them, the commonest first.</param>
/// <param name="Encodings">Kinds of label files and their numbers, the commonest first.</param>
/// <param name="Values">The values found in label files; empty where the files hold colours.</param>
/// <param name="Suspicions">Suspicions that the values raise as a whole, in sentences.</param>
public sealed record DatasetReport(
    string Layout,
    IReadOnlyList<KeyValuePair<string, int>> Splits,
    int Images,
    IReadOnlyList<DatasetProblem> Problems,
    IReadOnlyList<ClassCount> Classes,
    long IgnoredPixels,
    long Pixels,
    IReadOnlyList<KeyValuePair<string, int>> Sizes,
    IReadOnlyList<KeyValuePair<string, int>> Encodings,
    IReadOnlyList<ValueCount> Values,
    IReadOnlyList<string> Suspicions)
{
    /// <summary>The dozen images most worth looking at, the worst first.</summary>
    public IReadOnlyList<DatasetPicture> Pictures { get; init; } = [];
}

/// <summary>An image worth looking at: something is wrong with it, or much of it is ignored.</summary>
/// <param name="Sample">The image and its label.</param>
/// <param name="Split">Its split.</param>
/// <param name="Table">The meaning of the label's values.</param>
/// <param name="Badness">How bad, to compare: 4 and more cannot be read, 3 does not fit, 2 and more has labels that are no class or
/// none at all, 1.5 is turned or deep, below 1 is the share ignored.</param>
/// <param name="Remarks">The findings, in sentences.</param>
public sealed record DatasetPicture(Sample Sample, string Split, LabelTable Table, double Badness, IReadOnlyList<string> Remarks);
