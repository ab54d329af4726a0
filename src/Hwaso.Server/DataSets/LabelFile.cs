using Hwaso.Common;
using Hwaso.Data;
using Hwaso.Imaging;
using Hwaso.Server.Http;

namespace Hwaso.Server.DataSets;

/// <summary>
/// Reads and writes the label file of an image. A pixel whose class stays keeps the value that the file has, so that ids without a class
/// survive; the palette is kept, and so is the file as it was before the first change.
/// </summary>
/// <param name="data">The data set.</param>
/// <param name="write">Writes a file, whole or not at all; tests give one that fails.</param>
sealed class LabelFile(DataFolder data, Action<string, byte[]> write)
{
    const string Kept = ".hwaso";

    public LabelFile(DataFolder data) : this(data, AtomicFile.Write)
    {
    }

    /// <summary>The training index of each pixel; 255 where a value is ignored or of no class.</summary>
    public static LabelMap Meanings(LabelMap values, LabelTable table)
    {
        var meanings = new byte[256];
        for (var v = 0; v < meanings.Length; v++)
            meanings[v] = (byte)(table.MeaningOf(v) ?? ClassList.Ignore);
        return new LabelMap(values.Width, values.Height, Array.ConvertAll(values.Labels, v => meanings[v]));
    }

    /// <summary>Why an image's label cannot be written; null where it can.</summary>
    public string? ReadOnlyReason(DataImage image)
    {
        if (image.Sample.LabelPath is not { } path)
            return image.Sample.WantedLabel is { } wanted && wanted.EndsWith(".png", StringComparison.OrdinalIgnoreCase) ? null
                : "the layout says no place for a label of this image";
        if (!path.EndsWith(".png", StringComparison.OrdinalIgnoreCase))
            return "its label is no PNG; convert the data set first (hwaso dataset convert)";
        if (image.Table.OfColors)
            return "its labels are colours, not indices; convert the data set first (hwaso dataset convert)";
        try
        {
            return Png.Info(path) is { BitDepth: <= 8, ColorType: PngColorType.Indexed or PngColorType.Gray } ? null
                : "its label has more than 8 bits or several channels; convert it to indices first";
        }
        catch (Exception error) when (error is ImageFormatException or IOException or UnauthorizedAccessException)
        {
            return data.Relative(error.Message);
        }
    }

    /// <summary>The label as an indexed PNG of training indices, and the tag of its file.</summary>
    /// <param name="image">The image.</param>
    /// <param name="original">Whether the label as it was before the first change is wanted.</param>
    /// <exception cref="RequestFailure">There is none (404), or it cannot be read (422).</exception>
    public (byte[] Png, string Tag) Read(DataImage image, bool original)
    {
        if (image.Sample.LabelPath is not { } path)
            throw RequestFailure.NotFound($"image {image.Sample.Id} has no label yet; PUT one with If-None-Match: *");
        var bytes = data.Read(original && File.Exists(Original(image)) ? Original(image) : path);
        try
        {
            // A reader of colours or matrices opens the file itself.
            var values = path.EndsWith(".png", StringComparison.OrdinalIgnoreCase) && !image.Table.OfColors
                ? Png.DecodeLabels(bytes, data.Relative(path)) : image.Table.Read(path);
            return (Png.EncodeIndexed(Meanings(values, image.Table), data.Classes.Palette), FileTag.Of(bytes));
        }
        catch (Exception error) when (error is ImageFormatException or DatasetException)
        {
            throw new RequestFailure(422, data.Relative(error.Message));
        }
    }

    /// <summary>Whether the label was changed here, so that it can be seen as it was before.</summary>
    public bool HasOriginal(DataImage image) => File.Exists(Original(image));

    /// <summary>Writes a label if the file is still the one that the client has seen.</summary>
    /// <param name="image">The image.</param>
    /// <param name="labels">Training indices, 255 for ignored.</param>
    /// <param name="seen">The tag of the file that the client changed; null for an image that has no label.</param>
    /// <param name="stop">Stops waiting for another change of the same label.</param>
    /// <returns>The new file's tag.</returns>
    /// <exception cref="RequestFailure">
    /// Another window wrote meanwhile (412), the labels do not fit (422), the file cannot be written (422) or there is no room (507).
    /// </exception>
    public async Task<string> WriteAsync(DataImage image, LabelMap labels, string? seen, CancellationToken stop)
    {
        if (ReadOnlyReason(image) is { } reason)
            throw new RequestFailure(422, $"image {image.Sample.Id}: {reason}");
        await image.Gate.WaitAsync(stop);
        try
        {
            var tag = image.Sample.LabelPath is { } path ? Replace(image, path, labels, seen) : Create(image, labels, seen);
            data.Scan.Renew(image);
            return tag;
        }
        catch (Exception error) when (error is ImageFormatException or DatasetException)
        {
            throw new RequestFailure(422, $"the label was not saved, because a file that it belongs to cannot be read: "
                + data.Relative(error.Message));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new RequestFailure(507, $"the label was not saved; the old file is whole: {data.Relative(error.Message)} "
                + "Make room or mend the folder, then save again");
        }
        finally
        {
            image.Gate.Release();
        }
    }

