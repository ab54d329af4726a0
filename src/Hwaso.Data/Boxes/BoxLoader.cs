using System.Buffers;
using System.Collections.Concurrent;
using Hwaso.Data.Loading;
using Hwaso.Imaging;

namespace Hwaso.Data.Boxes;

/// <summary>
/// Batches of images with boxes, made ahead on threads. The images of a batch are all wide or all not, so that little of it is padding.
/// Order and every choice follow from seed, epoch and image alone, whatever the number of threads.
/// </summary>
public sealed class BoxLoader
{
    readonly BoxDataset data;
    readonly BoxSampling sampling;
    readonly LoaderOptions options;
    readonly ConcurrentDictionary<int, RgbImage> kept = new();
    long used;

    /// <summary>Batches of a data set.</summary>
    /// <exception cref="ArgumentException">A setting is out of its range.</exception>
    public BoxLoader(BoxDataset data, BoxSampling sampling, LoaderOptions options)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(sampling);
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        if (sampling.Sizes.Count == 0)
            throw new ArgumentException("no size at which images are seen; at least one was wanted", nameof(sampling));
        (this.data, this.sampling, this.options) = (data, sampling, options);
    }

    /// <summary>Batches of an epoch: as many as whole ones fit into the images.</summary>
    public int BatchesPerEpoch => data.Images.Count / options.BatchSize;

    /// <summary>The batches of an epoch, from one of them on. The consumer disposes each.</summary>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <param name="firstBatch">The batch to begin with, from 0.</param>
    /// <exception cref="DatasetException">Thrown at the batch whose image cannot be used; the message names the file.</exception>
    /// <exception cref="ImageFormatException">Likewise, for a file that is damaged.</exception>
    public IEnumerable<BoxBatch> Epoch(int epoch, int firstBatch = 0)
    {
        // All processes that share batches begin with the same whole ones: padding and random choices are those of the whole.
        var batches = Order(epoch);
        using var line = new AssemblyLine<BoxBatch>(
            firstBatch, batches.Length, options, number => NewBatch(epoch, batches[number]), () => Worker(epoch, batches));
        while (line.Take(options.Stop) is { } batch)
            yield return batch;
    }

    /// <summary>The images of each batch of an epoch: of wide ones, of others, and where some of both are left, one more batch.</summary>
    int[][] Order(int epoch)
    {
        var random = new KeyedRandom(options.Seed, epoch, -1);
        var (count, each) = (data.Images.Count, options.BatchSize);
        var order = options.Shuffle ? random.Order(count) : [.. Enumerable.Range(0, count)];
        int[][] groups = [[.. order.Where(k => data.Images[k].IsWide)], [.. order.Where(k => !data.Images[k].IsWide)]];
        List<int[]> batches = [.. groups.SelectMany(g => g.Chunk(each)).Where(b => b.Length == each)];
        if (batches.Count < count / each)
        {
            // Both leave some, together a batch: the larger rest is filled up with images of its kind.
            var group = groups.MaxBy(g => g.Length % each)!;
            var rest = group.Length % each;
            batches.Add([.. Enumerable.Range(group.Length - rest, each).Select(k => group[k % group.Length])]);
        }
        return options.Shuffle ? [.. random.Order(batches.Count).Select(k => batches[k])] : [.. batches];
    }

    (SampledSize Size, bool Mirrored) Draw(int epoch, int index)
    {
        var random = new KeyedRandom(options.Seed, epoch, index);
        var size = sampling.Sizes[random.UpTo(sampling.Sizes.Count - 1)];
        var image = data.Images[index];
        return (size(image.Height, image.Width), random.Unit() < 0.5 && sampling.Flip);
    }

    BoxBatch NewBatch(int epoch, int[] images)
    {
        SampledSize[] sizes = [.. images.Select(k => Draw(epoch, k).Size)];
        var (height, width) = (sampling.Padded(sizes.Max(s => s.Height)), sampling.Padded(sizes.Max(s => s.Width)));
        if (3L * images.Length * height * width > Array.MaxLength)
            throw TooLarge(null);
        try
        {
            return new BoxBatch(options.SlotsOf(images.Length), height, width);
        }
        catch (OutOfMemoryException error)
        {
            throw TooLarge(error);
        }

        DatasetException TooLarge(OutOfMemoryException? error) => new(
            data.Name, $"too little memory for {images.Length} images of {height}×{width}; use a smaller batch, size, prefetch or cache",
            error);
    }

    /// <summary>A thread's function, which fills a slot of a batch.</summary>
    Action<BoxBatch, int, int> Worker(int epoch, int[][] batches)
    {
        var pixels = new BoxPixels(sampling);
        return (batch, number, slot) =>
        {
            var place = options.FirstSlot + slot;
            var index = batches[number][place];
            var image = data.Images[index];
            var (size, mirrored) = Draw(epoch, index);
            pixels.Fill(Read(index), size, mirrored, batch.Image(slot), batch.Height, batch.Width);
            var (boxes, labels, places) = sampling.BoxesOf(image, size, mirrored);
            batch.Samples[slot] = new BoxSample(
                image.Path, size, boxes, labels,
                (int)new KeyedRandom(options.Seed, epoch, -2 - (number * options.BatchSize + place)).Next())
            {
                Masks = sampling.Masks ? [.. places.Select(k => MaskOf(image, k, size, mirrored))] : null,
            };
        };
    }

    InstanceMask MaskOf(BoxImage image, int place, SampledSize size, bool mirrored)
    {
        try
        {
            return InstanceMask.Of(
                image.Objects[place].Outline ?? throw new FormatException("has no 'segmentation'; its pixels were wanted"),
                image.Height, image.Width, size, mirrored, sampling.Rounds);
        }
        catch (FormatException error)
        {
            throw new DatasetException(data.Truth.Path, $"object {place} of image {image.Id} ({image.Path}): {error.Message}", error);
        }
    }

    RgbImage Read(int index)
    {
        if (kept.TryGetValue(index, out var known))
            return known;
        var path = data.Images[index].Path;
        try
        {
            var image = data.Images[index].Read();
            if (Interlocked.Add(ref used, image.Pixels.Length) > options.CacheBytes || !kept.TryAdd(index, image))
                Interlocked.Add(ref used, -image.Pixels.Length);
            return image;
        }
        catch (Exception error) when (error is not (DatasetException or ImageFormatException or IOException or UnauthorizedAccessException))
        {
            throw new DatasetException(
                path, error is OutOfMemoryException ? "too little memory to read it; use fewer workers" : error.Message, error);
        }
    }
}

