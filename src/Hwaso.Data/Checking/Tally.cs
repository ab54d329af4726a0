using Hwaso.Imaging;

namespace Hwaso.Data.Checking;

/// <summary>What a check has found so far; safe from any thread.</summary>
sealed class Tally(ClassList classes)
{
    readonly Lock gate = new();
    readonly List<DatasetProblem> problems = [];
    readonly long[] pixels = new long[classes.Count];
    readonly long[] pixelsAround = new long[classes.Count];
    readonly int[] images = new int[classes.Count];
    readonly Dictionary<string, int> sizes = [];
    readonly Dictionary<string, string> seen = new(StringComparer.Ordinal);
    long ignored, total;

    public void Add(DatasetProblem problem)
    {
        lock (gate)
            problems.Add(problem);
    }

    public void AddSize(int width, int height)
    {
        lock (gate)
            sizes[$"{width}×{height}"] = sizes.GetValueOrDefault($"{width}×{height}") + 1;
    }

    /// <summary>Notes an image of a split; one that another split has too is a problem.</summary>
    public void Seen(Sample sample, string split)
    {
        if (!seen.TryAdd(sample.Id, split) && seen[sample.Id] != split)
            Add(new DatasetProblem(sample.ImagePath, ProblemKind.Duplicate, $"the name {sample.Id} is in {seen[sample.Id]} and in {split}; an image in both makes scores too good"));
    }

    /// <summary>Counts a label map of training indices; false where nothing in it is labelled.</summary>
    public bool Count(LabelMap labels)
    {
        Span<long> counts = stackalloc long[256];
        counts.Clear();
        foreach (var value in labels.Labels)
            counts[value]++;
        var size = labels.Labels.LongLength;
        lock (gate)
        {
            ignored += counts[ClassList.Ignore];
            total += size;
            for (var k = 0; k < pixels.Length; k++)
                if (counts[k] > 0)
                    (pixels[k], pixelsAround[k], images[k]) = (pixels[k] + counts[k], pixelsAround[k] + size, images[k] + 1);
        }
        return counts[ClassList.Ignore] < size;
    }

    public DatasetReport Report(string layout, IReadOnlyList<KeyValuePair<string, int>> splits, int count)
    {
        var frequencies = pixels.Select((p, k) => p == 0 ? (double?)null : (double)p / pixelsAround[k]).ToArray();
        var present = frequencies.Where(f => f is not null).Select(f => f!.Value).Order().ToArray();
        var median = present.Length == 0 ? 0 : present.Length % 2 == 1 ? present[present.Length / 2] : (present[present.Length / 2 - 1] + present[present.Length / 2]) / 2;
        return new DatasetReport(
            layout, splits, count,
            problems.OrderBy(p => p.Path, StringComparer.Ordinal).ThenBy(p => p.Kind).ToArray(),
            classes.Entries.Select((c, k) => new ClassCount(c.Name, pixels[k], images[k], frequencies[k] is { } f ? median / f : null)).ToArray(),
            ignored, total,
            sizes.OrderByDescending(s => s.Value).ThenBy(s => s.Key, StringComparer.Ordinal).ToArray());
    }
}
