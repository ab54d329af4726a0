using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Cli.Output;
using Hwaso.Imaging;
using Hwaso.Inference;
using Spectre.Console;

namespace Hwaso.Cli.Verbs;

/// <summary>The work of <c>hwaso predict</c>: images in, label maps out.</summary>
static class Predicting
{
    public static int Run(PredictArguments arguments, VerbContext context)
    {
        arguments.Views.Options.Check();
        foreach (var image in arguments.Images)
            if (!File.Exists(image))
                throw new FileNotFoundException($"{image}: {(Directory.Exists(image) ? "is a folder; name the images in it" : "no such image")}");
        var names = Predictor.Names(arguments.Images);
        var submission = arguments.Submission;
        var targets = names.Select((name, k) => Predictor.Targets(arguments.Out, name, arguments.Overlay, submission?.FileOf(arguments.Images[k]))).ToArray();
        RefuseOverwriting(arguments.Images, targets);
        using var labeller = Labeller.Open(arguments.Source, arguments.Views, context, deploy: true);
        if (submission is not null && !labeller.Classes.Select(c => c.Name).SequenceEqual(submission.Classes.Names))
            throw new UsageException($"--submission {submission.Name} wants the {submission.Classes.Count} classes of {submission.Classes.Name}; {arguments.Source} has {(labeller.Classes.Count == 0 ? "not said its own" : $"{labeller.Classes.Count} others")}");
        OutputFolder.Make(arguments.Out);
        var palette = labeller.Classes.Count > 0 ? Palette.FromColors([.. labeller.Classes.Select(c => (c.R, c.G, c.B))]) : Palette.Voc;
        var predictor = new Predictor(labeller.Label, palette, submission is null ? (path, labels) => Png.WriteIndexed(path, labels, palette) : submission.Write);
        var done = new List<Prediction>();
        var failures = new List<(string Image, string Problem)>();
        using (var progress = context.Progress("Predicting", arguments.Images.Count, "images"))
            for (var k = 0; k < arguments.Images.Count; k++)
            {
                context.Cancel.ThrowIfCancellationRequested();
                try
                {
                    done.Add(predictor.Predict(arguments.Images[k], targets[k]));
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
                ["engine"] = labeller.Engine,
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
    static void RefuseOverwriting(IReadOnlyList<string> images, IEnumerable<IReadOnlyList<string>> files)
    {
        var inputs = images.Select(Path.GetFullPath).ToHashSet(StringComparer.Ordinal);
        var targets = files.SelectMany(f => f).ToArray();
        if (targets.FirstOrDefault(target => inputs.Contains(Path.GetFullPath(target))) is { } image)
            throw new UsageException($"{image} is one of the images and would be replaced by labels; name another folder with --out");
        if (targets.GroupBy(target => target).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new UsageException($"{twice.Key} would be written twice, for two images; predict them into two folders");
    }
}
