using System.CommandLine;
using Hwaso.Cli.Arguments;
using Hwaso.Data.Layouts;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso evaluate</c>: scores a network on a data set.</summary>
sealed class EvaluateVerb : Verb
{
    readonly Argument<string> source = new("SOURCE") { Description = "a run folder, a checkpoint (.safetensors) or an exported network (.onnx)" };
    readonly Option<string?> data = Values.Text("--data", "DIR", "folder of the data set", required: true);
    readonly Option<string?> layout = Values.Choice("--layout", "its layout (default: by what is in the folder)", [.. Datasets.Layouts]);
    readonly Option<string?> split = Values.Text("--split", "NAME", "split to score (default: val)");
    readonly ViewOptions views = new();
    readonly MeasureOptions measures = new();
    readonly Func<EvaluateArguments, VerbContext, int> evaluate;

    /// <summary>The verb, done by <paramref name="evaluate"/>.</summary>
    public EvaluateVerb(Func<EvaluateArguments, VerbContext, int> evaluate)
    {
        this.evaluate = evaluate;
        Command = new Command("evaluate", "scores a network on a data set: mIoU, accuracies, IoU per class")
        {
            source, data, layout, split, measures.Absent, measures.Boundary, measures.Bootstrap,
        };
        foreach (var option in views.All)
            Command.Add(option);
    }

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "evaluate demo/run --data demo/data",
        "evaluate demo/run --data cityscapes --scales 0.75,1,1.25 --flip",
        "evaluate best.safetensors --data cityscapes --crop 512x1024 --stride 341x683 --json",
        "evaluate best.safetensors --data VOCdevkit --protocol pascal-context-59/hrnet",
    ];

    public override int Run(ParseResult arguments, VerbContext context)
    {
        var asked = views.Of(arguments);
        if (asked.Protocol is { } protocol && arguments.GetValue(measures.Absent) is not null)
            throw new UsageException($"--protocol {protocol.Name} says what absent classes do: leave out --absent");
        return evaluate(
            new EvaluateArguments(
                arguments.GetRequiredValue(source),
                arguments.GetValue(data)!,
                arguments.GetValue(layout),
                arguments.GetValue(split) ?? "val",
                asked,
                asked.Protocol?.Absent ?? measures.AbsentOf(arguments),
                arguments.GetValue(measures.Boundary),
                measures.BootstrapOf(arguments)),
            context);
    }
}
