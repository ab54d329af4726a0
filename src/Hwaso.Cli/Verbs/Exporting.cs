using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Inference;
using Spectre.Console;

namespace Hwaso.Cli.Verbs;

/// <summary>The work of <c>hwaso export</c>.</summary>
static class Exporting
{
    public static int Run(ExportArguments arguments, VerbContext context)
    {
        if (!arguments.Out.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase))
            throw new UsageException($"{arguments.Out}: ONNX files end in .onnx, and are known by that");
        // On the processor: the recording runs there in any case, and needs no more.
        context.UseTorch();
        using var model = LoadedModel.Open(arguments.Source, Torch.Device.Cpu);
        var file = Exporter.Write(model, arguments.Options, arguments.Out);
        var operators = new JsonObject();
        foreach (var (name, count) in file.Operators.OrderBy(o => o.Key, StringComparer.Ordinal))
            operators[name] = count;
        context.Result(
            new JsonObject { ["operators"] = operators, ["bytes"] = file.Bytes.Length, ["out"] = arguments.Out },
            console =>
            {
                console.WriteLine($"{string.Join(", ", file.Operators.OrderByDescending(o => o.Value).Select(o => $"{o.Value} {o.Key}"))}");
                console.WriteLine($"{file.Bytes.Length / 1e6:0.0} MB written to {arguments.Out}, for images of {(arguments.Options.Size is { } size ? $"{size} pixels" : "any size that the network takes")}");
            });
        return ExitCode.Done;
    }
}
