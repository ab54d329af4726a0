using Hwaso.Data.Layouts;

namespace Hwaso.Data.Converting;

/// <summary>
/// Prepares PASCAL Context (Mottaghi et al., CVPR 2014) in its 59 classes from either published form: <c>trainval/ID.mat</c> of 459
/// labels, or <c>trainval_merged.json</c>. Writes <c>SegmentationClassContext/ID.png</c>, 0 for everything else and 1 to 59 in
/// alphabetical order, and the lists.
/// </summary>
public static class ContextConversion
{
    static readonly string[] splitNames = ["train", "val"];

    /// <summary>Converts.</summary>
    /// <param name="source">The folder of the .mat files, or trainval_merged.json.</param>
    /// <param name="root">The folder of VOC 2010, or one around it.</param>
    /// <param name="threads">Threads that convert.</param>
    /// <param name="progress">Receives the number of finished images and of all images; called from any thread.</param>
    /// <param name="stop">Cancels the work with an exception.</param>
    /// <exception cref="DatasetException">A folder, file or list is missing, or no label could be used.</exception>
    public static ConversionSummary Run(string source, string root, int threads = 1, Action<int, int>? progress = null,
        CancellationToken stop = default)
    {
        var voc = Folders.Voc(root, "VOC2010");
        var palette = ClassList.PascalContext60.Palette;
        var writing = new LabelWriting(Path.Combine(voc, "SegmentationClassContext"), palette, threads, progress, stop);
        var splits = File.Exists(source) ? FromJson(source, writing) : FromMat(source, voc, writing);
        if (writing.Written.Count == 0)
            throw new DatasetException(source, writing.Problems.Count == 0 ? "no annotation of any image in it"
                : $"no annotation could be used; the first: {writing.Problems[0].Path}: {writing.Problems[0].Message}");
        var lists = Path.Combine(voc, "ImageSets", "SegmentationContext");
        Directory.CreateDirectory(lists);
        var told = new List<KeyValuePair<string, int>>();
        foreach (var (split, names) in splits)
        {
            var there = names.Where(writing.Written.Contains).Order(StringComparer.Ordinal).ToArray();
            File.WriteAllLines(Path.Combine(lists, split + ".txt"), there);
            told.Add(KeyValuePair.Create(split, there.Length));
        }
        return new ConversionSummary(writing.Written.Count, told, writing.Problems);
    }

    // The .mat files come without lists: the splits are those of VOC 2010, of which every image is annotated.
    static List<(string Split, string[] Names)> FromMat(string folder, string voc, LabelWriting writing)
    {
        Folders.Require(folder, "PASCAL Context's ID.mat, or name trainval_merged.json");
        var source = Directory.Exists(Path.Combine(folder, "trainval")) ? Path.Combine(folder, "trainval") : folder;
        var main = Folders.Require(Path.Combine(voc, "ImageSets", "Main"),
            "VOC 2010's lists train.txt and val.txt, which the annotations are split by");
        var splits = splitNames.Select(split => (split, File.Exists(Path.Combine(main, split + ".txt"))
            ? File.ReadAllLines(Path.Combine(main, split + ".txt")).Select(l => l.Trim()).Where(l => l.Length > 0).ToArray()
            : throw new DatasetException(Path.Combine(main, split + ".txt"),
                "no such list; VOC 2010's own is needed to split the annotations"))).ToList();
        string Mat(string name) => Path.Combine(source, name + ".mat");
        var names = Directory.EnumerateFiles(source, "*.mat").Select(f => Path.GetFileNameWithoutExtension(f)!)
            .Order(StringComparer.Ordinal).ToArray();
        writing.Write(names, Mat, name => MatLabels.ReadContext(Mat(name)));
        return splits;
    }

    static List<(string Split, string[] Names)> FromJson(string file, LabelWriting writing)
    {
        var annotations = ContextJson.Read(file);
        writing.Write([.. annotations.Images.Where(i => annotations.IsAnnotated(i)).Select(i => i.Name)], _ => file, annotations.Labels);
        return [.. annotations.Images.GroupBy(i => i.Phase).Where(g => g.Key is "train" or "val")
            .OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => (g.Key, g.Select(i => i.Name).ToArray()))];
    }
}
