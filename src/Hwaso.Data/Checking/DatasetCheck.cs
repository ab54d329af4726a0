using System.Buffers.Binary;
using System.Security.Cryptography;
using Hwaso.Data.Layouts;
using Hwaso.Imaging;

namespace Hwaso.Data.Checking;

/// <summary>Reads every file of a data set and tells what is wrong with it, without stopping at the first.</summary>
public static class DatasetCheck
{
    /// <summary>Checks train and val.</summary>
    /// <param name="layout">The layout's name.</param>
    /// <param name="root">The data set's folder.</param>
    /// <param name="threads">Threads that read.</param>
    /// <param name="progress">Told the images done, and how many there are; from any thread.</param>
    /// <param name="stop">Ends the work with an exception.</param>
    /// <exception cref="ArgumentException">A layout that is not known.</exception>
    /// <exception cref="DatasetException">The folder is not there.</exception>
    public static DatasetReport Run(string layout, string root, int threads = 1, Action<int, int>? progress = null, CancellationToken stop = default) =>
        Run(layout, root, ["train", "val"], threads, progress, stop);

    /// <summary>Checks the splits named.</summary>
    /// <inheritdoc cref="Run(string, string, int, Action{int, int}?, CancellationToken)"/>
    public static DatasetReport Run(
        string layout, string root, IReadOnlyList<string> splits, int threads = 1, Action<int, int>? progress = null, CancellationToken stop = default)
    {
        Folders.Require(root, $"a data set of layout {layout}");
        var classes = Datasets.ClassesOf(layout, root);
        var tally = new Tally(classes);
        var opened = new List<(string Name, SegmentationDataset Data)>();
        foreach (var split in splits)
            try
            {
                opened.Add((split, Datasets.OpenLeniently(layout, root, split, tally.Add)));
            }
            catch (DatasetException error)
            {
                tally.Add(new DatasetProblem(error.Path, ProblemKind.MissingSplit, error.Problem));
            }
        foreach (var (split, data) in opened)
            foreach (var sample in data.Samples)
                tally.Seen(sample, split);

        var work = opened.SelectMany(s => s.Data.Samples.Select(sample => (s.Data, s.Name, sample))).ToArray();
        var done = 0;
        Parallel.ForEach(work, new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, threads), CancellationToken = stop }, item =>
        {
            Check(item.Data, item.Name, item.sample, tally);
            progress?.Invoke(Interlocked.Increment(ref done), work.Length);
        });
        return tally.Report(layout, opened.Select(s => KeyValuePair.Create(s.Name, s.Data.Samples.Count)).ToArray(), work.Length);
    }

    static void Check(SegmentationDataset data, string split, Sample sample, Tally tally)
    {
        Attempt(sample.ImagePath, () => Look(sample, split, tally), tally: null);
        var image = Attempt(sample.ImagePath, () => ImageFile.ReadRgb(sample.ImagePath), tally);
        if (image is not null)
            tally.AddSize(image.Width, image.Height);
        if (sample.LabelPath is not { } labelPath)
        {
            tally.Add(new DatasetProblem(sample.ImagePath, ProblemKind.MissingFile, "has no label"));
            return;
        }
        var table = data.TableOf(sample);
        var labels = Attempt(labelPath, () => table.Read(labelPath), tally);
        Attempt(labelPath, () => EncodingOf(labelPath, tally), tally: null);
        if (labels is null)
            return;
        tally.AddValues(table, labels);
        if (image is not null && (image.Width != labels.Width || image.Height != labels.Height))
            tally.Add(new DatasetProblem(labelPath, ProblemKind.SizeMismatch, $"is {labels.Width}×{labels.Height}, its image is {image.Width}×{image.Height}"));
        CheckInstances(sample, labels, tally);
        var unknown = table.UnknownValues(labels);
        if (unknown.Count > 0)
        {
            tally.Add(new DatasetProblem(labelPath, ProblemKind.UnknownLabel,
                $"labels that are no class: {string.Join(", ", unknown.Take(8).Select(u => $"{u.Value} ({u.Pixels} pixels)"))}{(unknown.Count > 8 ? $" and {unknown.Count - 8} more" : "")}{Suspicion(labels)}"));
            return;
        }
        table.Apply(labels, labelPath);
        if (!tally.Count(labels))
            tally.Add(new DatasetProblem(labelPath, ProblemKind.NothingLabelled, $"not one pixel is labelled; all are ignored{Suspicion(labels)}"));
    }

    // What decoding does not tell: bytes that another image has too, and what is taken otherwise than a viewer shows it.
    static string? Look(Sample sample, string split, Tally tally)
    {
        if (!File.Exists(sample.ImagePath))
            return null;
        var bytes = File.ReadAllBytes(sample.ImagePath);
        if (bytes.Length > 0)
            tally.SeenContent(sample, split, Digest(bytes));
        if (ExifOrientation.Of(bytes) is not 1 and var turned)
            tally.Add(new DatasetProblem(sample.ImagePath, ProblemKind.Rotated, $"its Exif data ask viewers to turn it (orientation {turned}), and pixels are taken as stored; where its mask was drawn on the turned picture, turn the image itself"));
        if (bytes.AsSpan().StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G']) && bytes.Length > 24 && bytes[24] == 16)
            tally.Add(new DatasetProblem(sample.ImagePath, ProblemKind.DeepImage, "has 16 bits a colour, of which the upper 8 are taken; save it with 8 where its values do not fill the range"));
        return null;
    }

    static string? EncodingOf(string path, Tally tally)
    {
        var info = Png.Info(path);
        tally.AddEncoding($"{info.BitDepth}-bit {info.ColorType switch { PngColorType.Indexed => "palette indices", PngColorType.Gray => "gray values", PngColorType.GrayAlpha => "gray with opacity", PngColorType.Rgb => "colours", _ => "colours with opacity" }}");
        return null;
    }

    static UInt128 Digest(byte[] bytes) => BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(bytes));

    static void CheckInstances(Sample sample, LabelMap labels, Tally tally)
    {
        if (sample.InstancePath is not { } path)
            return;
        // Cityscapes keeps instances as 16-bit numbers, VOC as indices: a size is all that both have.
        var size = Attempt(path, () => Png.Info(path).ColorType == PngColorType.Indexed ? SizeOf(Png.ReadLabels(path)) : SizeOf(Png.ReadGray16(path)), tally);
        if (size is not null && size != SizeOf(labels))
            tally.Add(new DatasetProblem(path, ProblemKind.SizeMismatch, $"is {size}, its labels are {SizeOf(labels)}"));
    }

    static string SizeOf(LabelMap map) => $"{map.Width}×{map.Height}";

    static string SizeOf(Gray16Image image) => $"{image.Width}×{image.Height}";

    static string Suspicion(LabelMap labels) =>
        labels.Labels.All(v => v is 0 or 255) ? "; only 0 and 255 occur: a two-class mask saved black and white?" : "";

    static T? Attempt<T>(string path, Func<T?> read, Tally? tally) where T : class
    {
        try
        {
            return read();
        }
        catch (DatasetException error)
        {
            tally?.Add(new DatasetProblem(path, ProblemKind.UnknownLabel, error.Problem));
        }
        catch (ImageFormatException error)
        {
            tally?.Add(new DatasetProblem(path, ProblemKind.BrokenFile, error.Message[(path.Length + 2)..]));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            tally?.Add(new DatasetProblem(path, File.Exists(path) ? ProblemKind.BrokenFile : ProblemKind.MissingFile, error.Message));
        }
        return null;
    }
}
