using Hwaso.Imaging;

namespace Hwaso.Data.Checking;

/// <summary>Collects the findings of a check; thread-safe: pixels are counted by each thread, and only sums wait for each other.</summary>
/// <param name="classes">The classes.</param>
/// <param name="splits">The splits that are checked.</param>
sealed class Tally(ClassList classes, IReadOnlyList<string> splits)
{
    const int WorstPictures = 12;

    readonly Lock gate = new();
    readonly List<DatasetProblem> problems = [];
    readonly ClassTally counts = new(classes, splits);
    readonly Dictionary<string, int> sizes = [], encodings = [];
    readonly Dictionary<LabelTable, LabelValues> values = [];
    readonly long[,] paletteColors = new long[classes.Count, classes.Count];
    readonly Dictionary<UInt128, (string Id, string Path, string Split)> contents = [];
    readonly Dictionary<string, string> seen = new(StringComparer.Ordinal);
    readonly List<DatasetPicture> pictures = [];
    (long Pixels, long Alphabetical, long ObjectsFirst) context;

    public void Add(IReadOnlyList<DatasetProblem> found)
    {
        lock (gate)
            problems.AddRange(found);
    }

    /// <summary>Notes an image worth looking at; the worst few are kept.</summary>
    public void Add(DatasetPicture picture)
    {
        lock (gate)
        {
            pictures.Add(picture);
            pictures.Sort((a, b) => b.Badness.CompareTo(a.Badness) is not 0 and var order
                ? order
                : string.CompareOrdinal(a.Sample.ImagePath, b.Sample.ImagePath));
            if (pictures.Count > WorstPictures)
                pictures.RemoveAt(WorstPictures);
        }
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
        var counts = Counts(labels);
        lock (gate)
        {
            if (!values.TryGetValue(table, out var found))
                values[table] = found = new LabelValues(table, classes);
            found.Add(counts);
        }
    }

    /// <summary>Counts, for each class, the class whose colour the label file's own palette gives it.</summary>
    public void AddPalette(LabelTable table, LabelMap labels, Palette palette)
    {
        var pixels = Counts(labels);
        lock (gate)
            for (var v = 0; v < 256; v++)
                if (pixels[v] > 0 && table.MeaningOf(v) is { } k && k < classes.Count && ClassOfColor(palette[v], k) is { } drawn)
                    paletteColors[k, drawn] += pixels[v];
    }

    /// <summary>Compares labels of PASCAL Context with VOC's own mask of the image in both orders that its classes are listed in.</summary>
    public void AddContext(LabelMap labels, LabelMap voc)
    {
        if (voc.Width != labels.Width || voc.Height != labels.Height)
            return;
        long pixels = 0, alphabetical = 0, objectsFirst = 0;
        for (var p = 0; p < voc.Labels.Length; p++)
            if (voc.Labels[p] is > 0 and <= 20 and var value)
            {
                pixels++;
                alphabetical += labels.Labels[p] == ContextOfVoc[value] ? 1 : 0;
                objectsFirst += labels.Labels[p] == value ? 1 : 0;
            }
        lock (gate)
            context = (context.Pixels + pixels, context.Alphabetical + alphabetical, context.ObjectsFirst + objectsFirst);
    }

    /// <summary>Records an image's bytes; equal bytes in another split are a problem, unless equal names were reported already.</summary>
    public void SeenContent(Sample sample, string split, UInt128 content)
    {
        lock (gate)
            if (!contents.TryAdd(content, (sample.Id, sample.ImagePath, split)) && contents[content] is var other && other.Split != split
                && other.Id != sample.Id)
                problems.Add(new DatasetProblem(sample.ImagePath, ProblemKind.Duplicate,
                    $"is, byte for byte, {other.Path} of {other.Split}; an image in both splits makes scores too good"));
    }

    /// <summary>Notes an image of a split; one that another split has too is a problem.</summary>
    public void Seen(Sample sample, string split)
    {
        if (seen.TryAdd(sample.Id, split))
            return;
        if (seen[sample.Id] == split)
            Add([new DatasetProblem(sample.ImagePath, ProblemKind.Duplicate,
                $"the name {sample.Id} is in {split} twice; it would be seen twice as often as the others")]);
        else
            Add([new DatasetProblem(sample.ImagePath, ProblemKind.Duplicate,
                $"the name {sample.Id} is in {seen[sample.Id]} and in {split}; an image in both makes scores too good")]);
    }

    /// <summary>Counts a label map of training indices; gives its ignored pixels.</summary>
    public long Count(LabelMap labels, string split)
    {
        var found = Counts(labels);
        lock (gate)
            return counts.Add(found, split);
    }

    public DatasetReport Report(string layout, IReadOnlyList<KeyValuePair<string, int>> found, int count) => new(
        layout, found, count,
        problems.OrderBy(p => p.Path, StringComparer.Ordinal).ThenBy(p => p.Kind).ToArray(),
        counts.Classes, counts.Ignored, counts.Total,
        Ranked(sizes), Ranked(encodings),
        // Each split may have its own table object with the same meanings.
        [.. values.SelectMany(v => v.Value.Found).GroupBy(v => (v.Value, v.Meaning)).OrderBy(g => g.Key.Value)
            .Select(g => new ValueCount(g.Key.Value, g.Sum(v => v.Pixels), g.Sum(v => v.Images), g.Key.Meaning))],
        [.. values.SelectMany(v => v.Value.Suspicions()).Distinct(), .. Orders(), .. counts.Suspicions()])
    {
        Pictures = [.. pictures],
    };

    // Pixels are counted outside the lock, so that several threads do it at once.
    static long[] Counts(LabelMap labels)
    {
        var counts = new long[256];
        foreach (var value in labels.Labels)
            counts[value]++;
        return counts;
    }

    static int[] ContextOfVoc { get; } =
        [.. ClassList.Voc.Names.Select(name => ClassList.PascalContext60.Names.ToList().IndexOf(name == "diningtable" ? "table" : name))];

    IEnumerable<string> Orders() =>
        new[]
        {
            OrderSuspicions.OfNames(classes),
            OrderSuspicions.OfPalettes(classes, paletteColors),
            OrderSuspicions.OfContext(context.Pixels, context.Alphabetical, context.ObjectsFirst),
        }.OfType<string>();

    /// <summary>The class that has a colour, the given one first; null where none has.</summary>
    int? ClassOfColor((byte R, byte G, byte B) color, int first)
    {
        bool Has(int k) => (classes.Entries[k].R, classes.Entries[k].G, classes.Entries[k].B) == color;
        if (Has(first))
            return first;
        for (var k = 0; k < classes.Count; k++)
            if (Has(k))
                return k;
        return null;
    }

    static KeyValuePair<string, int>[] Ranked(Dictionary<string, int> counts) =>
        counts.OrderByDescending(c => c.Value).ThenBy(c => c.Key, StringComparer.Ordinal).ToArray();
}
