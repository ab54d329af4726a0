using Hwaso.Data.Checking;
using Hwaso.Data.Layouts;

namespace Hwaso.Data;

/// <summary>Opens data sets by the name of their layout.</summary>
public static class Datasets
{
    /// <summary>The layouts that can be opened.</summary>
    public static IReadOnlyList<string> Layouts { get; } = ["cityscapes", "voc", "pascal-context-59"];

    /// <summary>Lists one split of a data set.</summary>
    /// <param name="layout">The layout's name.</param>
    /// <param name="root">The data set's folder.</param>
    /// <param name="split">The split's name.</param>
    /// <exception cref="ArgumentException">A layout that is not known.</exception>
    /// <exception cref="DatasetException">The folder does not hold such a data set or split.</exception>
    public static SegmentationDataset Open(string layout, string root, string split) => layout switch
    {
        "cityscapes" => CityscapesDataset.Open(root, split),
        "voc" => VocDataset.Open(root, split),
        "pascal-context-59" => PascalContextDataset.Open(root, split),
        _ => throw Unknown(layout),
    };

    /// <summary>Lists a split as far as it goes: what is missing is told and left out, instead of being an error.</summary>
    internal static SegmentationDataset OpenLeniently(string layout, string root, string split, Action<DatasetProblem> tell) => layout switch
    {
        "cityscapes" => CityscapesDataset.OpenLeniently(root, split),
        "voc" => VocDataset.OpenLeniently(root, split, tell),
        "pascal-context-59" => PascalContextDataset.OpenLeniently(root, split, tell),
        _ => throw Unknown(layout),
    };

    /// <summary>The layout that a folder has, by the folders in it.</summary>
    /// <exception cref="DatasetException">It has none that is known.</exception>
    public static string LayoutOf(string root)
    {
        bool Has(string year, string folder) => new[] { "", year, Path.Combine("VOCdevkit", year) }.Any(f => Directory.Exists(Path.Combine(root, f, folder)));
        Folders.Require(root, "a data set");
        return Folders.Cityscapes(root, "leftImg8bit") is not null ? "cityscapes"
            : Has("VOC2010", "SegmentationClassContext") || Has("VOC2010", "Context") ? "pascal-context-59"
            : Has("VOC2012", "JPEGImages") ? "voc"
            : throw new DatasetException(root, "neither leftImg8bit (Cityscapes) nor JPEGImages (VOC) in it; name the folder that holds one of them");
    }

    /// <summary>The classes of a layout.</summary>
    /// <exception cref="ArgumentException">A layout that is not known.</exception>
    public static ClassList ClassesOf(string layout) => layout switch
    {
        "cityscapes" => ClassList.Cityscapes,
        "voc" => ClassList.Voc,
        "pascal-context-59" => ClassList.PascalContext59,
        _ => throw Unknown(layout),
    };

    static ArgumentException Unknown(string layout)
    {
        var near = Layouts.FirstOrDefault(l => l.StartsWith(layout, StringComparison.OrdinalIgnoreCase) || layout.StartsWith(l, StringComparison.OrdinalIgnoreCase));
        return new ArgumentException($"layout '{layout}' cannot be read; {string.Join(" or ", Layouts)} was wanted{(near is null || layout.Length == 0 ? "" : $": is it {near}?")}");
    }
}
