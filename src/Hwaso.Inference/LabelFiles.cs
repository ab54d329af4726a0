using System.Diagnostics;
using Hwaso.Imaging;

namespace Hwaso.Inference;

/// <summary>The label maps, and overlays, that image files are segmented into: their names, and the work.</summary>
public sealed class LabelFiles
{
    readonly IReadOnlyList<string> images;
    readonly string folder;
    readonly Submission? submission;
    readonly IReadOnlyList<(string Labels, string? Overlay)> targets;

    /// <summary>Names the files and checks that all can be written; nothing is read or written yet.</summary>
    /// <param name="images">Image files; a label map has the name of its image, with as much of the folders as makes it unique.</param>
    /// <param name="folder">The folder to write to; it is made when the first label map is written.</param>
    /// <param name="overlay">Whether to write NAME_overlay.png too: the image with its labels over it.</param>
    /// <param name="submission">
    /// The benchmark for whose server the labels are written; null for indexed PNGs of the network's classes.
    /// </param>
    /// <exception cref="FileNotFoundException">An image is missing.</exception>
    /// <exception cref="ArgumentException">
    /// A file would replace an image or be written twice, or the benchmark does not know an image's name.
    /// </exception>
    public LabelFiles(IReadOnlyList<string> images, string folder, bool overlay = false, Submission? submission = null)
    {
        ArgumentNullException.ThrowIfNull(images);
        (this.images, this.folder, this.submission) = (images, folder, submission);
        ImageNames.Check(images);
        targets = [.. ImageNames.Of(images).Select((name, k) => (
            Path.Combine(folder, submission?.FileOf(images[k]) ?? name + ".png"),
            overlay ? Path.Combine(folder, name + "_overlay.png") : null))];
        RefuseOverwriting();
    }

    /// <summary>Segments the images one after the other and writes their labels; a damaged image is left out and listed.</summary>
    /// <param name="segmenter">The network.</param>
    /// <param name="progress">Receives the number of images done.</param>
    /// <param name="log">Receives a line for each image left out.</param>
    /// <param name="stop">Ends the work with an exception; files that are written stay.</param>
    /// <exception cref="ArgumentException">
    /// The benchmark has other classes than the network, or an image does not fit the network.
    /// </exception>
    /// <exception cref="IOException">An image cannot be read, or a file cannot be written.</exception>
    /// <exception cref="Torch.TorchException">libtorch refuses an image, or lacks memory.</exception>
    public LabelFilesResult Write(
        Segmenter segmenter, Action<int>? progress = null, Action<string>? log = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(segmenter);
        submission?.Check(segmenter);
        OutputFolder.Make(folder);
        var palette = segmenter.Palette;
        var written = new List<LabelFile>();
        var failed = new List<LabelFailure>();
        for (var k = 0; k < images.Count; k++)
        {
            stop.ThrowIfCancellationRequested();
            try
            {
                written.Add(WriteOne(segmenter, palette, k, stop));
            }
            catch (ImageFormatException error)
            {
                // One bad image among many costs that image, not the others.
                failed.Add(new LabelFailure(images[k], error.Message));
                log?.Invoke(error.Message);
            }
            progress?.Invoke(k + 1);
        }
        return new LabelFilesResult(written, failed);
    }

    LabelFile WriteOne(Segmenter segmenter, Palette palette, int index, CancellationToken stop)
    {
        var (file, overlay) = targets[index];
        var image = ImageFile.ReadRgb(images[index]);
        var began = Stopwatch.GetTimestamp();
        var labels = segmenter.Segment(image, stop);
        var milliseconds = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        if (submission is null)
            Png.WriteIndexed(file, labels, palette);
        else
            submission.Write(file, labels);
        if (overlay is not null)
            Png.Write(overlay, Overlay.Blend(image, labels, palette));
        return new LabelFile(images[index], file, milliseconds);
    }

    // A label map is named after its image: in the image's own folder it would take its place.
    void RefuseOverwriting()
    {
        var inputs = images.Select(Path.GetFullPath).ToHashSet(StringComparer.Ordinal);
        var files = targets.SelectMany(t => t.Overlay is { } overlay ? [t.Labels, overlay] : new[] { t.Labels }).ToArray();
        if (files.FirstOrDefault(file => inputs.Contains(Path.GetFullPath(file))) is { } image)
            throw new ArgumentException($"{image} is one of the images and would be replaced by labels; name another folder with --out");
        if (files.GroupBy(file => file).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new ArgumentException($"{twice.Key} would be written twice, for two images; predict them into two folders");
    }
}

/// <summary>A label map that was written.</summary>
/// <param name="Image">The image.</param>
/// <param name="File">The label map.</param>
/// <param name="Milliseconds">Time of the network, without reading and writing.</param>
public sealed record LabelFile(string Image, string File, double Milliseconds);

/// <summary>An image without labels.</summary>
/// <param name="Image">The image.</param>
/// <param name="Problem">The fault of the image.</param>
public sealed record LabelFailure(string Image, string Problem);

/// <summary>The result of segmenting image files.</summary>
/// <param name="Written">The label maps, in the order of the images.</param>
/// <param name="Failed">The images that are damaged or of an unknown format.</param>
public sealed record LabelFilesResult(IReadOnlyList<LabelFile> Written, IReadOnlyList<LabelFailure> Failed);
