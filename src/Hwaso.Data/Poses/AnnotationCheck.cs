using Hwaso.Data.Annotations;
using static System.FormattableString;

namespace Hwaso.Data.Poses;

/// <summary>The findings of a check of annotated people.</summary>
/// <param name="Splits">The splits checked, with their images.</param>
/// <param name="People">Annotations with joints.</param>
/// <param name="Problems">Everything wrong, in the files' order.</param>
public sealed record AnnotationReport(
    IReadOnlyList<KeyValuePair<string, int>> Splits, int People, IReadOnlyList<DatasetProblem> Problems);

/// <summary>Finds what is wrong with annotation files of COCO's form and with the images that they name.</summary>
public static class AnnotationCheck
{
    /// <summary>Checks splits.</summary>
    /// <param name="layout">The layout's name.</param>
    /// <param name="root">The data set's folder.</param>
    /// <param name="splits">The splits' names.</param>
    /// <param name="stop">Cancels the work with an exception.</param>
    public static AnnotationReport Run(string layout, string root, IReadOnlyList<string> splits, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(splits);
        var problems = new List<DatasetProblem>();
        var counts = new List<KeyValuePair<string, int>>();
        var people = 0;
        foreach (var split in splits)
        {
            stop.ThrowIfCancellationRequested();
            try
            {
                if (layout == PoseLayouts.Mpii)
                {
                    var data = PoseLayouts.Open(layout, root, split);
                    counts.Add(KeyValuePair.Create(split, data.Images));
                    people += data.People.Count;
                    foreach (var path in data.People.Select(p => p.ImagePath).Distinct())
                        AnnotationProblems.CheckImage(path, new CocoImage(0, path, 0, 0), problems);
                    continue;
                }
                var (annotations, images) = PoseLayouts.FilesOf(root, split);
                var file = CocoFile.Read(annotations);
                counts.Add(KeyValuePair.Create(split, file.Images.Count));
                people += file.Annotations.Count(a => a.Keypoints?.Any(k => k > 0) ?? false);
                Check(file, images, problems, stop);
            }
            catch (DatasetException error)
            {
                var missing = !File.Exists(error.Path);
                problems.Add(new DatasetProblem(error.Path, missing ? ProblemKind.MissingSplit : ProblemKind.BrokenFile, error.Problem));
            }
        }
        return new AnnotationReport(counts, people, problems);
    }

    /// <summary>Checks a file that was read.</summary>
    /// <param name="file">The annotations.</param>
    /// <param name="folder">The folder of the images.</param>
    /// <param name="problems">Gets the findings.</param>
    /// <param name="stop">Cancels the work with an exception.</param>
    public static void Check(CocoFile file, string folder, ICollection<DatasetProblem> problems, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(problems);
        var common = new AnnotationProblems(file, problems);
        common.CheckImages(folder, stop);
        var joints = new Dictionary<long, int>();
        foreach (var (k, category) in file.Categories.Index())
        {
            if (joints.ContainsKey(category.Id))
                common.Say($"categories[{k}]: id {category.Id} a second time; each category has its own");
            joints[category.Id] = category.Keypoints.Count;
            try
            {
                if (category.Keypoints.Count > 0)
                    PoseDescription.Of(file, category);
            }
            catch (DatasetException error)
            {
                common.Say(error.Problem);
            }
        }
        if (joints.Values.All(count => count == 0))
            common.Say("has no category with 'keypoints'; list the joints' names there");
        foreach (var (k, annotation) in file.Annotations.Index())
            foreach (var problem in common.Of(annotation, joints.Keys).Concat(
                JointProblems(annotation, common.Images.GetValueOrDefault(annotation.ImageId), joints)))
                common.Say($"annotations[{k}] (id {annotation.Id}): {problem}");
    }

    static IEnumerable<string> JointProblems(CocoAnnotation annotation, CocoImage? image, Dictionary<long, int> joints)
    {
        var count = joints.GetValueOrDefault(annotation.CategoryId);
        if (annotation.Keypoints is not { } keypoints)
        {
            if (count > 0 && !annotation.IsCrowd)
                yield return $"no 'keypoints', of which its category has {count}";
            yield break;
        }
        if (keypoints.Length % 3 != 0 || (count > 0 && keypoints.Length != 3 * count))
        {
            yield return $"{keypoints.Length} numbers of keypoints; {3 * count} were wanted for {count} joints";
            yield break;
        }
        var labelled = 0;
        for (var j = 0; j < keypoints.Length / 3; j++)
        {
            var (x, y, v) = (keypoints[3 * j], keypoints[3 * j + 1], keypoints[3 * j + 2]);
            if (v is not (0 or 1 or 2))
                yield return Invariant($"joint {j + 1} has visibility {v}; 0, 1 or 2 were wanted");
            if (!(v > 0))
                continue;
            labelled++;
            if (x < 0 || y < 0 || (image is { Width: > 0, Height: > 0 } && (x >= image.Width || y >= image.Height)))
                yield return Invariant($"joint {j + 1} lies at ({x}, {y}), outside the image")
                    + (image is null ? "" : $" of {image.Width}×{image.Height}");
        }
        if (annotation.KeypointCount is { } said && said != labelled)
            yield return $"num_keypoints says {said}, {labelled} joints are labelled; scores trust the former";
    }
}
