using System.Buffers;
using System.Collections.Concurrent;
using Hwaso.Data.Loading;
using Hwaso.Imaging;

namespace Hwaso.Data.Poses;

/// <summary>How people become samples of a network.</summary>
public sealed record PoseSampling
{
    /// <summary>The network's input width.</summary>
    public required int Width { get; init; }

    /// <summary>The network's input height.</summary>
    public required int Height { get; init; }

    /// <summary>Pixels of the input a pixel of the heat map, in both directions.</summary>
    public int Stride { get; init; } = 4;

    /// <summary>σ of targets in pixels of the heat map.</summary>
    public double Sigma { get; init; } = 2;

    /// <summary>The form of targets and crops.</summary>
    public HeatMapForm Form { get; init; } = HeatMapForm.Published;

    /// <summary>Random changes.</summary>
    public PoseAugmentation Augmentation { get; init; } = new();

    /// <summary>Whether joints are weighed by the description's weights.</summary>
    public bool WeighJoints { get; init; }

    /// <summary>Means of red, green and blue in 0 … 1.</summary>
    public IReadOnlyList<double> Mean { get; init; } = [0.485, 0.456, 0.406];

    /// <summary>Their deviations, above 0.</summary>
    public IReadOnlyList<double> Deviation { get; init; } = [0.229, 0.224, 0.225];

    /// <summary>Width of the heat map.</summary>
    public int MapWidth => (Width + Stride - 1) / Stride;

    /// <summary>Height of the heat map.</summary>
    public int MapHeight => (Height + Stride - 1) / Stride;

    /// <summary>Width ÷ height.</summary>
    public double Aspect => (double)Width / Height;

    /// <summary>The map from an image's pixels to those of a crop.</summary>
    public AffineMap MapOf(PersonCrop crop, double degrees) => Form == HeatMapForm.Udp
        ? AffineMap.Unbiased(crop, -degrees, Width, Height)
        : AffineMap.Of(crop, degrees, Width, Height);
}

/// <summary>
/// Batches of people, made ahead on threads. Order and every choice follow from seed, epoch and person alone, whatever the number of
/// threads.
/// </summary>
public sealed class PoseLoader
{
    readonly PoseDataset data;
    readonly PoseSampling sampling;
    readonly LoaderOptions options;
    readonly ConcurrentDictionary<string, RgbImage> kept = new(StringComparer.Ordinal);
    readonly float[] normalised;
    long used;

