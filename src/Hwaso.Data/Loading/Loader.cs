namespace Hwaso.Data.Loading;

/// <summary>
/// Batches of a data set, made ahead on threads. Order and every choice follow from seed, epoch and image alone, so the batches are the same
/// whatever the number of threads, and can begin anywhere in an epoch. Images that do not fill a batch are left out of the epoch.
/// </summary>
/// <param name="data">The data set.</param>
/// <param name="augmentation">What happens to each image.</param>
/// <param name="options">How batches are made.</param>
public sealed class Loader(SegmentationDataset data, Augmentation augmentation, LoaderOptions options)
{
    readonly ImageCache cache = new(data, options.CacheBytes);

    /// <summary>Batches of an epoch.</summary>
    public int BatchesPerEpoch => data.Samples.Count / options.BatchSize;

    /// <summary>The batches of an epoch, from one of them on. The consumer disposes each.</summary>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <param name="firstBatch">The batch to begin with, from 0.</param>
    /// <exception cref="DatasetException">Thrown at the batch whose image cannot be used; the message names the file.</exception>
    public IEnumerable<Batch> Epoch(int epoch, int firstBatch = 0)
    {
        var choices = new Choices(options.Seed, epoch, -1);
        var order = options.Shuffle ? choices.Order(data.Samples.Count) : Enumerable.Range(0, data.Samples.Count).ToArray();
        using var line = new AssemblyLine(firstBatch, BatchesPerEpoch, options,
            () => new Batch(options.BatchSize, augmentation.CropHeight, augmentation.CropWidth),
            () => Worker(epoch, order));
        while (line.Take() is { } batch)
            yield return batch;
    }

    /// <summary>What one thread does: fills a slot of a batch, with buffers of its own.</summary>
    Action<Batch, int, int> Worker(int epoch, int[] order)
    {
        var sampler = new CropSampler(augmentation);
        return (batch, number, slot) =>
        {
            var index = order[number * options.BatchSize + slot];
            var choices = new Choices(options.Seed, epoch, index);
            var item = cache.Read(index);
            batch.Ids[slot] = item.Sample.Id;
            var plan = CropPlan.Choose(augmentation, item.Image.Width, item.Image.Height, ref choices);
            sampler.Fill(item, plan, ref choices, batch.Image(slot), batch.Label(slot));
        };
    }
}
