using System.CommandLine;
using Hwaso.Cli.Arguments;
using Hwaso.Training.Recipes;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso predict</c>: label maps for images.</summary>
sealed class PredictVerb : Verb
{
    readonly Argument<string> source = new("SOURCE") { Description = "a run folder, a checkpoint (.safetensors) or an exported network (.onnx)" };
    readonly Argument<string[]> images = new("IMAGE") { Description = "images, JPEG or PNG", Arity = ArgumentArity.OneOrMore };
    readonly Option<string?> output = Values.Text("--out", "DIR", "folder to write to", required: true);
    readonly Option<bool> overlay = Values.Flag("--overlay", "also writes each image with its labels over it");
    readonly Option<SizePx?> crop = Values.Size("--crop", "slides a window of this height x width over the image, where a whole one does not fit into memory");
    readonly Option<SizePx?> stride = Values.Size("--stride", "step of that window (default: two thirds of it)");
    readonly Func<PredictArguments, VerbContext, int> predict;

    /// <summary>The verb, done by <paramref name="predict"/>.</summary>
    public PredictVerb(Func<PredictArguments, VerbContext, int> predict)
    {
        this.predict = predict;
        Command = new Command("predict", "writes a label PNG per image, and an overlay if wanted")
        {
            source, images, output, overlay, crop, stride,
        };
    }

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "predict demo/run street.jpg --out labels --overlay",
        "predict best.safetensors photos/*.png --out labels",
        "predict best.safetensors aerial.png --out labels --crop 1024x1024",
    ];

    public override int Run(ParseResult arguments, VerbContext context)
    {
        if (arguments.GetValue(stride) is not null && arguments.GetValue(crop) is null)
            throw new UsageException("--stride is the step of a sliding window: give its size with --crop HxW");
        return predict(
            new PredictArguments(
                arguments.GetRequiredValue(source),
                arguments.GetRequiredValue(images),
                arguments.GetValue(output)!,
                arguments.GetValue(overlay),
                arguments.GetValue(crop),
                arguments.GetValue(stride)),
            context);
    }
}
