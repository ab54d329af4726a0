using System.Text.RegularExpressions;
using Hwaso.Data;
using Hwaso.Imaging;

namespace Hwaso.Inference;

/// <summary>The form in which a benchmark's server takes predictions: names, folders and the meaning of the numbers.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Classes">The classes of the predictions.</param>
/// <param name="Folder">The folder of label maps, below the folder of the results.</param>
/// <param name="Description">The files in one line.</param>
public sealed partial record Submission(string Name, ClassList Classes, string Folder, string Description)
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<Submission> All { get; } =
    [
        new("cityscapes", ClassList.Cityscapes, "", "CITY_SEQUENCE_FRAME_pred_labelIds.png, gray, label ids"),
        new("voc-comp5", ClassList.Voc, "results/VOC2012/Segmentation/comp5_test_cls",
            "results/VOC2012/Segmentation/comp5_test_cls/ID.png in VOC's palette, for networks trained on VOC alone"),
        new("voc-comp6", ClassList.Voc, "results/VOC2012/Segmentation/comp6_test_cls",
            "the same in comp6_test_cls, for networks trained on other data too"),
        new("ade20k", ClassList.Ade20k, "", "ID.png, gray, 1 to 150"),
    ];

    /// <summary>Checks that a network has the benchmark's classes.</summary>
    /// <exception cref="ArgumentException">It has others, or does not name them.</exception>
    public void Check(Segmenter segmenter)
    {
        ArgumentNullException.ThrowIfNull(segmenter);
        if (!segmenter.Classes.Select(c => c.Name).SequenceEqual(Classes.Names))
            throw new ArgumentException($"submission {Name} wants the {Classes.Count} classes of {Classes.Name}; {segmenter.Source} "
                + (segmenter.Classes.Count == 0 ? "does not name its classes" : $"has {segmenter.Classes.Count} others"));
    }

    /// <summary>The file of an image's labels, relative to the folder of the results.</summary>
    /// <param name="image">The image's file.</param>
    /// <exception cref="ArgumentException">The server does not know images of such a name.</exception>
    public string FileOf(string image)
    {
        var name = Path.GetFileNameWithoutExtension(image);
        if (Classes != ClassList.Cityscapes)
            return Path.Combine(Folder, name + ".png");
        return Frame().Match(name) is { Success: true } frame
            ? Path.Combine(Folder, frame.Value + "_pred_labelIds.png")
            : throw new ArgumentException(
                $"{image}: Cityscapes' names begin with CITY_SEQUENCE_FRAME, such as berlin_000000_000019_leftImg8bit.png");
    }

    /// <summary>Writes an image's labels.</summary>
    /// <param name="path">The file; its folder is made.</param>
    /// <param name="labels">Training indices, below the number of classes.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(string path, LabelMap labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (Classes == ClassList.Voc)
            Png.WriteIndexed(path, labels, Palette.Voc);
        else
            Png.WriteGray(path, new LabelMap(labels.Width, labels.Height, Array.ConvertAll(labels.Labels, Value)));
    }

    byte Value(byte label) => Classes == ClassList.Cityscapes ? (byte)LabelTable.CityscapesClassIds[label] : (byte)(label + 1);

    [GeneratedRegex("^[^_]+_[0-9]{6}_[0-9]{6}")]
    private static partial Regex Frame();
}
