namespace Hwaso.Data.Checking;

/// <summary>Counts the values of the label files, and finds suspicious patterns among them.</summary>
/// <param name="table">The meaning that the values should have.</param>
/// <param name="classes">The classes.</param>
sealed class LabelValues(LabelTable table, ClassList classes)
{
    readonly long[] pixels = new long[256];
    readonly int[] images = new int[256];

    /// <summary>Adds one file's values.</summary>
    /// <param name="counts">The pixels of each value.</param>
    public void Add(ReadOnlySpan<long> counts)
    {
        for (var v = 0; v < 256; v++)
            if (counts[v] > 0)
                (pixels[v], images[v]) = (pixels[v] + counts[v], images[v] + 1);
    }

    /// <summary>The values that occur.</summary>
    public IReadOnlyList<ValueCount> Found =>
        [.. Enumerable.Range(0, 256).Where(v => pixels[v] > 0).Select(v => new ValueCount(v, pixels[v], images[v], table.MeaningOf(v) switch
        {
            null => null,
            ClassList.Ignore => "ignored",
            { } k => classes.Entries[k].Name,
        }))];

    /// <summary>Sentences about patterns of values that suggest another encoding than the described one.</summary>
    public IReadOnlyList<string> Suspicions()
    {
        var found = Enumerable.Range(0, 256).Where(v => pixels[v] > 0).ToArray();
        var said = new List<string>();
        if (found is [0, 255] && table.MeaningOf(255) is null or ClassList.Ignore)
            said.Add("only 0 and 255 occur: two-class masks saved black and white, whose white would be ignored; describe them with the "
                + "layout folder and {name: …, value: 255}");
        var labels = found.Where(v => v != ClassList.Ignore).ToArray();
        if (labels is [1, ..] && labels[^1] == classes.Count && table.MeaningOf(0) == 0)
            said.Add($"values run from 1 to {classes.Count} where 0 to {classes.Count - 1} were wanted: the classes begin at 1; describe "
                + "the folder with first_value: 1");
        if (labels is [0, ..] && labels[^1] == classes.Count - 1 && labels.Length == classes.Count
            && table.MeaningOf(0) == ClassList.Ignore)
            said.Add($"values run from 0 to {classes.Count - 1} where 1 to {classes.Count} were wanted, with 0 ignored: were they made "
                + "training indices already? Class 0 would be ignored and every other class be its neighbour");
        if (labels is [0, ..] && labels[^1] == classes.Count && table.MeaningOf(0) == 0 && table.MeaningOf(classes.Count) is null)
            said.Add($"values run from 0 to {classes.Count}, one more than the {classes.Count} classes: is the background, 0, missing "
                + "from the list? Then every class is its neighbour");
        var unknown = found.Where(v => table.MeaningOf(v) is null).ToArray();
        // The case of two classes in black and white is handled above.
        if (found.Length is > 2 and <= 32 && unknown.Length > 0 && unknown.Length >= found.Length - 2
            && unknown.All(v => v > 2 * classes.Count) && labels.Length <= classes.Count)
            said.Add($"{found.Length} values, {string.Join(", ", found.Take(8))}{(found.Length > 8 ? ", …" : "")}, of which "
                + $"{unknown.Length} are no class: gray levels chosen to be seen? Name them with the layout folder and {{name: …, "
                + $"value: {unknown[0]}}}");
        return said;
    }
}

/// <summary>A value found in label files.</summary>
/// <param name="Value">The value, 0 to 255.</param>
/// <param name="Pixels">Pixels that hold it.</param>
/// <param name="Images">Files that hold it.</param>
/// <param name="Meaning">The class, or ignored; null where it is neither.</param>
public sealed record ValueCount(int Value, long Pixels, int Images, string? Meaning);
