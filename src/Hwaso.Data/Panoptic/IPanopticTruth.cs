using Hwaso.Data.Annotations;

namespace Hwaso.Data.Panoptic;

/// <summary>A split of a data set that tells objects apart.</summary>
public interface IPanopticTruth
{
    /// <summary>Its categories, in the order of its classes.</summary>
    IReadOnlyList<PanopticCategory> Categories { get; }

    /// <summary>The true segments of an image. May be called from any thread.</summary>
    /// <param name="index">The image's place in the split.</param>
    /// <exception cref="DatasetException">The image has none, or they cannot be used.</exception>
    PanopticMap SegmentsOf(int index);

    /// <summary>The number of an image.</summary>
    /// <param name="index">The image's place in the split.</param>
    long ImageIdOf(int index);
}

/// <summary>True objects in COCO's form of instances, from true segments.</summary>
public static class PanopticInstances
{
    /// <summary>The things among an image's segments, as annotations with masks.</summary>
    /// <param name="truth">The split.</param>
    /// <param name="index">The image's place in it.</param>
    /// <param name="firstId">The number of the first annotation.</param>
    public static (CocoImage Image, IReadOnlyList<CocoAnnotation> Objects) Of(IPanopticTruth truth, int index, long firstId)
    {
        ArgumentNullException.ThrowIfNull(truth);
        var map = truth.SegmentsOf(index);
        var things = truth.Categories.Where(c => c.IsThing).Select(c => c.Id).ToHashSet();
        var masks = map.Masks();
        var objects = new List<CocoAnnotation>();
        foreach (var segment in map.Segments.Where(s => things.Contains(s.CategoryId) && masks.ContainsKey(s.Id)))
        {
            var mask = masks[segment.Id];
            objects.Add(new CocoAnnotation
            {
                Id = firstId + objects.Count,
                ImageId = truth.ImageIdOf(index),
                CategoryId = segment.CategoryId,
                IsCrowd = segment.IsCrowd,
                Area = mask.Area,
                Box = new CocoBox(mask.Box.X, mask.Box.Y, mask.Box.Width, mask.Box.Height),
                Outline = new CocoOutline { Height = map.Height, Width = map.Width, Counts = mask.Counts.ToArray() },
            });
        }
        return (new CocoImage(truth.ImageIdOf(index), "", map.Width, map.Height), objects);
    }
}