/// <summary>An image of a batch.</summary>
/// <param name="File">Its file.</param>
/// <param name="Size">The size at which it is seen.</param>
/// <param name="Boxes">x1, y1, x2, y2 of each object in pixels of the batch.</param>
/// <param name="Labels">The class of each, from 0.</param>
/// <param name="Seed">Where random choices of the image's losses come from; it follows from seed, epoch and place.</param>
public sealed record BoxSample(string File, SampledSize Size, float[] Boxes, int[] Labels, int Seed)
{
    /// <summary>The pixels of each object in pixels of the batch; null where masks are not wanted.</summary>
    public InstanceMask[]? Masks { get; init; }
}

/// <summary>The images and boxes of one step, in a buffer that goes back to a pool when it is disposed.</summary>
public sealed class BoxBatch : IBatch
{
    readonly float[] images;
    bool returned;

    internal BoxBatch(int count, int height, int width)
    {
        (Count, Height, Width) = (count, height, width);
        images = ArrayPool<float>.Shared.Rent(count * 3 * height * width);
        Samples = new BoxSample[count];
    }

    /// <summary>N.</summary>
    public int Count { get; }

    /// <summary>H in pixels, with the padding.</summary>
    public int Height { get; }

    /// <summary>W in pixels, with the padding.</summary>
    public int Width { get; }

    /// <summary>The images' files, sizes and boxes.</summary>
    public BoxSample[] Samples { get; }

    /// <summary>N × 3 × H × W normalised values, zero beyond the images.</summary>
    public Span<float> Images => images.AsSpan(0, Count * 3 * Height * Width);

    /// <summary>Gives the buffer back; it must not be read any more.</summary>
    public void Dispose()
    {
        if (returned)
            return;
        returned = true;
        ArrayPool<float>.Shared.Return(images);
    }

    internal Span<float> Image(int slot) => Images.Slice(slot * 3 * Height * Width, 3 * Height * Width);
}
