namespace Hwaso.Data.Checking;

/// <summary>An image worth looking at: something is wrong with it, or much of it is ignored.</summary>
/// <param name="Sample">The image and its label.</param>
/// <param name="Split">Its split.</param>
/// <param name="Table">What the label's values mean.</param>
/// <param name="Badness">How bad, to compare: 4 and more cannot be read, 3 does not fit, 2 and more has labels that are no class or none at all, 1.5 is turned or deep, below 1 is the share ignored.</param>
/// <param name="Remarks">What was found, in sentences.</param>
public sealed record DatasetPicture(Sample Sample, string Split, LabelTable Table, double Badness, IReadOnlyList<string> Remarks);
