using System.Diagnostics;
using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Cli.Output;
using Hwaso.Data;
using Hwaso.Imaging;
using Hwaso.Inference;

namespace Hwaso.Cli.Verbs;

/// <summary>The part of <c>hwaso predict</c> that is common to networks whose answer is a JSON and a picture for each image.</summary>
static class ImageAnswers
{
    /// <summary>The name of each image's files, without folder and ending.</summary>
    /// <exception cref="UsageException">Two images have the same name.</exception>
    public static string[] NamesOf(IReadOnlyList<string> images)
    {
        string[] names = [.. images.Select(image => Path.GetFileNameWithoutExtension(image))];
        return names.GroupBy(n => n).FirstOrDefault(g => g.Count() > 1) is { } twice
            ? throw new UsageException($"two images are called {twice.Key}; write them to different folders")
            : names;
    }

    /// <summary>Answers for every image, and prints the files; an image that cannot be used is named and left out.</summary>
    /// <param name="asked">The images and the folder.</param>
    /// <param name="context">Prints.</param>
    /// <param name="write">
    /// Writes the answer for an image to files that begin with the first argument; the second is the image's path. Returns the JSON's path.
    /// </param>
    /// <param name="engine">The engine that answers.</param>
    public static int Run(PredictArguments asked, VerbContext context, Func<string, string, RgbImage, string> write,
        string engine = "libtorch")
    {
        var names = NamesOf(asked.Images);
        OutputFolder.Make(asked.Out);
        var (files, times, failed) = (new List<string>(), new List<double>(), new List<(string Image, string Problem)>());
        using (var progress = context.Progress("Predicting", asked.Images.Count, "images"))
            foreach (var (k, path) in asked.Images.Index())
            {
                context.Cancel.ThrowIfCancellationRequested();
                try
                {
                    var clock = Stopwatch.StartNew();
                    files.Add(write(Path.Combine(asked.Out, names[k]), path, ImageFile.ReadRgb(path)));
                    times.Add(Math.Round(clock.Elapsed.TotalMilliseconds, 2));
                }
                catch (Exception error) when (error is ImageFormatException or DatasetException or IOException)
                {
                    failed.Add((path, error.Message));
                    progress.Log(error.Message);
                }
                progress.Report(k + 1);
            }
        context.Result(
            new JsonObject
            {
                ["files"] = JsonOutput.Array(files),
                ["milliseconds"] = JsonOutput.Array(times),
                ["engine"] = engine,
                ["failed"] = new JsonArray([.. failed.Select(f => new JsonObject { ["image"] = f.Image, ["message"] = f.Problem })]),
            },
            output =>
            {
                foreach (var (file, time) in files.Zip(times))
                    output.WriteLine($"{file}  {time:0} ms");
            });
        return failed.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }
}