    /// <summary>Batches of a data set.</summary>
    /// <exception cref="ArgumentException">A setting is out of its range.</exception>
    public PoseLoader(PoseDataset data, PoseSampling sampling, LoaderOptions options)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(sampling);
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        (this.data, this.sampling, this.options) = (data, sampling, options);
        normalised = new float[3 * 256];
        for (var c = 0; c < 3; c++)
            for (var v = 0; v < 256; v++)
                normalised[c * 256 + v] = (float)((v / 255.0 - sampling.Mean[c]) / sampling.Deviation[c]);
    }

    /// <summary>Batches of an epoch.</summary>
    public int BatchesPerEpoch => (data.People.Count + (options.DropLast ? 0 : options.BatchSize - 1)) / options.BatchSize;

    /// <summary>The batches of an epoch, from one of them on. The consumer disposes each.</summary>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <param name="firstBatch">The batch to begin with, from 0.</param>
    /// <exception cref="DatasetException">Thrown at the batch whose image cannot be used; the message names the file.</exception>
    /// <exception cref="ImageFormatException">Likewise, for a file that is damaged.</exception>
    public IEnumerable<PoseBatch> Epoch(int epoch, int firstBatch = 0)
    {
        var random = new KeyedRandom(options.Seed, epoch, -1);
        var order = options.Shuffle ? random.Order(data.People.Count) : [.. Enumerable.Range(0, data.People.Count)];
        using var line = new AssemblyLine<PoseBatch>(firstBatch, BatchesPerEpoch, options, NewBatch, () => Worker(epoch, order));
        while (line.Take(options.Stop) is { } batch)
            yield return batch;
    }

    PoseBatch NewBatch(int number) => new(
        options.SlotsOf(Math.Min(options.BatchSize, data.People.Count - number * options.BatchSize)), data.Description.Count, sampling);

    /// <summary>A thread's function, which fills a slot of a batch with buffers of its own.</summary>
    Action<PoseBatch, int, int> Worker(int epoch, int[] order)
    {
        var pixels = new byte[sampling.Width * sampling.Height * 3];
        var targets = new HeatMapTargets(
            sampling.MapWidth, sampling.MapHeight, sampling.Width, sampling.Height, sampling.Sigma, sampling.Form);
        return (batch, number, slot) =>
        {
            var index = order[number * options.BatchSize + options.FirstSlot + slot];
            var person = data.People[index];
            batch.Files[slot] = person.ImagePath;
            var image = Read(person);
            var joints = (double[])person.Joints.Clone();
            var change = sampling.Augmentation.Draw(
                PoseDataset.CropOf(person, sampling.Aspect), joints, data.Description, sampling.Aspect,
                new KeyedPoseDraws(options.Seed, epoch, index));
            var map = sampling.MapOf(change.In(image.Width), change.Degrees);
            ImageWarp.Warp(image, map, sampling.Width, sampling.Height, pixels, change.Mirrored);
            Normalise(pixels, batch.Image(slot));
            change.Move(joints, image.Width, data.Description.FlipPairs, map);
            var weights = batch.Weight(slot);
            targets.Draw(joints, batch.Target(slot), weights);
            if (sampling.WeighJoints)
                for (var j = 0; j < weights.Length; j++)
                    weights[j] *= (float)data.Description.JointWeights[j];
        };
    }

    void Normalise(byte[] pixels, Span<float> image)
    {
        var plane = image.Length / 3;
        for (var c = 0; c < 3; c++)
        {
            ReadOnlySpan<float> table = normalised.AsSpan(c * 256, 256);
            var to = image.Slice(c * plane, plane);
            for (int k = 0, from = c; k < to.Length; k++, from += 3)
                to[k] = table[pixels[from]];
        }
    }

    RgbImage Read(PosePerson person)
    {
        if (kept.TryGetValue(person.ImagePath, out var known))
            return known;
        try
        {
            var image = person.ReadImage();
            if (Interlocked.Add(ref used, image.Pixels.Length) > options.CacheBytes || !kept.TryAdd(person.ImagePath, image))
                Interlocked.Add(ref used, -image.Pixels.Length);
            return image;
        }
        catch (Exception error) when (error is not (DatasetException or ImageFormatException or IOException or UnauthorizedAccessException))
        {
            throw new DatasetException(
                person.ImagePath, error is OutOfMemoryException ? "too little memory to read it; use fewer workers" : error.Message, error);
        }
    }
}

/// <summary>Crops, heat maps and weights of one step, in buffers that go back to a pool when it is disposed.</summary>
public sealed class PoseBatch : IBatch
{
    readonly float[] images, targets, weights;
    bool returned;

    internal PoseBatch(int count, int joints, PoseSampling sampling)
    {
        (Count, Joints, Height, Width, MapHeight, MapWidth) =
            (count, joints, sampling.Height, sampling.Width, sampling.MapHeight, sampling.MapWidth);
        images = ArrayPool<float>.Shared.Rent(count * 3 * Height * Width);
        targets = ArrayPool<float>.Shared.Rent(count * joints * MapHeight * MapWidth);
        weights = ArrayPool<float>.Shared.Rent(count * joints);
        Files = new string[count];
    }

    /// <summary>N.</summary>
    public int Count { get; }

    /// <summary>J.</summary>
    public int Joints { get; }

    /// <summary>H in pixels.</summary>
    public int Height { get; }

    /// <summary>W in pixels.</summary>
    public int Width { get; }

    /// <summary>h of the heat maps.</summary>
    public int MapHeight { get; }

    /// <summary>w of the heat maps.</summary>
    public int MapWidth { get; }

    /// <summary>The images' files.</summary>
    public string[] Files { get; }

    /// <summary>N × 3 × H × W normalised values.</summary>
    public Span<float> Images => images.AsSpan(0, Count * 3 * Height * Width);

    /// <summary>N × J × h × w values.</summary>
    public Span<float> Targets => targets.AsSpan(0, Count * Joints * MapHeight * MapWidth);

    /// <summary>N × J weights.</summary>
    public Span<float> Weights => weights.AsSpan(0, Count * Joints);

    /// <summary>Gives the buffers back; they must not be read any more.</summary>
    public void Dispose()
    {
        if (returned)
            return;
        returned = true;
        ArrayPool<float>.Shared.Return(images);
        ArrayPool<float>.Shared.Return(targets);
        ArrayPool<float>.Shared.Return(weights);
    }

    internal Span<float> Image(int slot) => Images.Slice(slot * 3 * Height * Width, 3 * Height * Width);

    internal Span<float> Target(int slot) => Targets.Slice(slot * Joints * MapHeight * MapWidth, Joints * MapHeight * MapWidth);

    internal Span<float> Weight(int slot) => Weights.Slice(slot * Joints, Joints);
}
