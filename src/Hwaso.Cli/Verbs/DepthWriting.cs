using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Cli.Arguments;
using Hwaso.Cli.Output;
using Hwaso.Imaging;
using Hwaso.Inference;
using Hwaso.Inference.Depth;
using Hwaso.Models.Networks;
using Hwaso.Torch;
using Spectre.Console;

namespace Hwaso.Cli.Verbs;

/// <summary>The work of <c>hwaso depth</c>: images in, depth maps out, each once.</summary>
static class DepthWriting
{
    public static int Run(DepthArguments arguments, VerbContext context)
    {
        var device = context.UseTorch();
        var images = DepthImages.Of(arguments);
        var names = ImageNames.Of(images);
        using var teacher = Open(arguments, device);
        var store = new DepthStore(arguments.Out, teacher.Identity, arguments.Overwrite);
        var inputs = images.Select(Path.GetFullPath).ToHashSet(StringComparer.Ordinal);
        if (names.Select(store.PathOf).FirstOrDefault(target => inputs.Contains(Path.GetFullPath(target))) is { } image)
            throw new UsageException($"{image} is one of the images and would be replaced by its depth; name another folder with --out");
        OutputFolder.Make(arguments.Out);
        store.Sweep();
        var failures = new Dictionary<int, string>();
        var left = Enumerable.Range(0, images.Count).Where(k => Trying(k, () => !store.Has(names[k], images[k]))).ToArray();
        var kept = images.Count - left.Length - failures.Count;
        if (kept > 0)
            context.Log($"{arguments.Out}: {kept} of {images.Count} are done already");
        var (tried, made) = (0, 0);
        using (var progress = context.Progress("Telling depth", left.Length, "images"))
            foreach (var k in left.TakeWhile(_ => !context.Cancel.IsCancellationRequested))
            {
                if (Trying(k, () => Write(teacher, store, names[k], images[k])))
                    made++;
                progress.Report(++tried);
            }
        foreach (var failure in failures.Values)
            context.Log(failure);
        if (tried < left.Length)
        {
            context.Log($"stopped with {made + kept} of {images.Count} done; the same command goes on there");
            return ExitCode.Failed;
        }
        context.Result(
            new JsonObject
            {
                ["files"] = JsonOutput.Array(names.Where((_, k) => !failures.ContainsKey(k)).Select(store.PathOf)),
                ["made"] = made,
                ["kept"] = kept,
                ["failed"] = new JsonArray([.. failures.Select(f => new JsonObject { ["image"] = images[f.Key], ["message"] = f.Value })]),
                ["teacher"] = teacher.Identity,
            },
            console => console.WriteLine($"{made} depth maps written, {kept} kept, in {arguments.Out}; by {teacher.Identity}"));
        return failures.Count == 0 ? ExitCode.Done : ExitCode.Failed;

        // One bad image among many costs that image, not the others.
        bool Trying(int k, Func<bool> work)
        {
            try
            {
                return work();
            }
            catch (ImageFormatException error)
            {
                failures.Add(k, error.Message);
                return false;
            }
        }
    }

    static bool Write(DepthTeacher teacher, DepthStore store, string name, string image)
    {
        store.Write(name, teacher.Depth(ImageFile.ReadRgb(image)));
        return true;
    }

    static DepthTeacher Open(DepthArguments arguments, Device device)
    {
        if (Directory.Exists(arguments.Teacher))
            return arguments.Weights.Count == 0
                ? DepthTeacher.OfRun(new RunFolder(arguments.Teacher), arguments.Views, device)
                : throw new UsageException($"--teacher {arguments.Teacher} is a run, which has its weights; leave --weights away");
        if (arguments.Weights.Count == 0)
            throw new UsageException($"--weights FILE: the checkpoint of {arguments.Teacher} is wanted; a run's folder as --teacher has its own");
        if (ModelArgument.Find(arguments.Teacher) is not DinoDefinition definition)
            throw new UsageException($"--teacher {arguments.Teacher}: tells no depth; dinov2-vits14-depth-linear or another dinov2-…-depth-… was wanted (see hwaso models), or a run's folder");
        try
        {
            return DepthTeacher.Open(definition, arguments.Weights, arguments.Views, device);
        }
        catch (CheckpointException error) when (ModelArgument.RecipeFileOf(arguments.Teacher) is { } recipe)
        {
            // What the checkpoint should be is what the recipe says, so that is where to look too.
            throw recipe.Error("model", error.Message);
        }
    }
}