    string Replace(DataImage image, string path, LabelMap labels, string? seen)
    {
        var before = data.Read(path);
        var tag = FileTag.Of(before);
        if (seen != tag)
            throw new RequestFailure(412, seen is null
                ? $"image {image.Sample.Id} has a label meanwhile; fetch it, and send your change with If-Match"
                : $"the label of image {image.Sample.Id} was changed meanwhile, in another window or by another program; nothing was "
                    + "written: fetch it again and decide which one to keep").With("ETag", tag);
        var info = Png.Info(path);
        var values = Png.DecodeLabels(before, data.Relative(path));
        if (values.Width != labels.Width || values.Height != labels.Height)
            throw new RequestFailure(422, $"labels of {labels.Width}×{labels.Height}; the file has {values.Width}×{values.Height}");
        var changed = Values(labels, image.Table, values.Labels);
        var bytes = info is { ColorType: PngColorType.Indexed, Palette: { } palette } ? Png.EncodeIndexed(changed, palette)
            : Png.EncodeGray(changed);
        Keep(image, before);
        write(path, bytes);
        return FileTag.Of(bytes);
    }

    string Create(DataImage image, LabelMap labels, string? seen)
    {
        if (seen is not null)
            throw new RequestFailure(412, $"image {image.Sample.Id} has no label; send If-None-Match: * to create it");
        var sample = image.Sample with { LabelPath = image.Sample.WantedLabel };
        var (width, height) = Hwaso.Imaging.ImageFile.Size(data.Read(sample.ImagePath), data.Relative(sample.ImagePath));
        if (width != labels.Width || height != labels.Height)
            throw new RequestFailure(422, $"labels of {labels.Width}×{labels.Height}; the image has {width}×{height}");
        Directory.CreateDirectory(Path.GetDirectoryName(sample.LabelPath!)!);
        var table = image.TableWith(sample);
        var bytes = Png.EncodeIndexed(Values(labels, table, null), ValuePalette(table));
        write(sample.LabelPath!, bytes);
        image.Sample = sample;
        return FileTag.Of(bytes);
    }

    // The file as it was before the first change stays for ever, the one before the last change until the next.
    void Keep(DataImage image, byte[] before)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Original(image))!);
        if (!File.Exists(Original(image)))
            write(Original(image), before);
        write(Original(image).Replace(".original.png", ".previous.png", StringComparison.Ordinal), before);
    }

    // Keys have no separators, so that this is always in the folder.
    string Original(DataImage image) => Path.Combine(data.Root, Kept, "labels", image.Split, image.Key + ".original.png");

    Palette ValuePalette(LabelTable table) => Palette.FromColors(
        [.. Enumerable.Range(0, 256).Select(v => data.Classes.Palette[table.MeaningOf(v) ?? ClassList.Ignore])]);

    /// <summary>The values of a file: those that it has where the class stays, else the first that means the class.</summary>
    static LabelMap Values(LabelMap labels, LabelTable table, byte[]? before)
    {
        var values = new int[256];
        Array.Fill(values, -1);
        for (var v = 255; v >= 0; v--)
            if (table.MeaningOf(v) is { } k)
                values[k] = v;
        // The usual value of what is ignored, where the table has it.
        if (table.MeaningOf(ClassList.Ignore) == ClassList.Ignore)
            values[ClassList.Ignore] = ClassList.Ignore;
        var result = new byte[labels.Labels.Length];
        for (var p = 0; p < result.Length; p++)
        {
            var wanted = labels.Labels[p];
            if (before is not null && (table.MeaningOf(before[p]) ?? ClassList.Ignore) == wanted)
                result[p] = before[p];
            else if (values[wanted] >= 0)
                result[p] = (byte)values[wanted];
            else
                throw new RequestFailure(422, FormattableString.Invariant($"the value {wanted} at pixel {p % labels.Width}, ")
                    + FormattableString.Invariant($"{p / labels.Width} is no class of the data set nor 255 (ignored)"));
        }
        return new LabelMap(labels.Width, labels.Height, result);
    }
}
