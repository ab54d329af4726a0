using System.CommandLine;
using Hwaso.Cli.Arguments;
using Hwaso.Inference;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso predict</c>: label maps for images.</summary>
sealed class PredictVerb : Verb
{
    readonly Argument<string> source = new("SOURCE") { Description = "a run folder, a checkpoint (.safetensors) or an exported network (.onnx)" };
    readonly Argument<string[]> images = new("IMAGE") { Description = "images, JPEG or PNG", Arity = ArgumentArity.OneOrMore };
    readonly Option<string?> output = Values.Text("--out", "DIR", "folder to write to", required: true);
    readonly Option<bool> overlay = Values.Flag("--overlay", "also writes each image with its labels over it");
    readonly Option<string?> submission = Values.Choice("--submission", "writes what a benchmark's server takes: its names, folders and numbers", [.. Submission.All.Select(s => s.Name)]);
    readonly ViewOptions views = new();
    readonly Func<PredictArguments, VerbContext, int> predict;

    /// <summary>The verb, done by <paramref name="predict"/>.</summary>
    public PredictVerb(Func<PredictArguments, VerbContext, int> predict)
    {
        this.predict = predict;
        Command = new Command("predict", "writes a label PNG per image, and an overlay if wanted")
        {
            source, images, output, overlay, submission,
        };
        foreach (var option in views.All)
            Command.Add(option);
    }

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "predict demo/run street.jpg --out labels --overlay",
        "predict best.safetensors photos/*.png --out labels",
        "predict best.safetensors aerial.png --out labels --crop 1024x1024",
        "predict best.safetensors leftImg8bit/test/*/*.png --out results --protocol cityscapes/hrnet --submission cityscapes",
    ];

    public override int Run(ParseResult arguments, VerbContext context) =>
        predict(
            new PredictArguments(
                arguments.GetRequiredValue(source),
                arguments.GetRequiredValue(images),
                arguments.GetValue(output)!,
                arguments.GetValue(overlay),
                views.Of(arguments),
                Submission.All.FirstOrDefault(s => s.Name == arguments.GetValue(submission))),
            context);
}
