using System.Text.Json.Nodes;
using Hwaso.Cli.Output;
using Hwaso.Imaging;
using Hwaso.Inference;
using Hwaso.Inference.Explaining;
using Hwaso.Models;
using Hwaso.Torch;
using Spectre.Console;

namespace Hwaso.Cli.Verbs;

/// <summary>The work of <c>hwaso explain</c>: attention seen at the doors, drawn over the image.</summary>
static class Explaining
{
    const int SheetColumns = 3, SheetWidth = 480;

    public static int Run(ExplainArguments arguments, VerbContext context)
    {
        var device = context.UseTorch();
        ImageNames.Check(arguments.Images);
        var names = ImageNames.Of(arguments.Images);
        using var model = LoadedModel.Open(arguments.Source, device);
        var chosen = arguments.Class is { } name ? model.ClassOf(name) : (int?)null;
        var viewer = new AttentionViewer(model.Net, model.ClassCount);
        OutputFolder.Make(arguments.Out);
        var files = new List<string>();
        for (var k = 0; k < arguments.Images.Count; k++)
        {
            context.Cancel.ThrowIfCancellationRequested();
            var image = ImageFile.ReadRgb(arguments.Images[k]);
            if (arguments.At is { } at && (at.X >= image.Width || at.Y >= image.Height))
                throw new ArgumentException($"--at {at.X},{at.Y}: {arguments.Images[k]} has {image.Width} x {image.Height} pixels, so X goes to {image.Width - 1} and Y to {image.Height - 1}");
            files.AddRange(Explain(model, viewer, image, names[k], arguments, chosen));
        }
        context.Result(new JsonObject { ["files"] = JsonOutput.Array(files) }, console => files.ForEach(f => console.WriteLine(f)));
        return ExitCode.Done;
    }

    static List<string> Explain(LoadedModel model, AttentionViewer viewer, RgbImage image, string name, ExplainArguments arguments, int? chosen)
    {
        using var scope = new Scope();
        // The class at the pixel is the one that the network sees there.
        if (chosen is null && arguments.At is { } at && model.Net is SegmentationNet segmentation)
            chosen = Segmenter.Of(segmentation, model.Normalisation).Segment(image).Labels[at.Y * image.Width + at.X];
        var views = viewer.View(model.Normalisation.ToTensor(image, model.Net.Weights.Device), new AttentionQuestion(chosen, arguments.At, arguments.Modules));
        var pictures = views.Select(v => (Label: Label(v), View: v, Picture: AttentionPicture.Of(image, v, arguments.At))).ToArray();
        var files = new List<string>();
        foreach (var (_, view, picture) in pictures)
            files.Add(Write(arguments.Out, $"{name}_{view.Name}", picture));
        var title = chosen is { } k ? $"image, class {(k < model.Classes.Count ? model.Classes[k].Name : k)}" : "image";
        files.Add(Write(arguments.Out, $"{name}_sheet", ContactSheet.Of([(title, image), .. pictures.Select(p => (p.Label, p.Picture))], SheetColumns, SheetWidth)));
        return files;
    }

    static string Write(string folder, string name, RgbImage picture)
    {
        var file = Path.Combine(folder, name + ".png");
        Png.Write(file, picture);
        return file;
    }

    static string Label(AttentionView view) => FormattableString.Invariant($"{view.Name} {view.Values.Min():G2} - {view.Values.Max():G2}");
}
