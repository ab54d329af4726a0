using System.Globalization;
using Hwaso.Imaging;
using static System.FormattableString;

namespace Hwaso.Data.Annotations;

/// <summary>Finds what is wrong with the entries that every annotation file of COCO's form has: images, boxes and areas.</summary>
/// <param name="file">The annotations.</param>
/// <param name="problems">Gets the findings.</param>
sealed class AnnotationProblems(CocoFile file, ICollection<DatasetProblem> problems)
{
    readonly HashSet<long> ids = [];
    readonly Dictionary<long, CocoImage> images = [];

    /// <summary>The images by their numbers.</summary>
    public IReadOnlyDictionary<long, CocoImage> Images => images;

    /// <summary>Adds a finding about the annotation file.</summary>
    public void Say(string problem) => problems.Add(new DatasetProblem(file.Path, ProblemKind.BadAnnotation, problem));

    /// <summary>Looks at the images and their files.</summary>
    /// <param name="folder">The folder of the images.</param>
    /// <param name="stop">Cancels the work with an exception.</param>
    public void CheckImages(string folder, CancellationToken stop)
    {
        foreach (var (k, image) in file.Images.Index())
        {
            stop.ThrowIfCancellationRequested();
            if (!images.TryAdd(image.Id, image))
                Say($"images[{k}]: id {image.Id} a second time; each image has its own");
            if (image.FileName.Length == 0)
                Say($"images[{k}] (id {image.Id}): no 'file_name'");
            else
                CheckImage(Path.Combine(folder, image.FileName), image, problems);
        }
    }

    /// <summary>What is wrong with an annotation whatever its kind.</summary>
    /// <param name="annotation">The annotation.</param>
    /// <param name="categories">The numbers of the file's categories.</param>
    public IEnumerable<string> Of(CocoAnnotation annotation, IReadOnlyCollection<long> categories)
    {
        if (annotation.Id < 1)
            yield return "ids begin at 1: pycocotools counts matches with smaller ones as misses";
        if (!ids.Add(annotation.Id))
            yield return "this id stands here a second time; each annotation has its own";
        var image = images.GetValueOrDefault(annotation.ImageId);
        if (image is null)
            yield return $"image {annotation.ImageId} is not among the {images.Count} images";
        if (!categories.Contains(annotation.CategoryId))
            yield return $"category {annotation.CategoryId} is not among the categories {string.Join(", ", categories)}";
        var box = annotation.Box;
        if (box is not { Width: > 0, Height: > 0 })
            yield return Invariant($"its box [{box.X}, {box.Y}, {box.Width}, {box.Height}] has no area");
        else if (image is { Width: > 0, Height: > 0 }
            && (box.X >= image.Width || box.Y >= image.Height || box.X + box.Width <= 0 || box.Y + box.Height <= 0))
            yield return Invariant($"its box [{box.X}, {box.Y}, {box.Width}, {box.Height}] lies outside the image of ")
                + $"{image.Width}×{image.Height}";
        if (annotation.Area is not > 0)
            yield return $"its area is {annotation.Area?.ToString(CultureInfo.InvariantCulture) ?? "missing"}; a number above 0 was wanted";
    }

    /// <summary>Looks at an image's file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="image">Its entry; a size of 0 is not compared.</param>
    /// <param name="problems">Gets the findings.</param>
    public static void CheckImage(string path, CocoImage image, ICollection<DatasetProblem> problems)
    {
        if (!File.Exists(path))
        {
            problems.Add(new DatasetProblem(path, ProblemKind.MissingFile, "no such file, which the annotations name"));
            return;
        }
        try
        {
            var (width, height) = ImageFile.Size(path);
            if (image is { Width: > 0, Height: > 0 } && (width, height) != (image.Width, image.Height))
                problems.Add(new DatasetProblem(
                    path, ProblemKind.SizeMismatch, $"is {width}×{height}; the annotations say {image.Width}×{image.Height}"));
        }
        catch (Exception error) when (error is ImageFormatException or IOException or UnauthorizedAccessException)
        {
            problems.Add(new DatasetProblem(path, ProblemKind.BrokenFile, error.Message));
        }
    }
}
