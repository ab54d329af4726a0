using Hwaso.Data.Annotations;

namespace Hwaso.Data.Boxes;

/// <summary>The findings of a check of annotated objects.</summary>
/// <param name="Splits">The splits checked, with their images.</param>
/// <param name="Categories">Each category with its objects, crowds left out.</param>
/// <param name="Crowds">Annotations that stand for many objects.</param>
/// <param name="Empty">Images without any object.</param>
/// <param name="Problems">Everything wrong, in the files' order.</param>
public sealed record BoxReport(
    IReadOnlyList<KeyValuePair<string, int>> Splits, IReadOnlyList<KeyValuePair<string, int>> Categories, int Crowds, int Empty,
    IReadOnlyList<DatasetProblem> Problems);

/// <summary>Finds what is wrong with annotation files of objects and with the images that they name.</summary>
public static class BoxCheck
{
    /// <summary>Checks splits.</summary>
    /// <param name="root">The data set's folder.</param>
    /// <param name="splits">The splits' names.</param>
    /// <param name="stop">Cancels the work with an exception.</param>
    public static BoxReport Run(string root, IReadOnlyList<string> splits, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(splits);
        var problems = new List<DatasetProblem>();
        var counts = new List<KeyValuePair<string, int>>();
        var objects = new OrderedDictionary<string, int>(StringComparer.Ordinal);
        var (crowds, empty) = (0, 0);
        foreach (var split in splits)
        {
            stop.ThrowIfCancellationRequested();
            try
            {
                var (annotations, images) = BoxLayouts.FilesOf(root, split);
                var file = CocoFile.Read(annotations, outlines: true);
                counts.Add(KeyValuePair.Create(split, file.Images.Count));
                Check(file, images, problems, stop);
                var names = file.Categories.DistinctBy(c => c.Id).ToDictionary(c => c.Id, c => c.Name);
                foreach (var category in file.Categories.OrderBy(c => c.Id))
                    objects.TryAdd(category.Name, 0);
                foreach (var annotation in file.Annotations.Where(a => !a.IsCrowd))
                    if (names.TryGetValue(annotation.CategoryId, out var name))
                        objects[name]++;
                crowds += file.Annotations.Count(a => a.IsCrowd);
                empty += file.Images.Count - file.Images.Select(i => i.Id).Intersect(file.Annotations.Select(a => a.ImageId)).Count();
            }
            catch (DatasetException error)
            {
                var missing = !File.Exists(error.Path);
                problems.Add(new DatasetProblem(error.Path, missing ? ProblemKind.MissingSplit : ProblemKind.BrokenFile, error.Problem));
            }
        }
        return new BoxReport(counts, [.. objects], crowds, empty, problems);
    }

    /// <summary>Checks a file that was read with its outlines.</summary>
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
        var categories = new HashSet<long>();
        foreach (var (k, category) in file.Categories.Index())
        {
            if (!categories.Add(category.Id))
                common.Say($"categories[{k}]: id {category.Id} a second time; each category has its own");
            if (category.Name.Length == 0)
                common.Say($"categories[{k}] (id {category.Id}): no 'name'");
        }
        if (categories.Count == 0)
            common.Say("has no 'categories'; list the number and name of each");
        foreach (var (k, annotation) in file.Annotations.Index())
        {
            stop.ThrowIfCancellationRequested();
            foreach (var problem in common.Of(annotation, categories).Concat(
                OutlineProblems(annotation, common.Images.GetValueOrDefault(annotation.ImageId))))
                common.Say($"annotations[{k}] (id {annotation.Id}): {problem}");
        }
    }

    static IEnumerable<string> OutlineProblems(CocoAnnotation annotation, CocoImage? image)
    {
        if (annotation.Outline is not { } outline)
            yield break;
        if (annotation.IsCrowd && outline.Polygons is not null)
            yield return "a crowd with polygons; COCO's crowds have run lengths";
        if (image is not { Width: > 0, Height: > 0 })
            yield break;
        if (outline.Polygons is null && (outline.Height, outline.Width) != (image.Height, image.Width))
        {
            yield return $"run lengths of {outline.Width}×{outline.Height}, on an image of {image.Width}×{image.Height}";
            yield break;
        }
        var fault = "";
        try
        {
            outline.ToMask(image.Height, image.Width);
        }
        catch (FormatException error)
        {
            fault = error.Message;
        }
        if (fault.Length > 0)
            yield return fault;
    }
}
