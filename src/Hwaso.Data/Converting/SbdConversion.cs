using Hwaso.Data.Layouts;
using Hwaso.Imaging;

namespace Hwaso.Data.Converting;

/// <summary>
/// Prepares PASCAL VOC 2012's augmented training list from SBD (Hariharan et al., "Semantic Contours from Inverse Detectors", ICCV
/// 2011): its <c>dataset/cls/ID.mat</c> become <c>SegmentationClassAug/ID.png</c>, and <c>trainaug.txt</c> is VOC's train with all of
/// SBD that is not in VOC's val (SBD's own train holds VOC's validation images).
/// </summary>
public static class SbdConversion
{
    /// <summary>Converts.</summary>
    /// <param name="sbd">The folder that holds <c>dataset</c> or <c>benchmark_RELEASE/dataset</c>, or that folder itself.</param>
    /// <param name="root">The folder of VOC 2012, or one around it.</param>
    /// <param name="threads">Threads that convert.</param>
    /// <param name="progress">Receives the number of finished images and of all images; called from any thread.</param>
    /// <param name="stop">Cancels the work with an exception.</param>
    /// <exception cref="DatasetException">A folder or list is missing, or no label could be used.</exception>
    public static ConversionSummary Run(string sbd, string root, int threads = 1, Action<int, int>? progress = null,
        CancellationToken stop = default)
    {
        Folders.Require(sbd, "SBD (benchmark_RELEASE)");
        string[] around = [sbd, Path.Combine(sbd, "dataset"), Path.Combine(sbd, "benchmark_RELEASE", "dataset")];
        var source = around.Select(f => Path.Combine(f, "cls")).FirstOrDefault(Directory.Exists)
            ?? throw new DatasetException(sbd,
                "no cls in it, in dataset or in benchmark_RELEASE/dataset; name the folder that SBD was unpacked to");
        var voc = Folders.Voc(root, "VOC2012");
        var lists = Folders.Require(Path.Combine(voc, "ImageSets", "Segmentation"), "VOC's segmentation lists");
        var (train, val) = (Ids(lists, "train"), Ids(lists, "val"));
        var own = train.Concat(val).ToHashSet(StringComparer.Ordinal);
        var names = Directory.EnumerateFiles(source, "*.mat").Select(f => Path.GetFileNameWithoutExtension(f)!).Where(n => !own.Contains(n))
            .Order(StringComparer.Ordinal).ToArray();
        string Mat(string name) => Path.Combine(source, name + ".mat");
        var writing = new LabelWriting(Path.Combine(voc, "SegmentationClassAug"), Palette.Voc, threads, progress, stop);
        writing.Write(names, Mat, name => MatLabels.ReadSbd(Mat(name)));
        if (writing.Written.Count == 0)
            throw new DatasetException(source, names.Length == 0 ? "no *.mat in it that VOC does not have itself"
                : $"none of its {names.Length} files could be used; the first: {writing.Problems[0].Path}: {writing.Problems[0].Message}");
        var more = writing.Written.Order(StringComparer.Ordinal).ToArray();
        string[] all = [.. train.Concat(more).Order(StringComparer.Ordinal)];
        File.WriteAllLines(Path.Combine(lists, "aug.txt"), more);
        File.WriteAllLines(Path.Combine(lists, "trainaug.txt"), all);
        return new ConversionSummary(more.Length, [KeyValuePair.Create("aug", more.Length), KeyValuePair.Create("trainaug", all.Length)],
            writing.Problems);
    }

    static string[] Ids(string lists, string name)
    {
        var file = Path.Combine(lists, name + ".txt");
        return File.Exists(file)
            ? [.. File.ReadAllLines(file).Select(l => l.Trim()).Where(l => l.Length > 0)]
            : throw new DatasetException(file, "no such list; VOC 2012's own is needed to keep its validation images out of training");
    }
}
