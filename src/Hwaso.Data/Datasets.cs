using Hwaso.Data.Layouts;

namespace Hwaso.Data;

/// <summary>Opens data sets by the name of their layout.</summary>
public static class Datasets
{
    /// <summary>The layouts that can be opened.</summary>
    public static IReadOnlyList<string> Layouts { get; } = ["cityscapes", "voc"];

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
        _ => throw new ArgumentException($"layout '{layout}' cannot be read; {string.Join(" or ", Layouts)} was wanted"),
    };

    /// <summary>The classes of a layout.</summary>
    /// <exception cref="ArgumentException">A layout that is not known.</exception>
    public static ClassList ClassesOf(string layout) => layout switch
    {
        "cityscapes" => ClassList.Cityscapes,
        "voc" => ClassList.Voc,
        _ => throw new ArgumentException($"layout '{layout}' cannot be read; {string.Join(" or ", Layouts)} was wanted"),
    };
}
