namespace Hwaso.Data.Layouts;

/// <summary>Opens data sets by the name of their layout.</summary>
public static class Datasets
{
    /// <summary>The layouts that can be opened.</summary>
    public static IReadOnlyList<string> Layouts { get; } = [.. KnownLayouts.All.Select(l => l.Name)];

    /// <summary>Lists one split of a data set.</summary>
    /// <param name="layout">The layout's name.</param>
    /// <param name="root">The data set's folder.</param>
    /// <param name="split">The split's name.</param>
    /// <exception cref="ArgumentException">The layout is not known.</exception>
    /// <exception cref="DatasetException">The folder does not hold such a data set or split.</exception>
    public static SegmentationDataset Open(string layout, string root, string split) => Find(layout).List(root, split, null);

    /// <summary>Lists a split; missing files are reported and left out instead of being an error.</summary>
    /// <param name="layout">The layout's name.</param>
    /// <param name="root">The data set's folder.</param>
    /// <param name="split">The split's name.</param>
    /// <param name="report">Receives each problem.</param>
    /// <exception cref="ArgumentException">The layout is not known.</exception>
    /// <exception cref="DatasetException">The folder does not hold such a data set or split.</exception>
    public static SegmentationDataset OpenLeniently(string layout, string root, string split, Action<DatasetProblem> report) =>
        Find(layout).List(root, split, report);

    /// <summary>The layout that a folder has, by the files in it.</summary>
    /// <exception cref="DatasetException">The folder fits no known layout.</exception>
    public static string LayoutOf(string root) => LayoutsOf(root)[0];

    /// <summary>The layouts that a folder can be read as, by the files in it, the usual one first.</summary>
    /// <exception cref="DatasetException">The folder fits no known layout.</exception>
    public static IReadOnlyList<string> LayoutsOf(string root)
    {
        Folders.Require(root, "a data set");
        // VOC 2010 is no layout of its own: where PASCAL Context's labels lie beside its masks, they are read.
        var fitting = KnownLayouts.All.Where(l => l.Fits(root)).Select(l => l.Name).ToArray();
        return fitting.Length > 0 ? fitting : throw new DatasetException(root,
            "neither leftImg8bit (Cityscapes) nor JPEGImages (VOC) in it, nor what other layouts have; name the folder that holds it, or "
                + $"describe yours in {DescribedFolder.FileName}");
    }

    /// <summary>The classes of a layout.</summary>
    /// <param name="layout">The layout's name.</param>
    /// <param name="root">The data set's folder; it names its classes in the layouts list and folder.</param>
    /// <exception cref="ArgumentException">The layout is not known.</exception>
    /// <exception cref="DatasetException">The folder does not name its classes.</exception>
    public static ClassList ClassesOf(string layout, string root) => Find(layout).Classes(root);

    /// <summary>The meaning of the values of a layout's published label files; for Cityscapes, of label ids.</summary>
    /// <inheritdoc cref="ClassesOf"/>
    public static LabelTable LabelsOf(string layout, string root) => Find(layout).Labels(root);

    static DatasetLayout Find(string layout)
    {
        if (KnownLayouts.All.FirstOrDefault(l => l.Name == layout) is { } found)
            return found;
        var near = Layouts.FirstOrDefault(l => l.StartsWith(layout, StringComparison.OrdinalIgnoreCase)
            || layout.StartsWith(l, StringComparison.OrdinalIgnoreCase));
        throw new ArgumentException($"layout '{layout}' cannot be read; {string.Join(" or ", Layouts)} was "
            + $"wanted{(near is null || layout.Length == 0 ? "" : $": is it {near}?")}");
    }
}
