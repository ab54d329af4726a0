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
    readonly Dictionary<string, int> sizes = [], encodings = [];
    readonly Dictionary<LabelTable, LabelValues> values = [];
    readonly Dictionary<UInt128, (string Id, string Path, string Split)> contents = [];
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

    /// <summary>Notes how a label file holds its values.</summary>
    public void AddEncoding(string encoding)
    {
        lock (gate)
            encodings[encoding] = encodings.GetValueOrDefault(encoding) + 1;
    }

    /// <summary>Counts a label file's values as they stand there.</summary>
    public void AddValues(LabelTable table, LabelMap labels)
    {
        lock (gate)
        {
            if (!values.TryGetValue(table, out var counts))
                values[table] = counts = new LabelValues(table, classes);
            counts.Add(labels.Labels);
        }
    }

    /// <summary>Notes an image's bytes; those of another split's image are a problem, where its name did not tell already.</summary>
    public void SeenContent(Sample sample, string split, UInt128 content)
    {
        lock (gate)
            if (!contents.TryAdd(content, (sample.Id, sample.ImagePath, split)) && contents[content] is var other && other.Split != split && other.Id != sample.Id)
                problems.Add(new DatasetProblem(sample.ImagePath, ProblemKind.Duplicate, $"is, byte for byte, {other.Path} of {other.Split}; an image in both splits makes scores too good"));
    }

    /// <summary>Notes an image of a split; one that another split has too is a problem.</summary>
    public void Seen(Sample sample, string split)
    {
        if (seen.TryAdd(sample.Id, split))
            return;
        if (seen[sample.Id] == split)
            Add(new DatasetProblem(sample.ImagePath, ProblemKind.Duplicate, $"the name {sample.Id} is in {split} twice; it would be seen twice as often as the others"));
        else
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
            Ranked(sizes), Ranked(encodings),
            // Each split may have a table of its own, which says the same.
            [.. values.Where(v => !v.Key.OfColors).SelectMany(v => v.Value.Found).GroupBy(v => (v.Value, v.Meaning)).OrderBy(g => g.Key.Value)
                .Select(g => new ValueCount(g.Key.Value, g.Sum(v => v.Pixels), g.Sum(v => v.Images), g.Key.Meaning))],
            [.. values.Where(v => !v.Key.OfColors).SelectMany(v => v.Value.Suspicions()).Distinct(), .. Missing()]);
    }

    IEnumerable<string> Missing()
    {
        var missing = classes.Entries.Where((_, k) => pixels[k] == 0).Select(c => c.Name).ToArray();
        if (total > 0 && missing.Length > 0)
            yield return $"{missing.Length} of {classes.Count} classes never occur: {string.Join(", ", missing.Take(8))}{(missing.Length > 8 ? ", …" : "")}";
        if (total > 0 && ignored * 2 > total)
            yield return $"{100.0 * ignored / total:0} % of all pixels are ignored; is a class taken for the ignored value?";
    }

    static KeyValuePair<string, int>[] Ranked(Dictionary<string, int> counts) =>
        counts.OrderByDescending(c => c.Value).ThenBy(c => c.Key, StringComparer.Ordinal).ToArray();
}
