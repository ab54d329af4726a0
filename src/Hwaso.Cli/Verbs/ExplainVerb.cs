using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Cli.Output;
using Hwaso.Inference;
using Hwaso.Inference.Explaining;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso explain</c>: a network's attention, drawn over images.</summary>
sealed class ExplainVerb : Verb
{
    readonly Argument<string> source = new("SOURCE")
    {
        Description = "a run folder or a checkpoint (.safetensors), of any network with attention",
    };

    readonly Argument<string[]> images = new("IMAGE")
    {
        Description = "images: PNG, JPEG, WebP, BMP, GIF or TIFF",
        Arity = ArgumentArity.OneOrMore,
    };

    readonly Option<string?> folder = Values.Text("--out", "DIR", "folder to write to", required: true);
    readonly Option<string?> at = Values.Text("--at", "X,Y", "a pixel: selects its class, or in transformers the patch that attends");
    readonly Option<string?> name = Values.Text("--class", "NAME", "the class whose maps are drawn, where attention has one for each");
    readonly Option<int?> query = Values.Whole(
        "--query", "N", "a query of an EoMT or Mask2Former (default: the one that decides at the pixel, or in the image)", min: 0);
    readonly Option<bool> modules = Values.Flag("--modules", "also draws every module alone, not only each stage's mean");

    public ExplainVerb() => Command = new Command("explain", "draws attention maps per stage as heat maps over the image")
    {
        source, images, folder, at, name, query, modules,
    };

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "explain demo/run street.jpg --out maps",
        "explain sanet.safetensors street.jpg --out maps --at 320,180",
        "explain sanet.safetensors street.jpg --out maps --class car",
    ];

    public override int Run(ParseResult arguments, VerbContext context)
    {
        var (paths, output, pixel) = (arguments.GetRequiredValue(images), arguments.GetValue(folder)!, Pixel(arguments.GetValue(at)));
        var given = arguments.GetRequiredValue(source);
        if (Segmenter.IsExported(given))
            throw new UsageException($"{given} is an exported network, which shows its answers alone; give the run or the checkpoint that "
                + "it was exported from");
        var device = context.UseTorch();
        ImageNames.Check(paths);
        using var model = LoadedModel.Open(given, device);
        var chosen = arguments.GetValue(name) is { } wanted ? model.ClassOf(wanted) : (int?)null;
        var drawn = new AttentionFiles(model, output);
        OutputFolder.Make(output);
        var question = new AttentionQuestion(chosen, pixel, arguments.GetValue(modules), arguments.GetValue(query));
        var result = drawn.Write(paths, question, context.Log, context.Cancel);
        context.Result(
            new JsonObject { ["files"] = JsonOutput.Array(result.Files), ["failed"] = JsonOutput.Failures(result.Failed) },
            text =>
            {
                foreach (var file in result.Files)
                    text.WriteLine(file);
            });
        return result.Failed.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    static (int X, int Y)? Pixel(string? text)
    {
        if (text is null)
            return null;
        static bool Read(string side, out int value) => int.TryParse(side, NumberStyles.None, CultureInfo.InvariantCulture, out value);
        return text.Split(',') is [var x, var y] && Read(x, out var left) && Read(y, out var top) ? (left, top)
            : throw new UsageException($"--at '{text}': two whole numbers were wanted, from the left and from the top, such as 320,180");
    }
}
