using System.CommandLine;
using System.Globalization;
using Hwaso.Cli.Arguments;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso explain</c>: what a network's attention sees.</summary>
sealed class ExplainVerb : Verb
{
    readonly Argument<string> source = new("SOURCE") { Description = "a run folder or a checkpoint (.safetensors), of any network with attention" };
    readonly Argument<string[]> images = new("IMAGE") { Description = "images, JPEG or PNG", Arity = ArgumentArity.OneOrMore };
    readonly Option<string?> output = Values.Text("--out", "DIR", "folder to write to", required: true);
    readonly Option<string?> at = Values.Text("--at", "X,Y", "a pixel: its class, or of transformers the patch that attends");
    readonly Option<string?> name = Values.Text("--class", "NAME", "the class whose maps are wanted, where attention has one for each");
    readonly Option<bool> modules = Values.Flag("--modules", "every module alone too, not only each stage's mean");
    readonly Func<ExplainArguments, VerbContext, int> explain;

    /// <summary>The verb, done by <paramref name="explain"/>.</summary>
    public ExplainVerb(Func<ExplainArguments, VerbContext, int> explain)
    {
        this.explain = explain;
        Command = new Command("explain", "draws attention maps per stage as heat maps over the image")
        {
            source, images, output, at, name, modules,
        };
    }

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "explain demo/run street.jpg --out maps",
        "explain sanet.safetensors street.jpg --out maps --at 320,180",
        "explain sanet.safetensors street.jpg --out maps --class car",
    ];

    public override int Run(ParseResult arguments, VerbContext context) => explain(
        new ExplainArguments(
            arguments.GetRequiredValue(source),
            arguments.GetRequiredValue(images),
            arguments.GetValue(output)!,
            Pixel(arguments.GetValue(at)),
            arguments.GetValue(name),
            arguments.GetValue(modules)),
        context);

    static (int X, int Y)? Pixel(string? text) =>
        text is null ? null
        : text.Split(',') is [var x, var y] && int.TryParse(x, NumberStyles.None, CultureInfo.InvariantCulture, out var left) && int.TryParse(y, NumberStyles.None, CultureInfo.InvariantCulture, out var top) ? (left, top)
        : throw new UsageException($"--at '{text}': two whole numbers were wanted, from the left and from the top, such as 320,180");
}
