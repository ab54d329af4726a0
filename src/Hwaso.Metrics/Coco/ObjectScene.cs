using Hwaso.Data;
using Hwaso.Data.Annotations;
using Hwaso.Imaging.Masks;

namespace Hwaso.Metrics.Coco;

/// <summary>The truths and detections of an annotation and a result file by image and category, checked and ready to compare.</summary>
sealed class ObjectScene
{
    readonly Dictionary<(long Category, long Image), SceneImage> found = [];
    readonly Dictionary<long, int> places;
    readonly Dictionary<long, List<long>> imagesOf = [];

    public ObjectScene(CocoFile truth, CocoResults results, ObjectScoreOptions options)
    {
        if (truth.Categories.Count == 0)
            throw new DatasetException(truth.Path, "has no 'categories', so nothing can be scored");
        Images = [.. truth.Images.Select(i => i.Id).Distinct().Order()];
        places = Images.Index().ToDictionary(i => i.Item, i => i.Index);
        var sizes = truth.Images.DistinctBy(i => i.Id).ToDictionary(i => i.Id);
        var ids = new HashSet<long>();
        foreach (var (k, annotation) in truth.Annotations.Index())
        {
            // pycocotools marks matches by this number, and takes 0 for no match.
            if (annotation.Id < 1 || !ids.Add(annotation.Id))
                throw Error(annotation.Id < 1
                    ? "pycocotools counts matches with it as misses, so ids begin at 1: renumber the annotations"
                    : "a second time; each annotation has its own: renumber them");
            if (annotation.Area is not { } area)
                throw Error("no 'area', which tells small, medium and large objects apart");
            // Annotations of images that the file does not list are passed over, as there.
            if (sizes.TryGetValue(annotation.ImageId, out var image))
                Of(annotation.CategoryId, annotation.ImageId).Truths.Add(new SceneObject(
                    0, area, annotation.IsCrowd, BoxOf(annotation.Box),
                    options.Masks ? Guard(() => Mask(annotation.Outline, annotation.Box, image), Error) : null));

            DatasetException Error(string problem) => new(truth.Path, $"annotations[{k}] (id {annotation.Id}): {problem}");
        }
        // A result file is one of boxes or of masks, as its first entry is; pycocotools takes areas from that.
        var areasOfBoxes = results.Entries.Count > 0 && results.Entries[0].Box is not null;
        foreach (var entry in results.Entries)
        {
            if (!sizes.TryGetValue(entry.ImageId, out var image))
                throw results.Error(entry, $"image {entry.ImageId} is not among the {sizes.Count} of {truth.Path}; are the results of "
                    + "another split?");
            if (entry.Box is null && entry.Outline is null)
                throw results.Error(entry, "neither 'bbox' nor 'segmentation'; a detection has one of them");
            var needed = options.Masks || entry.Box is null || !areasOfBoxes;
            var mask = needed && (options.Masks || entry.Outline is not null)
                ? Guard(() => Mask(entry.Outline, entry.Box ?? default, image), problem => results.Error(entry, problem)) : null;
            var box = entry.Box is { } own ? BoxOf(own) : mask!.Box;
            var area = areasOfBoxes || mask is null ? box.Width * box.Height : mask.Area;
            Of(entry.CategoryId, entry.ImageId).Detections.Add(
                new SceneObject(entry.Score, area, false, box, options.Masks ? mask : null));
        }
    }

    /// <summary>The ids of the images, rising.</summary>
    public IReadOnlyList<long> Images { get; }

    /// <summary>The images with truths or detections of some categories, each with its place; lists follow the categories' order.</summary>
    public IEnumerable<(int Place, SceneImage Found)> Of(long[] categories)
    {
        var images = categories.SelectMany(c => imagesOf.GetValueOrDefault(c) ?? []).Distinct().Order();
        foreach (var image in images)
        {
            SceneImage[] parts = [.. categories.Select(c => found.GetValueOrDefault((c, image))).OfType<SceneImage>()];
            yield return (places[image], parts.Length == 1 ? parts[0] : SceneImage.Of(parts));
        }
    }

    SceneImage Of(long category, long image)
    {
        if (found.TryGetValue((category, image), out var own))
            return own;
        (imagesOf.TryGetValue(category, out var images) ? images : imagesOf[category] = []).Add(image);
        return found[(category, image)] = new SceneImage();
    }

    static MaskBox BoxOf(CocoBox box) => new(box.X, box.Y, box.Width, box.Height);

    /// <summary>The mask of an outline; that of the box where there is none, as pycocotools makes it.</summary>
    static RunLengths Mask(CocoOutline? outline, CocoBox box, CocoImage image)
    {
        if (image.Height == 0 && outline is not { Polygons: null })
            throw new FormatException($"image {image.Id} has no height and width, in which outlines could be filled");
        return outline?.ToMask(image.Height, image.Width) ?? RunLengths.OfBox(BoxOf(box), image.Height, image.Width);
    }

    static RunLengths Guard(Func<RunLengths> make, Func<string, DatasetException> error)
    {
        try
        {
            return make();
        }
        catch (FormatException problem)
        {
            throw error(problem.Message);
        }
    }
}

/// <summary>The truths and detections of an image in one category, or in all.</summary>
sealed class SceneImage
{
    /// <summary>The truths in the file's order.</summary>
    public List<SceneObject> Truths { get; } = [];

    /// <summary>The detections in the file's order.</summary>
    public List<SceneObject> Detections { get; } = [];

    /// <summary>Several as one.</summary>
    public static SceneImage Of(IEnumerable<SceneImage> parts)
    {
        var all = new SceneImage();
        foreach (var part in parts)
        {
            all.Truths.AddRange(part.Truths);
            all.Detections.AddRange(part.Detections);
        }
        return all;
    }

    /// <summary>The best detections by falling score.</summary>
    public SceneObject[] Ranked(int most) =>
        [.. CocoRules.ByScore([.. Detections.Select(d => d.Score)]).Take(most).Select(k => Detections[k])];
}

/// <summary>A truth or a detection.</summary>
/// <param name="Score">The detection's score.</param>
/// <param name="Area">Its area in square pixels.</param>
/// <param name="IsCrowd">Whether the truth stands for many objects.</param>
/// <param name="Box">Its box.</param>
/// <param name="Mask">Its mask; null where boxes are compared.</param>
sealed record SceneObject(double Score, double Area, bool IsCrowd, MaskBox Box, RunLengths? Mask)
{
    /// <summary>This detection's overlap with a truth.</summary>
    public double Overlap(SceneObject truth) =>
        Mask is null ? Box.Overlap(truth.Box, truth.IsCrowd) : Mask.Overlap(truth.Mask!, truth.IsCrowd);
}
