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

    /// <summary>Draws the attention on one image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="name">Its name: files are NAME_VIEW.png and NAME_sheet.png.</param>
    /// <param name="question">Which maps are wanted; with a pixel and no class, those of the class that the network sees there.</param>
    /// <exception cref="ArgumentException">The network has no attention, or none that can be drawn over an image.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public IReadOnlyList<string> Write(RgbImage image, string name, AttentionQuestion question)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(question);
        using var scope = new Scope();
        if (question is { Class: null, At: { } at } && model.Net is SegmentationNet net)
            question = question with { Class = Segmenter.Of(net, model.Normalisation).Segment(image).Labels[(at.Y * image.Width) + at.X] };
        var views = viewer.View(model.Normalisation.ToTensor(image, model.Net.Weights.Device), question);
        var pictures = views.Select(v => (Label: Label(v), View: v, Picture: AttentionPicture.Of(image, v, question.At))).ToArray();
        var files = new List<string>();
        foreach (var (_, view, picture) in pictures)
            files.Add(Write($"{name}_{view.Name}", picture));
        var title = question.Class is { } k ? $"image, class {(k < model.Classes.Count ? model.Classes[k].Name : k)}" : "image";
        var sheet = ContactSheet.Of([(title, image), .. pictures.Select(p => (p.Label, p.Picture))], SheetColumns, SheetWidth);
        files.Add(Write($"{name}_sheet", sheet));
        return files;
    }

    string Write(string name, RgbImage picture)
    {
        var file = Path.Combine(folder, name + ".png");
        Png.Write(file, picture);
        return file;
    }

    static string Label(AttentionView view) => FormattableString.Invariant($"{view.Name} {view.Values.Min():G2} - {view.Values.Max():G2}");
}
