using System.Buffers.Binary;
using System.Security.Cryptography;
using Hwaso.Data.Depth;
using Hwaso.Data.Layouts;
using Hwaso.Imaging;

namespace Hwaso.Data.Checking;

/// <summary>Checks one image with its label and adds the findings to a tally.</summary>
/// <param name="data">The split.</param>
/// <param name="split">Its name.</param>
/// <param name="sample">The image.</param>
/// <param name="disparity">The disparity of the data set's images; null where it has none.</param>
/// <param name="tally">The tally that counts everything.</param>
/// <param name="channels">Channels that images must have; 3 for colours.</param>
sealed class SampleCheck(SegmentationDataset data, string split, Sample sample, DepthSource? disparity, Tally tally, int channels)
{
    readonly List<DatasetProblem> found = [];
    double badness;

    /// <summary>Reads the files and adds their content and problems to the tally.</summary>
    public void Run()
    {
        Look();
        var image = Attempt(sample.ImagePath, () => ImageFile.ReadChannels(sample.ImagePath, channels));
        if (image is not null)
        {
            tally.AddSize(image.Width, image.Height);
            CheckSums(sample.ImagePath);
        }
        if (sample.LabelPath is { } labelPath)
            Label(labelPath, image);
        else
            Found(new DatasetProblem(sample.ImagePath, ProblemKind.MissingFile,
                sample.WantedLabel is { } wanted ? $"has no label: {wanted} was wanted" : "has no label"), bad: 4);
        tally.Add(found);
        if (badness > 0 && sample.LabelPath is not null)
            tally.Add(new DatasetPicture(sample, split, data.TableOf(sample), badness,
                [.. found.Select(f => $"{Path.GetFileName(f.Path)}: {f.Message}")]));
    }

    void Label(string path, ChannelImage? image)
    {
        var table = data.TableOf(sample);
        var labels = Attempt(path, () => table.Read(path));
        var info = Quietly(() => Png.Info(path));
        if (info is not null || labels is not null)
            tally.AddEncoding(info is not null ? EncodingOf(info)
                : path.EndsWith(".mat", StringComparison.OrdinalIgnoreCase) ? "MATLAB matrices" : "TIFF or BMP");
        if (labels is null)
            return;
        CheckSums(path);
        // Colours are not reported, and COCO's panoptic files have a table each.
        if (!table.OfColors)
            tally.AddValues(table, labels);
        if (info?.Palette is { } palette && !table.OfColors)
            tally.AddPalette(table, labels, palette);
        if (image is not null && (image.Width != labels.Width || image.Height != labels.Height))
            Found(new DatasetProblem(path, ProblemKind.SizeMismatch,
                $"is {labels.Width}×{labels.Height}, its image is {image.Width}×{image.Height}"), bad: 3);
        // The file whose size differs from the image is wrong.
        var size = image is null ? $"its labels are {labels.Width}×{labels.Height}" : $"its image is {image.Width}×{image.Height}";
        Instances(size);
        Disparity(size);
        if (data is PascalContextDataset && Quietly(() => VocMask()) is { } voc)
            tally.AddContext(labels, voc);
        var unknown = table.UnknownValues(labels);
        if (unknown.Count > 0)
        {
            var pixels = unknown.Sum(u => u.Pixels);
            var named = string.Join(", ", unknown.Take(8).Select(u => $"{u.Value} ({u.Pixels} pixels)"));
            var more = unknown.Count > 8 ? $" and {unknown.Count - 8} more" : "";
            Found(new DatasetProblem(path, ProblemKind.UnknownLabel, $"labels that are no class: {named}{more}{Suspicion(labels)}"),
                bad: 2 + (double)pixels / labels.Labels.Length);
            return;
        }
        table.Apply(labels, path);
        var ignored = tally.Count(labels, split);
        if (ignored == labels.Labels.Length)
            Found(new DatasetProblem(path, ProblemKind.NothingLabelled, $"not one pixel is labelled; all are ignored{Suspicion(labels)}"),
                bad: 2);
        badness = Math.Max(badness, (double)ignored / labels.Labels.Length);
    }

