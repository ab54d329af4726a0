using Hwaso.Data.Checking;

namespace Hwaso.Data.Layouts;

/// <summary>One way in which a data set lies on disk.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Classes">The classes, of a data set's folder: published ones know theirs without looking.</param>
/// <param name="Labels">What the values of its published label files mean, of a data set's folder.</param>
/// <param name="List">
/// Lists a split of a data set's folder. What is missing is told and left out; where nobody is told, it is a <see cref="DatasetException"/>.
/// </param>
/// <param name="Fits">Whether a folder that exists looks like one.</param>
sealed record DatasetLayout(
    string Name,
    Func<string, ClassList> Classes,
    Func<string, LabelTable> Labels,
    Func<string, string, Action<DatasetProblem>?, SegmentationDataset> List,
    Func<string, bool> Fits)
{
    /// <summary>Throws what a lenient listing would tell.</summary>
    public static void Refuse(DatasetProblem problem) => throw new DatasetException(problem.Path, problem.Message);
}
