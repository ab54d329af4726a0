using System.Runtime.InteropServices;

namespace Hwaso.Metrics;

/// <summary>
/// Hits inside true objects, kept as exact integers per (label, object size): every object of one size has the same weight, so the
/// weighted sums come out the same in whatever order and on however many threads the images were seen.
/// </summary>
sealed class InstanceTally(IReadOnlyList<EvaluationLabel> labels)
{
    readonly Dictionary<(byte Label, int Size), Hits> bySize = [];
    // Per instance id of the image at hand.
    readonly int[] size = new int[ushort.MaxValue + 1];
    readonly int[] classHits = new int[ushort.MaxValue + 1];
    readonly int[] categoryHits = new int[ushort.MaxValue + 1];

    public void Add(ReadOnlySpan<byte> prediction, ReadOnlySpan<ushort> instances)
    {
        var seen = new List<ushort>();
        var sameCategory = SameCategory();
        for (var i = 0; i < instances.Length; i++)
        {
            var instance = instances[i];
            if (instance <= 1000)
                continue;
            if (size[instance]++ == 0)
                seen.Add(instance);
            var label = instance / 1000;
            var predicted = prediction[i];
            classHits[instance] += predicted == label ? 1 : 0;
            categoryHits[instance] += sameCategory[label * 256 + predicted] ? 1 : 0;
        }
        foreach (var instance in seen)
        {
            var label = instance / 1000;
            if (!labels[label].Ignored)
            {
                ref var hits = ref CollectionsMarshal.GetValueRefOrAddDefault(bySize, ((byte)label, size[instance]), out _);
                hits += new Hits(1, classHits[instance], categoryHits[instance]);
            }
            size[instance] = classHits[instance] = categoryHits[instance] = 0;
        }
    }

    public void Add(InstanceTally other)
    {
        foreach (var (key, hits) in other.bySize)
        {
            ref var mine = ref CollectionsMarshal.GetValueRefOrAddDefault(bySize, key, out _);
            mine += hits;
        }
    }

    /// <summary>Weighted hits and misses of the objects of some labels.</summary>
    /// <param name="wanted">Which labels.</param>
    /// <param name="ofCategory">Whether a prediction of any label of the category is a hit.</param>
    public (double Hits, double Misses) Weighted(Func<EvaluationLabel, bool> wanted, bool ofCategory)
    {
        double hits = 0, misses = 0;
        foreach (var ((id, pixels), counted) in bySize.OrderBy(entry => entry.Key))
        {
            var label = labels[id];
            if (!wanted(label))
                continue;
            var hit = ofCategory ? counted.Category : counted.Class;
            var weight = label.AverageInstanceSize / pixels;
            hits += hit * weight;
            misses += (counted.Objects * pixels - hit) * weight;
        }
        return (hits, misses);
    }

    bool[] SameCategory()
    {
        var table = new bool[66 * 256];
        foreach (var a in labels)
            foreach (var b in labels)
                table[a.Id * 256 + b.Id] = a.Category == b.Category;
        return table;
    }

    readonly record struct Hits(long Objects, long Class, long Category)
    {
        public static Hits operator +(Hits a, Hits b) => new(a.Objects + b.Objects, a.Class + b.Class, a.Category + b.Category);
    }
}
