using System.Text;
using Hwaso.Data;

namespace Hwaso.Metrics;

/// <summary>
/// Resamples the images of a score while they pass: in each replicate an image counts Poisson(1) times, which for many images is
/// drawing with replacement (Hanley and MacGibbon, 2006; Chamandy et al., 2012). Memory does not grow with the images, and as the
/// weights follow from an image's name, neither their order nor threads matter, and two predictions of the same images are resampled
/// alike.
/// </summary>
public sealed class Bootstrap
{
    /// <summary>Replicates by default: the ends of a 95 % interval then vary by a few hundredths of its width.</summary>
    public const int DefaultReplicates = 1000;

    readonly int classes;
    readonly ulong seed;
    // Of each replicate: K hits, K true pixels, K predicted pixels.
    readonly long[] sums;

    /// <summary>An empty tally.</summary>
    /// <param name="classes">K, at least 1.</param>
    /// <param name="replicates">Times that the images are resampled, at least 1.</param>
    /// <param name="seed">The seed of the weights, together with the images' names.</param>
    public Bootstrap(int classes, int replicates = DefaultReplicates, ulong seed = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(replicates, 1);
        (this.classes, Replicates, this.seed) = (classes, replicates, seed);
        sums = new long[checked(replicates * 3 * classes)];
    }

    /// <summary>Times that the images are resampled.</summary>
    public int Replicates { get; }

    /// <summary>Counts one image.</summary>
    /// <param name="image">Its name; no other may have it.</param>
    /// <param name="counts">K hits, then K true and K predicted pixels.</param>
    /// <exception cref="ArgumentException">Not three counts a class.</exception>
    public void Add(string image, ReadOnlySpan<long> counts)
    {
        if (counts.Length != 3 * classes)
            throw new ArgumentException($"{counts.Length} counts of an image; hits, true and predicted pixels of "
                + $"{classes} classes were wanted");
        var state = StateOf(image, seed);
        for (var replicate = 0; replicate < Replicates; replicate++)
        {
            var weight = WeightOf(state, replicate);
            if (weight == 0)
                continue;
            var row = sums.AsSpan(replicate * counts.Length, counts.Length);
            for (var k = 0; k < row.Length; k++)
                row[k] += weight * counts[k];
        }
    }

    /// <summary>Adds the counts of another one, for instance another thread's.</summary>
    /// <exception cref="ArgumentException">It has another number of classes or replicates, or another seed.</exception>
    public void Add(Bootstrap other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.classes != classes || other.Replicates != Replicates || other.seed != seed)
            throw new ArgumentException("resampled counts can be added to those of the same classes, replicates and seed");
        for (var k = 0; k < sums.Length; k++)
            sums[k] += other.sums[k];
    }

    /// <summary>The mean IoU of every replicate; null where nothing was drawn.</summary>
    public IReadOnlyList<double?> MeanIous(AbsentClasses absent) => Of(replicate => absent == AbsentClasses.Zero
        ? Enumerable.Range(0, classes).Average(k => Score(replicate, k).Iou ?? 0)
        : Enumerable.Range(0, classes).Select(k => Score(replicate, k).Iou).Average());

    /// <summary>The pixel accuracy of every replicate; null where nothing was drawn.</summary>
    public IReadOnlyList<double?> PixelAccuracies() => Of(replicate =>
    {
        var row = Enumerable.Range(0, classes).Select(k => Score(replicate, k)).ToArray();
        var pixels = row.Sum(c => c.TruthPixels);
        return pixels == 0 ? null : (double)row.Sum(c => c.Hits) / pixels;
    });

    /// <summary>The IoU of one class in every replicate; null where it was absent.</summary>
    public IReadOnlyList<double?> Ious(int index) => Of(replicate => Score(replicate, index).Iou);

    /// <summary>What the weights of an image follow from.</summary>
    internal static ulong StateOf(string image, ulong seed = 1) => SplitMix64.Mix(seed + NameHash(image) + SplitMix64.Step);

    /// <summary>How often an image counts in a replicate.</summary>
    internal static int WeightOf(ulong state, int replicate) =>
        Poisson(SplitMix64.Mix(state + (ulong)(replicate + 1) * SplitMix64.Step));

    double?[] Of(Func<int, double?> score) => [.. Enumerable.Range(0, Replicates).Select(score)];

    ClassScore Score(int replicate, int index)
    {
        var row = sums.AsSpan(replicate * 3 * classes, 3 * classes);
        return new(row[index], row[classes + index], row[2 * classes + index]);
    }

    static int Poisson(ulong random)
    {
        // Chances of 0, 1, 2, … with mean 1: e⁻¹ ÷ k!, summed up.
        var share = (random >> 11) * (1.0 / (1UL << 53));
        var chance = 1 / Math.E;
        var k = 0;
        for (var sum = chance; share >= sum && k < 20; sum += chance)
            chance /= ++k;
        return k;
    }

    static ulong NameHash(string name)
    {
        // FNV-1a; string.GetHashCode differs from run to run.
        var hash = 0xCBF29CE484222325;
        foreach (var value in Encoding.UTF8.GetBytes(name))
            hash = (hash ^ value) * 0x100000001B3;
        return hash;
    }
}

/// <summary>A 95 % confidence interval.</summary>
/// <param name="Low">The 2.5th percentile.</param>
/// <param name="High">The 97.5th percentile.</param>
public sealed record Interval(double Low, double High)
{
    /// <summary>The interval of resampled values, percentiles interpolated between neighbours; null without a value.</summary>
    public static Interval? Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? null : new(Percentile(sorted, 0.025), Percentile(sorted, 0.975));
    }

    static double Percentile(double[] sorted, double share)
    {
        var at = share * (sorted.Length - 1);
        var below = (int)at;
        return below + 1 == sorted.Length ? sorted[below] : sorted[below] + (at - below) * (sorted[below + 1] - sorted[below]);
    }
}
