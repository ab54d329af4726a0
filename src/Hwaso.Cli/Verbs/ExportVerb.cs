using System.CommandLine;
using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Inference;
using Hwaso.Recipes;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso export</c>: a trained network as one ONNX file.</summary>
sealed class ExportVerb : Verb
{
    readonly Argument<string> source = new("SOURCE") { Description = "a run folder or a checkpoint (.safetensors)" };
    readonly Option<string?> target = Values.Text("--out", "FILE", "the .onnx file to write", required: true);
    readonly Option<SizePx?> size = Values.Size("--size", "fixes the images' height x width");
    readonly Option<bool> dynamic = Values.Flag("--dynamic", "leaves height and width free (the default)");
    readonly Option<bool> half = Values.Flag("--fp16", "weights and computation of half precision: half the bytes");
    readonly Option<bool> fold = Values.Flag("--fold", "folds batch norms into the convolutions before them (always with --fp16)");
    readonly Option<bool> labels = Values.Flag("--labels", "the output is the class of each pixel of the image instead of scores");
    readonly Option<bool> queries = Values.Flag(
        "--queries", "the outputs are classes and masks of queries (EoMT, Mask2Former), for predict --as instances or panoptic");
    readonly Option<bool> deform =
        Values.Flag("--deform-conv", "writes deformable convolutions as DeformConv (operator set 19), not as grid sampling");

    public ExportVerb() => Command = new Command("export", "writes a network as one ONNX file, with its classes, colours and normalisation")
    {
        source, target, size, dynamic, half, fold, labels, queries, deform,
    };

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "export demo/run --out road.onnx",
        "export best.safetensors --out road.onnx --size 512x1024",
        "export demo/run --out road.onnx --fp16 --labels",
        "export eomt.safetensors --out eomt.onnx --queries --size 512x512",
    ];

    public override int Run(ParseResult arguments, VerbContext context)
    {
        if (arguments.GetValue(dynamic) && arguments.GetValue(size) is not null)
            throw new UsageException("--dynamic leaves the size free and --size fixes it: give one of them");
        var path = arguments.GetValue(target)!;
        if (!path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase))
            throw new UsageException($"{path}: ONNX files end in .onnx, and are known by that");
        var options = new ExportOptions(
            arguments.GetValue(size), arguments.GetValue(fold), arguments.GetValue(half), arguments.GetValue(labels),
                arguments.GetValue(deform), arguments.GetValue(queries));
        // On the processor: the recording runs there in any case, and needs no more.
        context.UseTorch();
        using var model = LoadedModel.Open(arguments.GetRequiredValue(source), Torch.Device.Cpu);
        var file = Exporter.Write(model, options, path);
        var operators = new JsonObject();
        foreach (var (name, count) in file.Operators.OrderBy(o => o.Key, StringComparer.Ordinal))
            operators[name] = count;
        context.Result(
            new JsonObject { ["operators"] = operators, ["bytes"] = file.Bytes.Length, ["out"] = path },
            output =>
            {
                var images = options.Size is { } fixedSize ? $"{fixedSize} pixels" : "any size that the network takes";
                output.WriteLine(string.Join(", ", file.Operators.OrderByDescending(o => o.Value).Select(o => $"{o.Value} {o.Key}")));
                output.WriteLine($"{file.Bytes.Length / 1e6:0.0} MB written to {path}, for images of {images}");
            });
        return ExitCode.Done;
    }
}
