using System.Diagnostics;
using System.Runtime.ExceptionServices;
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

    /// <summary>
    /// Segments the images one after the other and writes their labels; an image that cannot be read or segmented is left out and listed.
    /// </summary>
    /// <param name="segmenter">The network.</param>
    /// <param name="progress">Receives the number of images done.</param>
    /// <param name="log">Receives a line for each image left out.</param>
    /// <param name="stop">Ends the work with an exception; files that are written stay.</param>
    /// <exception cref="ArgumentException">
    /// The benchmark has other classes than the network, or no image fits the network.
    /// </exception>
    /// <exception cref="IOException">A file cannot be written, or no image can be read.</exception>
    /// <exception cref="Torch.TorchException">libtorch refuses every image, or lacks memory for each.</exception>
    public LabelFilesResult Write(
        Segmenter segmenter, Action<int>? progress = null, Action<string>? log = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(segmenter);
        submission?.Check(segmenter);
        OutputFolder.Make(folder);
        var palette = segmenter.Palette;
        var written = new List<LabelFile>();
        var failed = new List<ImageFailure>();
        Exception? first = null;
        for (var k = 0; k < images.Count; k++)
        {
            stop.ThrowIfCancellationRequested();
            ChannelImage image;
            LabelMap labels;
            double milliseconds;
            try
            {
                image = segmenter.Read(images[k]);
                var began = Stopwatch.GetTimestamp();
                labels = segmenter.Segment(image, stop);
                milliseconds = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                // One bad image among many costs that image, not the others.
                first ??= error;
                failed.Add(ImageFailure.Of(images[k], error));
                log?.Invoke(failed[^1].Problem);
                progress?.Invoke(k + 1);
                continue;
            }
            written.Add(WriteOne(image, labels, palette, k, milliseconds));
            progress?.Invoke(k + 1);
        }
        // Where no image works, for another reason than damage, the network or the machine is to blame.
        if (written.Count == 0 && first is not (null or ImageFormatException))
            ExceptionDispatchInfo.Throw(first);
        return new LabelFilesResult(written, failed);
    }

    LabelFile WriteOne(ChannelImage image, LabelMap labels, Palette palette, int index, double milliseconds)
    {
        var (file, overlay) = targets[index];
        if (submission is null)
            Png.WriteIndexed(file, labels, palette);
        else
            submission.Write(file, labels);
        if (overlay is not null)
            Png.Write(overlay, Overlay.Blend(image.ToRgb(), labels, palette));
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

/// <summary>The result of segmenting image files.</summary>
/// <param name="Written">The label maps, in the order of the images.</param>
/// <param name="Failed">The images that could not be read or segmented.</param>
public sealed record LabelFilesResult(IReadOnlyList<LabelFile> Written, IReadOnlyList<ImageFailure> Failed);
