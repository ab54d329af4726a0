using System.CommandLine;
using Hwaso.Cli.Arguments;
using Hwaso.Data.Layouts;
using Hwaso.Inference.Depth;
using Hwaso.Recipes;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso depth</c>: pseudo depth for a data set.</summary>
sealed class DepthVerb : Verb
{
    readonly Argument<string[]> images = new("IMAGE|DIR") { Description = "images, or one folder: of images, or a data set", Arity = ArgumentArity.OneOrMore };
    readonly Option<string?> teacher = Values.Text("--teacher", "MODEL|RUN", "what tells depth: dinov2-vits14-depth-linear and its kin (see hwaso models), a recipe of such, or the run of a network with a depth decoder", required: true);
    readonly Option<string[]> weights = Values.Texts("--weights", "FILE", "a model's checkpoint; twice where backbone and head were published apart; 'formula' for weights by the fixtures' rule; a run has its own");
    readonly Option<string?> output = Values.Text("--out", "DIR", "folder to write to; what is done there already is kept", required: true);
    readonly Option<string?> layout = Values.Choice("--layout", "the data set's layout (default: by what is in the folder)", [.. Datasets.Layouts]);
    readonly Option<string?> split = Values.Text("--split", "NAME", "the data set's split (default: train)");
    readonly Option<SizePx?> tiles = Values.Size("--tiles", "asks tiles of this height x width, blended where they overlap, instead of whole images");
    readonly Option<SizePx?> stride = Values.Size("--stride", "step from tile to tile (default: two thirds of one)");
    readonly Option<bool> flip = Values.Flag("--flip", "averages with the mirrored image");
    readonly Option<bool> overwrite = Values.Flag("--overwrite", "replaces what another teacher made");
    readonly Func<DepthArguments, VerbContext, int> depth;

    /// <summary>The verb, done by <paramref name="depth"/>.</summary>
    public DepthVerb(Func<DepthArguments, VerbContext, int> depth)
    {
        this.depth = depth;
        Command = new Command("depth", "writes pseudo depth maps by a DINOv2 teacher or a trained depth decoder, as 16-bit PNG; goes on where it was stopped")
        {
            images, teacher, weights, output, layout, split, tiles, stride, flip, overwrite,
        };
    }

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
        return depth(
            new DepthArguments(
                arguments.GetRequiredValue(images),
                arguments.GetValue(teacher)!,
                arguments.GetValue(weights) ?? [],
                arguments.GetValue(output)!,
                arguments.GetValue(layout),
                arguments.GetValue(split) ?? "train",
                new DepthViews(arguments.GetValue(tiles), arguments.GetValue(stride), arguments.GetValue(flip)),
                arguments.GetValue(overwrite)),
            context);
    }
}