    // Decoding does not show whether another image has the same bytes, or whether viewers show the image differently.
    void Look()
    {
        if (Quietly(() => File.Exists(sample.ImagePath) ? File.ReadAllBytes(sample.ImagePath) : null) is not { } bytes)
            return;
        if (bytes.Length > 0)
            tally.SeenContent(sample, split, BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(bytes)));
        if (ExifOrientation.Of(bytes) is not 1 and var turned)
            Found(new DatasetProblem(sample.ImagePath, ProblemKind.Rotated,
                $"its Exif data ask viewers to turn it (orientation {turned}), and pixels are taken as stored; where its mask was drawn "
                + "on the turned picture, turn the image itself"), bad: 1.5);
        if (channels == 3 && bytes.Length > 24 && bytes[24] == 16
            && bytes.AsSpan().StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G']))
            Found(new DatasetProblem(sample.ImagePath, ProblemKind.DeepImage,
                "has 16 bits a colour, of which the upper 8 are taken; save it with 8 where its values do not fill the range"), bad: 1.5);
    }

    /// <summary>Reports a wrong CRC of a file that was read: pixels that fit their own check sum are taken, but not everywhere.</summary>
    void CheckSums(string path)
    {
        if (Quietly(() => Png.DamagedChunk(File.ReadAllBytes(path))) is { } chunk)
            Found(new DatasetProblem(path, ProblemKind.WrongChecksum,
                $"the check sum (CRC) of its chunk {chunk} is wrong; Hwaso and Pillow read it, libpng and OpenCV refuse it: fetch or "
                + "export it again"), bad: 1.5);
    }

    // Cityscapes keeps instances as 16-bit numbers, VOC as indices: only their size can be compared.
    void Instances(string wanted)
    {
        if (sample.InstancePath is { } path)
            SameSize(path, wanted, Attempt(path,
                () => Png.Info(path).ColorType == PngColorType.Indexed ? SizeOf(Png.ReadLabels(path)) : SizeOf(Png.ReadGray16(path))));
    }

    void Disparity(string wanted)
    {
        if (disparity?.PathOf(sample) is { } path && File.Exists(path))
            SameSize(path, wanted, Attempt(path, () => SizeOf(Png.ReadGray16(path))));
    }

    /// <summary>VOC's own mask of an image of PASCAL Context, where it has one.</summary>
    LabelMap? VocMask()
    {
        var mask = Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(sample.ImagePath))!, "SegmentationClass", sample.Id + ".png");
        return File.Exists(mask) ? Png.ReadLabels(mask) : null;
    }

    void SameSize(string path, string wanted, string? size)
    {
        if (size is not null && !wanted.EndsWith($" {size}", StringComparison.Ordinal))
            Found(new DatasetProblem(path, ProblemKind.SizeMismatch, $"is {size}, {wanted}"), bad: 3);
    }

    static string EncodingOf(PngInfo info)
    {
        var kind = info.ColorType switch
        {
            PngColorType.Indexed => "palette indices",
            PngColorType.Gray => "gray values",
            PngColorType.GrayAlpha => "gray with opacity",
            PngColorType.Rgb => "colours",
            _ => "colours with opacity",
        };
        return $"{info.BitDepth}-bit {kind}";
    }

    static string SizeOf(LabelMap map) => $"{map.Width}×{map.Height}";

    static string SizeOf(Gray16Image image) => $"{image.Width}×{image.Height}";

    static string Suspicion(LabelMap labels) =>
        labels.Labels.Contains((byte)0) && labels.Labels.Contains(ClassList.Ignore) && labels.Labels.All(v => v is 0 or ClassList.Ignore)
            ? "; only 0 and 255 occur: a two-class mask saved black and white?"
            : "";

    void Found(DatasetProblem problem, double bad)
    {
        found.Add(problem);
        badness = Math.Max(badness, bad);
    }

    /// <summary>Reads a file; an error becomes a problem of the report.</summary>
    T? Attempt<T>(string path, Func<T> read) where T : class
    {
        try
        {
            return read();
        }
        catch (DatasetException error)
        {
            // A picture of unknown colours can still be shown; an unreadable MATLAB file cannot.
            var broken = path.EndsWith(".mat", StringComparison.OrdinalIgnoreCase);
            Found(new DatasetProblem(path, broken ? ProblemKind.BrokenFile : ProblemKind.UnknownLabel, error.Problem), bad: broken ? 4 : 3);
        }
        catch (ImageFormatException error)
        {
            Found(new DatasetProblem(path, ProblemKind.BrokenFile, error.Message[(path.Length + 2)..]), bad: 4);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Found(new DatasetProblem(path, File.Exists(path) ? ProblemKind.BrokenFile : ProblemKind.MissingFile, error.Message), bad: 4);
        }
        return null;
    }

    /// <summary>Reads additional information; errors are dropped here, because reading the file itself reports them.</summary>
    static T? Quietly<T>(Func<T?> read) where T : class
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is ImageFormatException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
