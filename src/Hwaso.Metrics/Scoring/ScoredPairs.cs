using Hwaso.Data;
using Hwaso.Data.Layouts;

namespace Hwaso.Metrics.Scoring;

/// <summary>Pairs predicted label files with the truth of a layout, given as label files or as the folder of a data set.</summary>
public static class ScoredPairs
{
    /// <summary>The layout of label PNGs that belong to no data set.</summary>
    public const string PlainLabels = "labels";

    /// <summary>Whether a layout's files are matched by Cityscapes' names, CITY_SEQUENCE_FRAME.</summary>
    public static bool IsCityscapes(string layout) => layout.StartsWith("cityscapes", StringComparison.Ordinal);

    /// <summary>The pairs.</summary>
    /// <param name="layout">A data set's layout, or <see cref="PlainLabels"/>.</param>
    /// <param name="predictions">Predicted label PNGs: a folder, a file, or a pattern with one star.</param>
    /// <param name="truth">True ones, likewise, or the folder of a data set.</param>
    /// <param name="split">The split of a data set; null: val where the truth is a data set, else everything in it.</param>
    /// <param name="log">Receives a line about files that are left out.</param>
    /// <exception cref="ArgumentException">A split of plain labels.</exception>
    /// <exception cref="DatasetException">Files or folders are missing.</exception>
    public static IReadOnlyList<LabelPair> Of(string layout, string predictions, string truth, string? split, Action<string> log)
    {
        if (IsCityscapes(layout))
            return LabelPairs.Cityscapes(predictions, TruthOfCityscapes(layout, truth, split), log);
        if (split is null && (layout == PlainLabels || !IsDataset(truth, layout)))
            return LabelPairs.ByName(predictions, truth, log);
        if (layout == PlainLabels)
            throw new ArgumentException($"--split names a part of a data set; with --layout {PlainLabels} TRUTH is the labels themselves");
        return LabelPairs.OfSplit(predictions, Datasets.Open(layout, truth, split ?? "val"), log);
    }

    static string TruthOfCityscapes(string layout, string truth, string? split)
    {
        var name = layout == "cityscapes" ? "gtFine" : "gtCoarse";
        // Each archive may have been unpacked into a folder of its own.
        var whole = !Directory.Exists(truth) ? null
            : Directory.EnumerateDirectories(truth).Order(StringComparer.Ordinal).Prepend(truth).Select(f => Path.Combine(f, name))
                .FirstOrDefault(Directory.Exists);
        if (whole is null && split is null)
            return truth;
        var folder = Path.Combine(whole ?? truth, split ?? "val");
        return Directory.Exists(folder) ? folder
            : throw new DatasetException(folder, "no such folder; it should hold the split's *_gtFine_labelIds.png");
    }

    static bool IsDataset(string folder, string layout)
    {
        try
        {
            return Directory.Exists(folder) && Datasets.LayoutsOf(folder).Contains(layout);
        }
        catch (DatasetException)
        {
            return false;
        }
    }
}
