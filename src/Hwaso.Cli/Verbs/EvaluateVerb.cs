using System.CommandLine;
using Hwaso.Cli.Arguments;
using Hwaso.Data;
using Hwaso.Training.Recipes;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso evaluate</c>: scores a network on a data set.</summary>
sealed class EvaluateVerb : Verb
{
    readonly Argument<string> source = new("SOURCE") { Description = "a run folder, a checkpoint (.safetensors) or an exported network (.onnx)" };
    readonly Option<string?> data = Values.Text("--data", "DIR", "folder of the data set", required: true);
    readonly Option<string?> layout = Values.Choice("--layout", "its layout (default: by what is in the folder)", [.. Datasets.Layouts]);
    readonly Option<string?> split = Values.Text("--split", "NAME", "split to score (default: val)");
    readonly Option<double[]?> scales = Values.PositiveList("--scales", "LIST", "averages predictions at these scales, e.g. 0.75,1,1.25 (default: 1)");
    readonly Option<bool> flip = Values.Flag("--flip", "averages with the mirrored image");
    readonly Option<SizePx?> crop = Values.Size("--crop", "slides a window of this height x width over the image");
    readonly Option<SizePx?> stride = Values.Size("--stride", "step of that window (default: two thirds of it)");
    readonly MeasureOptions measures = new();
    readonly Func<EvaluateArguments, VerbContext, int> evaluate;

    /// <summary>The verb, done by <paramref name="evaluate"/>.</summary>
    public EvaluateVerb(Func<EvaluateArguments, VerbContext, int> evaluate)
    {
        this.evaluate = evaluate;
        Command = new Command("evaluate", "scores a network on a data set: mIoU, accuracies, IoU per class")
        {
            source, data, layout, split, scales, flip, crop, stride, measures.Absent, measures.Boundary, measures.Bootstrap,
        };
    }

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "evaluate demo/run --data demo/data",
        "evaluate demo/run --data cityscapes --scales 0.75,1,1.25 --flip",
        "evaluate best.safetensors --data cityscapes --crop 512x1024 --stride 341x683 --json",
    ];

    public override int Run(ParseResult arguments, VerbContext context)
    {
        if (arguments.GetValue(stride) is not null && arguments.GetValue(crop) is null)
            throw new UsageException("--stride is the step of a sliding window: give its size with --crop HxW");
        return evaluate(
            new EvaluateArguments(
                arguments.GetRequiredValue(source),
                arguments.GetValue(data)!,
                arguments.GetValue(layout),
                arguments.GetValue(split) ?? "val",
                arguments.GetValue(scales) is { Length: > 0 } given ? given : [1.0],
                arguments.GetValue(flip),
                arguments.GetValue(crop),
                arguments.GetValue(stride),
                measures.AbsentOf(arguments),
                arguments.GetValue(measures.Boundary),
                measures.BootstrapOf(arguments)),
            context);
    }
}
