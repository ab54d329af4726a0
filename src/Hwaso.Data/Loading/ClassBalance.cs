using static System.FormattableString;

namespace Hwaso.Data.Loading;

/// <summary>
/// Shows rare classes more often: a share of an epoch's images is drawn by class, every class alike, and then any image that the class
/// is in. The others come in the epoch's order, each once.
/// </summary>
public sealed class ClassBalance
{
    readonly int[][] imagesOf;
    readonly double share;

    /// <summary>A balance over known images.</summary>
    /// <param name="imagesOf">For each class the images that it is in, by their numbers; a class in none is never drawn.</param>
    /// <param name="share">The share that is drawn by class, 0 to 1.</param>
    /// <exception cref="ArgumentException">A share out of its range, or no class in any image.</exception>
    public ClassBalance(IEnumerable<int[]> imagesOf, double share)
    {
        this.imagesOf = [.. imagesOf.Where(images => images.Length > 0)];
        this.share = share;
        if (share is not (>= 0 and <= 1))
            throw new ArgumentException(Invariant($"a share of {share} drawn by class: 0 to 1 was wanted"));
        if (this.imagesOf.Length == 0)
            throw new ArgumentException("no class is in any image: nothing can be drawn by class");
    }

    /// <summary>Reads every label file of a split to know which classes are where.</summary>
    /// <param name="data">The split.</param>
    /// <param name="share">The share that is drawn by class, 0 to 1.</param>
    /// <param name="threads">Threads that read.</param>
    /// <exception cref="DatasetException">A label file cannot be used.</exception>
    public static ClassBalance Of(SegmentationDataset data, double share, int threads)
    {
        var classes = data.Classes.Count;
        var isIn = new bool[data.Samples.Count][];
        try
        {
            Parallel.For(0, isIn.Length, new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, threads) }, k =>
            {
                var there = new bool[256];
                foreach (var label in data.ReadLabels(k).Labels)
                    there[label] = true;
                isIn[k] = there[..classes];
            });
        }
        catch (AggregateException error) when (error.InnerException is { } inner)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(inner);
        }
        return new ClassBalance(Enumerable.Range(0, classes).Select(c => Enumerable.Range(0, isIn.Length).Where(k => isIn[k][c]).ToArray()),
            share);
    }

    /// <summary>An epoch's images in order, as many as there are, some more than once.</summary>
    /// <param name="random">The epoch's random numbers.</param>
    /// <param name="count">The images of the split.</param>
    internal int[] Order(ref KeyedRandom random, int count)
    {
        var order = random.Order(count);
        for (var k = 0; k < count; k++)
            if (random.Unit() < share)
            {
                var images = imagesOf[random.UpTo(imagesOf.Length - 1)];
                order[k] = images[random.UpTo(images.Length - 1)];
            }
        return order;
    }
}
