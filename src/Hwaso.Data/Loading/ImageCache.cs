using System.Collections.Concurrent;

namespace Hwaso.Data.Loading;

/// <summary>Decoded images, kept while they fit a budget; those that came first stay.</summary>
sealed class ImageCache(SegmentationDataset data, long budget)
{
    readonly ConcurrentDictionary<int, LabelledImage> kept = new();
    long used;

    public LabelledImage Read(int index)
    {
        if (kept.TryGetValue(index, out var image))
            return image;
        image = data.Read(index);
        long bytes = image.Image.Pixels.Length + image.Labels.Labels.Length;
        if (Interlocked.Add(ref used, bytes) > budget || !kept.TryAdd(index, image))
            Interlocked.Add(ref used, -bytes);
        return image;
    }
}
