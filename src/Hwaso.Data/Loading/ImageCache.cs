using System.Collections.Concurrent;
using Hwaso.Data.Depth;

namespace Hwaso.Data.Loading;

/// <summary>Decoded images, kept while they fit a budget; those that came first stay.</summary>
sealed class ImageCache(SegmentationDataset data, int channels, DepthSource? depth, long budget)
{
    readonly ConcurrentDictionary<int, LabelledImage> kept = new();
    long used;

    public LabelledImage Read(int index)
    {
        if (kept.TryGetValue(index, out var image))
            return image;
        image = WithDepth(data.Read(index, channels));
        long bytes = image.Pixels.SizeBytes + image.Labels.Labels.Length + sizeof(float) * (image.Depth?.Values.LongLength ?? 0);
        if (Interlocked.Add(ref used, bytes) > budget || !kept.TryAdd(index, image))
            Interlocked.Add(ref used, -bytes);
        return image;
    }

    LabelledImage WithDepth(LabelledImage image)
    {
        if (depth is null)
            return image;
        var map = depth.Read(image.Sample);
        if (map.Width != image.Pixels.Width || map.Height != image.Pixels.Height)
            throw new DatasetException(depth.PathOf(image.Sample),
                $"is {map.Width}×{map.Height}, its image {image.Sample.ImagePath} is {image.Pixels.Width}×{image.Pixels.Height}; they "
                    + "must be of one size");
        return image with { Depth = map };
    }
}
