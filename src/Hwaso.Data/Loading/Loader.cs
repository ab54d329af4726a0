using Hwaso.Data.Depth;
using Hwaso.Imaging;

namespace Hwaso.Data.Loading;

/// <summary>
/// Batches of a data set, made ahead on threads. Order and every choice follow from seed, epoch and image alone, so the batches are the
/// same whatever the number of threads, and can begin anywhere in an epoch.
/// </summary>
public sealed class Loader
{
    readonly SegmentationDataset data;
    readonly Augmentation augmentation;
    readonly LoaderOptions options;
    readonly DepthSource? depth;
    readonly ImageCache cache;

    /// <summary>Batches of <paramref name="data"/>.</summary>
    /// <param name="data">The data set.</param>
    /// <param name="augmentation">The transforms of each image.</param>
    /// <param name="options">How batches are made.</param>
    /// <param name="depth">The source of depth, which gets the same transforms; null for none.</param>
    /// <exception cref="ArgumentException">A setting is out of its range.</exception>
    public Loader(SegmentationDataset data, Augmentation augmentation, LoaderOptions options, DepthSource? depth = null)
    {
        augmentation.Check();
        options.Check();
        (this.data, this.augmentation, this.options, this.depth) = (data, augmentation, options, depth);
        cache = new ImageCache(data, augmentation.Mean.Count, depth, options.CacheBytes);
    }

    /// <summary>Batches of an epoch; 0 where the data set has fewer images than a batch and incomplete batches are dropped.</summary>
    public int BatchesPerEpoch => (data.Samples.Count + (options.DropLast ? 0 : options.BatchSize - 1)) / options.BatchSize;

    /// <summary>The batches of an epoch, from one of them on. The consumer disposes each.</summary>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <param name="firstBatch">The batch to begin with, from 0.</param>
    /// <exception cref="DatasetException">Thrown at the batch whose image cannot be used; the message names the file.</exception>
    /// <exception cref="ImageFormatException">Likewise, for a file that is damaged or of another kind.</exception>
    /// <exception cref="OperationCanceledException"><see cref="LoaderOptions.Stop"/> was requested before a batch was taken.</exception>
    public IEnumerable<Batch> Epoch(int epoch, int firstBatch = 0)
    {
        var random = new KeyedRandom(options.Seed, epoch, -1);
        var order = !options.Shuffle ? Enumerable.Range(0, data.Samples.Count).ToArray()
            : options.Balance?.Order(ref random, data.Samples.Count) ?? random.Order(data.Samples.Count);
        using var line = new AssemblyLine<Batch>(firstBatch, BatchesPerEpoch, options, NewBatch, () => Worker(epoch, order));
        while (line.Take(options.Stop) is { } batch)
            yield return batch;
    }

    int Channels => augmentation.Mean.Count;

    Batch NewBatch(int number)
    {
        var count = options.SlotsOf(Math.Min(options.BatchSize, data.Samples.Count - number * options.BatchSize));
        // An array of more elements cannot be made; products of 32 bits would overflow before.
        if ((long)Channels * count * augmentation.CropHeight * augmentation.CropWidth > Array.MaxLength)
            throw TooLarge(count, null);
        try
        {
            return new Batch(count, Channels, augmentation.CropHeight, augmentation.CropWidth, depth is not null);
        }
        catch (OutOfMemoryException error)
        {
            throw TooLarge(count, error);
        }
    }

    DatasetException TooLarge(int count, Exception? error) => new(data.Name,
        $"too little memory for {count} images of {augmentation.CropHeight}×{augmentation.CropWidth}; use a smaller batch, crop, "
            + "prefetch or cache", error);

    /// <summary>A thread's function, which fills a slot of a batch with buffers of its own.</summary>
    Action<Batch, int, int> Worker(int epoch, int[] order)
    {
        var sampler = new CropSampler(augmentation, data.Classes.FlipPairs);
        return (batch, number, slot) =>
        {
            var place = number * options.BatchSize + options.FirstSlot + slot;
            var index = order[place];
            // An image that is drawn twice in an epoch gets different crops.
            var random = new KeyedRandom(options.Seed, epoch, options.Balance is null ? index : order.Length + place);
            var item = Read(index);
            batch.Ids[slot] = item.Sample.Id;
            var plan = CropPlan.Choose(augmentation, item.Pixels.Width, item.Pixels.Height, ref random, item.Labels);
            sampler.Fill(item, plan, ref random, batch.Image(slot), batch.Label(slot), batch.DepthOf(slot));
        };
    }

    LabelledImage Read(int index)
    {
        try
        {
            return cache.Read(index);
        }
        catch (Exception error) when (error is not (DatasetException or ImageFormatException or IOException or UnauthorizedAccessException))
        {
            // The errors above name their file; any other error gets this file's name.
            throw new DatasetException(data.Samples[index].ImagePath,
                error is OutOfMemoryException ? "too little memory to read it; use fewer workers or a smaller cache" : error.Message,
                error);
        }
    }
}
