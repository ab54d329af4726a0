using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Cli.Output;
using Hwaso.Imaging;
using Hwaso.Training.Inference;
using Spectre.Console;

namespace Hwaso.Cli.Verbs;

/// <summary>The work of <c>hwaso predict</c>: images in, label maps out.</summary>
static class Predicting
{
    public static int Run(PredictArguments arguments, VerbContext context)
    {
        var options = new InferenceOptions { Crop = arguments.Crop, Stride = arguments.Stride };
        options.Check();
        foreach (var image in arguments.Images)
            if (!File.Exists(image))
                throw new FileNotFoundException($"{image}: {(Directory.Exists(image) ? "is a folder; name the images in it" : "no such image")}");
        var names = Predictor.Names(arguments.Images);
        RefuseOverwriting(arguments, names);
        using var labeller = Labeller.Open(arguments.Source, options, context);
        OutputFolder.Make(arguments.Out);
        var palette = labeller.Colors.Count > 0 ? Palette.FromColors([.. labeller.Colors]) : Palette.Voc;
        var predictor = new Predictor(labeller.Label, palette, arguments.Out, arguments.Overlay);
        var done = new List<Prediction>();
        var failures = new List<(string Image, string Problem)>();
        using (var progress = context.Progress("Predicting", arguments.Images.Count, "images"))
            for (var k = 0; k < arguments.Images.Count; k++)
            {
                context.Cancel.ThrowIfCancellationRequested();
                try
                {
                    done.Add(predictor.Predict(arguments.Images[k], names[k]));
                }
                catch (ImageFormatException error)
                {
                    // One bad image among many costs that image, not the others.
                    failures.Add((arguments.Images[k], error.Message));
                    progress.Log(error.Message);
                }
                progress.Report(k + 1);
            }
        context.Result(
            new JsonObject
            {
                ["files"] = JsonOutput.Array(done.Select(p => p.File)),
                ["milliseconds"] = JsonOutput.Array(done.Select(p => Math.Round(p.Milliseconds, 2))),
                ["failed"] = new JsonArray([.. failures.Select(f => new JsonObject { ["image"] = f.Image, ["message"] = f.Problem })]),
            },
            console =>
            {
                foreach (var prediction in done)
                    console.WriteLine($"{prediction.File}  {prediction.Milliseconds:0} ms");
            });
        return failures.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    // A label map is named after its image: in the image's own folder it would take its place.
    static void RefuseOverwriting(PredictArguments arguments, IReadOnlyList<string> names)
    {
        var inputs = arguments.Images.Select(Path.GetFullPath).ToHashSet(StringComparer.Ordinal);
        var targets = names.SelectMany(name => Predictor.Targets(arguments.Out, name, arguments.Overlay)).ToArray();
        if (targets.FirstOrDefault(target => inputs.Contains(Path.GetFullPath(target))) is { } image)
            throw new UsageException($"{image} is one of the images and would be replaced by labels; name another folder with --out");
        if (targets.GroupBy(target => target).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new UsageException($"{twice.Key} would be written twice, as labels of one image and overlay of another; predict them into two folders");
    }
}
