using System.Runtime.ExceptionServices;
using Hwaso.Imaging;
using Hwaso.Models;
using Hwaso.Torch;

namespace Hwaso.Inference.Explaining;

/// <summary>
/// A network's attention on images, drawn into files: a heat map or a strip of bars for each view, and a sheet of them all.
/// </summary>
/// <param name="model">The network.</param>
/// <param name="folder">The folder to write to.</param>
public sealed class AttentionFiles(LoadedModel model, string folder)
{
    const int SheetColumns = 3, SheetWidth = 480;

    readonly AttentionViewer viewer = new(model.Net, model.ClassCount);

    /// <summary>Draws the attention on images; one that cannot be read or explained is left out and listed.</summary>
    /// <param name="images">The image files; results have their names.</param>
    /// <param name="question">Which maps are wanted.</param>
    /// <param name="log">Receives a line for each image left out.</param>
    /// <param name="stop">Ends the work with an exception; files that are written stay.</param>
    /// <exception cref="ArgumentException">
    /// The network has no attention that can be drawn, the pixel lies outside of every image, or an image is given twice.
    /// </exception>
    /// <exception cref="IOException">A file cannot be written, or no image can be read.</exception>
    public AttentionFilesResult Write(
        IReadOnlyList<string> images, AttentionQuestion question, Action<string>? log = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(question);
        var names = ImageNames.Of(images);
        var (files, failed) = (new List<string>(), new List<ImageFailure>());
        Exception? first = null;
        for (var k = 0; k < images.Count; k++)
        {
            stop.ThrowIfCancellationRequested();
            List<(string Name, RgbImage Picture)> pictures;
            try
            {
                var image = ImageFile.ReadChannels(images[k], model.Normalisation.Channels);
                if (question.At is { } p && (p.X >= image.Width || p.Y >= image.Height))
                    throw new ArgumentException($"--at {p.X},{p.Y}: {images[k]} has {image.Width} x {image.Height} pixels, "
                        + $"so X goes to {image.Width - 1} and Y to {image.Height - 1}");
                pictures = Draw(image, names[k], question);
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                // One bad image among many costs that image, not the others.
                first ??= error;
                failed.Add(ImageFailure.Of(images[k], error));
                if (images.Count > 1)
                    log?.Invoke(failed[^1].Problem);
                continue;
            }
            files.AddRange(pictures.Select(p => Write(p.Name, p.Picture)));
        }
        if (files.Count == 0 && first is not null)
            ExceptionDispatchInfo.Throw(first);
        return new AttentionFilesResult(files, failed);
    }

    /// <summary>Draws the attention on one image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="name">Its name: files are NAME_VIEW.png and NAME_sheet.png.</param>
    /// <param name="question">Which maps are wanted; with a pixel and no class, those of the class that the network sees there.</param>
    /// <exception cref="ArgumentException">The network has no attention, or none that can be drawn over an image.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public IReadOnlyList<string> Write(ChannelImage image, string name, AttentionQuestion question)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(question);
        return [.. Draw(image, name, question).Select(p => Write(p.Name, p.Picture))];
    }

    List<(string Name, RgbImage Picture)> Draw(ChannelImage image, string name, AttentionQuestion question)
    {
        using var scope = new Scope();
        var picture = image.ToRgb();
        if (question is { Class: null, At: { } at } && model.Net is SegmentationNet net)
            question = question with { Class = Segmenter.Of(net, model.Normalisation).Segment(image).Labels[(at.Y * image.Width) + at.X] };
        var views = viewer.View(model.Normalisation.ToTensor(image, model.Net.Weights.Device), question);
        var pictures = views.Select(v => (Label: Label(v), View: v, Picture: AttentionPicture.Of(picture, v, question.At))).ToArray();
        var title = question.Class is { } k ? $"image, class {(k < model.Classes.Count ? model.Classes[k].Name : k)}" : "image";
        var sheet = ContactSheet.Of([(title, picture), .. pictures.Select(p => (p.Label, p.Picture))], SheetColumns, SheetWidth);
        return [.. pictures.Select(p => ($"{name}_{p.View.Name}", p.Picture)), ($"{name}_sheet", sheet)];
    }

    string Write(string name, RgbImage picture)
    {
        var file = Path.Combine(folder, name + ".png");
        Png.Write(file, picture);
        return file;
    }

    static string Label(AttentionView view) => FormattableString.Invariant($"{view.Name} {view.Values.Min():G2} - {view.Values.Max():G2}");
}

/// <summary>The result of drawing attention on image files.</summary>
/// <param name="Files">The pictures, in the order of the images.</param>
/// <param name="Failed">The images that could not be read or explained.</param>
public sealed record AttentionFilesResult(IReadOnlyList<string> Files, IReadOnlyList<ImageFailure> Failed);
