using Hwaso.Imaging;
using static System.FormattableString;

namespace Hwaso.Data.Checking;

/// <summary>How often each class occurs, in each split.</summary>
/// <param name="classes">The classes.</param>
/// <param name="splits">The splits.</param>
sealed class ClassTally(ClassList classes, IReadOnlyList<string> splits)
{
    // So many names fit a line.
    const int Named = 8;

    readonly long[,] pixels = new long[splits.Count, classes.Count];
    readonly long[] pixelsAround = new long[classes.Count];
    readonly int[] images = new int[classes.Count];
    readonly long[] labelled = new long[splits.Count];

    /// <summary>Ignored pixels.</summary>
    public long Ignored { get; private set; }

    /// <summary>All pixels.</summary>
    public long Total { get; private set; }

    /// <summary>Counts a label map of training indices; gives its ignored pixels.</summary>
    public long Add(LabelMap labels, string split)
    {
        Span<long> counts = stackalloc long[256];
        counts.Clear();
        foreach (var value in labels.Labels)
            counts[value]++;
        var size = labels.Labels.LongLength;
        var s = splits.ToList().IndexOf(split);
        (Ignored, Total, labelled[s]) = (Ignored + counts[ClassList.Ignore], Total + size, labelled[s] + size - counts[ClassList.Ignore]);
        for (var k = 0; k < classes.Count; k++)
            if (counts[k] > 0)
                (pixels[s, k], pixelsAround[k], images[k]) = (pixels[s, k] + counts[k], pixelsAround[k] + size, images[k] + 1);
        return counts[ClassList.Ignore];
    }

    /// <summary>Every class with its pixels and the weights that would balance it.</summary>
    public ClassCount[] Classes
    {
        get
        {
            var frequencies = classes.Entries.Select((_, k) => Pixels(k) == 0 ? (double?)null : (double)Pixels(k) / pixelsAround[k])
                .ToArray();
            var present = frequencies.Where(f => f is not null).Select(f => f!.Value).Order().ToArray();
            var median = present.Length == 0 ? 0 : present.Length % 2 == 1
                ? present[present.Length / 2]
                : (present[present.Length / 2 - 1] + present[present.Length / 2]) / 2;
            return [.. classes.Entries.Select((c, k) =>
                new ClassCount(c.Name, Pixels(k), images[k], frequencies[k] is { } f ? median / f : null)
            {
                LogWeight = Pixels(k) == 0 ? null : 1 / Math.Log(1.02 + (double)Pixels(k) / (Total - Ignored)),
                PixelsBySplit = [.. splits.Select((split, s) => KeyValuePair.Create(split, pixels[s, k]))],
            })];
        }
    }

    /// <summary>Sentences about classes that cannot be learned or scored, and about too many ignored pixels.</summary>
    public IEnumerable<string> Suspicions()
    {
        if (Total == 0)
            yield break;
        var missing = Where(k => Pixels(k) == 0);
        if (missing.Length > 0)
            yield return $"{missing.Length} of {classes.Count} classes never occur: {List(missing)}";
        foreach (var (split, s) in splits.Select((split, s) => (split, s)).Where(x => labelled[x.s] > 0))
        {
            var absent = Where(k => Pixels(k) > 0 && pixels[s, k] == 0);
            if (absent.Length > 0)
            {
                var harm = split switch { "train" => " and cannot be learnt", "val" => " and cannot be scored", _ => "" };
                yield return $"{absent.Length} of the classes that occur are not in {split}{harm}: {List(absent)}";
            }
        }
        if (Ignored * 2 > Total)
            yield return Invariant($"{100.0 * Ignored / Total:0} % of all pixels are ignored; is a class taken for the ignored value?");
    }

    long Pixels(int k) => Enumerable.Range(0, splits.Count).Sum(s => pixels[s, k]);

    string[] Where(Func<int, bool> wanted) => [.. classes.Entries.Where((_, k) => wanted(k)).Select(c => c.Name)];

    static string List(string[] names) => $"{string.Join(", ", names.Take(Named))}{(names.Length > Named ? ", …" : "")}";
}

/// <summary>How often a class occurs.</summary>
/// <param name="Name">The class.</param>
/// <param name="Pixels">Pixels labelled as it.</param>
/// <param name="Images">Images that have it.</param>
/// <param name="SuggestedWeight">Median frequency balancing: the median class frequency over its own, frequencies taken over the images
/// that have the class (Eigen and Fergus, ICCV 2015); null where it does not occur.</param>
public sealed record ClassCount(string Name, long Pixels, int Images, double? SuggestedWeight)
{
    /// <summary>
    /// 1 ÷ ln(1.02 + its share of all labelled pixels), between 1.4 and 50.5 (Paszke et al., "ENet", 2016); null where it does not
    /// occur.
    /// </summary>
    public double? LogWeight { get; init; }

    /// <summary>Its pixels in each split that was checked.</summary>
    public IReadOnlyList<KeyValuePair<string, long>> PixelsBySplit { get; init; } = [];
}
