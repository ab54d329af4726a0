using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Data;
using Hwaso.Training.Inference;
using Hwaso.Training.Metrics;
using Hwaso.Training.Networks;
using Spectre.Console;

namespace Hwaso.Cli.Verbs;

/// <summary>The work of <c>hwaso evaluate</c>: a network scored on a split.</summary>
static class Evaluating
{
    public static int Run(EvaluateArguments arguments, VerbContext context)
    {
        var device = context.UseTorch();
        var options = new InferenceOptions
        {
            Scales = arguments.Scales,
            Flip = arguments.Flip,
            Crop = arguments.Crop,
            Stride = arguments.Stride,
        };
        options.Check();
        var data = Datasets.Open(Datasets.LayoutOf(arguments.Data), arguments.Data, arguments.Split);
        using var network = LoadedNetwork.Open(arguments.Source, device);
        if (network.Net.Classes != data.Classes.Count)
            throw new UsageException($"{network.Source} is of {network.Net.Classes} classes, {data.Name} has {data.Classes.Count}; train or import one that fits");
        var segmenter = new Segmenter(network.Net, network.Normalisation, options);
        Evaluation evaluation;
        using (var progress = context.Progress($"Scoring {data.Name}", data.Samples.Count, "images"))
            evaluation = Evaluator.Score(segmenter, data, done => progress.Report(done), context.Cancel);
        context.Result(
            (JsonObject)JsonNode.Parse(ScoreJson.Text(evaluation.Scores, data.Classes.Names, evaluation.Cityscapes))!,
            console =>
            {
                console.WriteLine($"{network.Source} on {data.Name}, {evaluation.Images} images");
                console.WriteLine(ScoreTable.Text(evaluation.Scores, data.Classes.Names));
                if (evaluation.Cityscapes is { } cityscapes)
                    console.WriteLine(ScoreTable.Text(cityscapes));
            });
        return ExitCode.Done;
    }
}
