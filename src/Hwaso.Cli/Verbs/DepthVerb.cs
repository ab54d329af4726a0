using System.CommandLine;
using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Cli.Arguments;
using Hwaso.Cli.Output;
using Hwaso.Data.Layouts;
using Hwaso.Inference;
using Hwaso.Inference.Depth;
using Hwaso.Models.Networks;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso depth</c>: pseudo depth for a data set.</summary>
sealed class DepthVerb : Verb
{
    readonly Argument<string[]> images = new("IMAGE|DIR")
    {
        Description = "images, or one folder: of images, or of a data set",
        Arity = ArgumentArity.OneOrMore,
    };

    readonly Option<string?> teacher = Values.Text(
        "--teacher", "MODEL|RUN",
        "the depth model: dinov2-vits14-depth-linear or another dinov2-…-depth-… (see hwaso models), a recipe of one, or the run of a "
        + "network with a depth decoder",
        required: true);

    readonly Option<string[]> weights = Values.Texts(
        "--weights", "FILE",
        "a model's checkpoint; given twice where backbone and head were published apart; 'formula' for weights by the fixtures' rule; not "
        + "for a run, which has its own");

    readonly Option<string?> folder = Values.Text("--out", "DIR", "folder to write to; finished files in it are kept", required: true);
    readonly Option<string?> layout = Values.Choice(
        "--layout", "the data set's layout (default: recognised by the folder's content)", [.. Datasets.Layouts]);
    readonly Option<string?> split = Values.Text("--split", "NAME", "the data set's split (default: train)");
    readonly Option<SizePx?> tiles = Values.Size(
        "--tiles", "estimates tiles of this height x width, blended where they overlap, instead of whole images");
    readonly Option<SizePx?> stride = Values.Size("--stride", "step from tile to tile (default: two thirds of a tile)");
    readonly Option<bool> flip = Values.Flag("--flip", "averages with the mirrored image");
    readonly Option<bool> overwrite = Values.Flag("--overwrite", "replaces files of another teacher");

    public DepthVerb() => Command = new Command(
        "depth", "writes pseudo depth maps by a DINOv2 teacher or a trained depth decoder, as 16-bit PNG; run it again to continue")
    {
        images, teacher, weights, folder, layout, split, tiles, stride, flip, overwrite,
    };

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "depth VOC2012 --teacher dinov2-vitb14-depth-dpt --weights depth.safetensors --out VOC2012/Depth",
        "depth photos/*.jpg --teacher dinov2-vits14-depth-linear --weights backbone.pth --weights head.pth --out depth --flip",
        "depth cityscapes --split train --teacher teacher.yaml --weights kitti.safetensors --out depth --tiles 518x1036",
        "depth VOC2012 --teacher runs/depth-on-scenes --out VOC2012/Depth",
    ];

    public override int Run(ParseResult arguments, VerbContext context)
    {
        if (arguments.GetValue(stride) is not null && arguments.GetValue(tiles) is null)
            throw new UsageException("--stride is the step from tile to tile: give their size with --tiles HxW");
        var views = new DepthViews(arguments.GetValue(tiles), arguments.GetValue(stride), arguments.GetValue(flip));
        var output = arguments.GetValue(folder)!;
        var device = context.UseTorch();
        var paths = UsageException.When(() => DepthImages.Of(
            arguments.GetRequiredValue(images), output, arguments.GetValue(layout), arguments.GetValue(split) ?? "train"));
        using var estimator = Open(arguments.GetValue(teacher)!, arguments.GetValue(weights) ?? [], views, device);
        var files = UsageException.When(() => new DepthFiles(paths, output, estimator, arguments.GetValue(overwrite)));
        ProgressDisplay? progress = null;
        DepthFilesResult result;
        try
        {
            result = files.Write(
                (kept, left) =>
                {
                    if (kept > 0)
                        context.Log($"{output}: {kept} of {paths.Count} are finished already");
                    progress = context.Progress("Estimating depth", left, "images");
                },
                done => progress!.Report(done), context.Cancel);
        }
        finally
        {
            progress?.Dispose();
        }
        return Report(result, paths.Count, output, estimator.Identity, context);
    }

    static int Report(DepthFilesResult result, int images, string output, string teacher, VerbContext context)
    {
        foreach (var failure in result.Failed)
            context.Log(failure.Problem);
        if (!result.Finished)
        {
            context.Log($"stopped with {result.Made + result.Kept} of {images} finished; run the same command again to continue");
            return ExitCode.Failed;
        }
        context.Result(
            new JsonObject
            {
                ["files"] = JsonOutput.Array(result.Files),
                ["made"] = result.Made,
                ["kept"] = result.Kept,
                ["failed"] = JsonOutput.Failures(result.Failed),
                ["teacher"] = teacher,
            },
            console => console.WriteLine($"{result.Made} depth maps written, {result.Kept} kept, in {output}; by {teacher}"));
        return result.Failed.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    static DepthTeacher Open(string teacher, IReadOnlyList<string> weights, DepthViews views, Device device)
    {
        if (Directory.Exists(teacher))
            return weights.Count == 0
                ? DepthTeacher.OfRun(new RunFolder(teacher), views, device)
                : throw new UsageException($"--teacher {teacher} is a run, which has its weights; leave --weights away");
        if (weights.Count == 0)
            throw new UsageException($"--weights FILE: the checkpoint of {teacher} is wanted; a run's folder as --teacher has its own");
        if (ModelArgument.Find(teacher) is not DinoDefinition definition)
            throw new UsageException($"--teacher {teacher}: does not predict depth; dinov2-vits14-depth-linear or another "
                + "dinov2-…-depth-… was wanted (see hwaso models), or a run's folder");
        try
        {
            return DepthTeacher.Open(definition, weights, views, device);
        }
        catch (CheckpointException error) when (ModelArgument.RecipeFileOf(teacher) is { } recipe)
        {
            // The recipe says what the checkpoint should be, so it may be the one that is wrong.
            throw recipe.Error("model", error.Message);
        }
    }
}
