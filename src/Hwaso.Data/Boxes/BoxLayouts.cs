using Hwaso.Data.Annotations;
using Hwaso.Imaging;

namespace Hwaso.Data.Boxes;

/// <summary>Opens data sets of images with boxes.</summary>
public static class BoxLayouts
{
    /// <summary>COCO's instances, or a folder of one's own with an annotation file of that form.</summary>
    public const string Coco = "coco";

    /// <summary>The layouts' names.</summary>
    public static IReadOnlyList<string> All { get; } = [Coco];

    /// <summary>The annotation file and the image folder of a split.</summary>
    /// <exception cref="DatasetException">There is none.</exception>
    public static (string Annotations, string Images) FilesOf(string root, string split) => CocoFolder.FilesOf(root, split, "instances");

    /// <summary>Opens a split.</summary>
    /// <param name="layout">The layout's name.</param>
    /// <param name="root">The data set's folder.</param>
    /// <param name="split">The split's name, such as <c>train</c>.</param>
    /// <param name="outlines">Whether objects and truth keep their outlines, for masks.</param>
    /// <exception cref="ArgumentException">The layout is not known.</exception>
    /// <exception cref="DatasetException">The folder holds no such split, or annotations that cannot be used.</exception>
    public static BoxDataset Open(string layout, string root, string split, bool outlines = false)
    {
        if (layout != Coco)
            throw new ArgumentException($"layout '{layout}' holds no boxes; {string.Join(" or ", All)} was wanted");
        var (path, folder) = FilesOf(root, split);
        var file = CocoFile.Read(path, outlines);
        CocoCategory[] categories = [.. file.Categories.OrderBy(c => c.Id)];
        var labels = new Dictionary<long, int>();
        foreach (var (label, category) in categories.Index())
            if (!labels.TryAdd(category.Id, label))
                throw new DatasetException(path, $"category {category.Id} stands in it twice; each category has its own number");
        if (categories.Length == 0)
            throw new DatasetException(path, "has no 'categories'; list the number and name of each");
        var objects = ObjectsOf(file, labels);
        var seen = new HashSet<long>();
        var images = new List<BoxImage>();
        foreach (var (k, image) in file.Images.Index())
        {
            if (!seen.Add(image.Id))
                throw new DatasetException(path, $"images[{k}]: id {image.Id} a second time; each image has its own");
            if (image.FileName.Length == 0)
                throw new DatasetException(path, $"image {image.Id} has no 'file_name'");
            images.Add(ImageOf(image, Path.Combine(folder, image.FileName), objects[image.Id]));
        }
        return new BoxDataset($"{Path.GetFileName(Path.GetFullPath(root))} {split}", categories, images, file);
    }

    static ILookup<long, (CocoAnnotation Annotation, int Label)> ObjectsOf(CocoFile file, Dictionary<long, int> labels)
    {
        var objects = new List<(CocoAnnotation Annotation, int Label)>(file.Annotations.Count);
        foreach (var (k, annotation) in file.Annotations.Index())
            objects.Add((annotation, labels.TryGetValue(annotation.CategoryId, out var label) ? label : throw new DatasetException(
                file.Path, $"annotations[{k}] (id {annotation.Id}): category {annotation.CategoryId} is not among the "
                    + $"{labels.Count} categories {string.Join(", ", labels.Keys.Take(10))}{(labels.Count > 10 ? ", …" : "")}; "
                    + "list it")));
        return objects.ToLookup(o => o.Annotation.ImageId);
    }

    static BoxImage ImageOf(CocoImage image, string path, IEnumerable<(CocoAnnotation Annotation, int Label)> objects)
    {
        var (width, height) = (image.Width, image.Height);
        if (width == 0 || height == 0)
            (width, height) = File.Exists(path) ? ImageFile.Size(path)
                : throw new DatasetException(path, $"no such file, and the annotations give no size of image {image.Id}");
        return new BoxImage(image.Id, path, width, height,
        [
            .. objects.Where(o => IsUsable(o.Annotation, width, height)).Select(o =>
                new BoxObject(o.Annotation.Box, o.Label, o.Annotation.IsCrowd) { Id = o.Annotation.Id, Outline = o.Annotation.Outline }),
        ]);
    }

    // As the authors' code and mmdetection: no area, a side below a pixel, or outside the image.
    static bool IsUsable(CocoAnnotation annotation, int width, int height)
    {
        var box = annotation.Box;
        return (annotation.Area ?? box.Area) > 0 && box.Width >= 1 && box.Height >= 1
            && Math.Min(box.X + box.Width, width) > Math.Max(box.X, 0) && Math.Min(box.Y + box.Height, height) > Math.Max(box.Y, 0);
    }
}
