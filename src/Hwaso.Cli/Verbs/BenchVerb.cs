using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Inference;
using Hwaso.Recipes;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso bench</c>: a network's latency and memory.</summary>
sealed class BenchVerb : Verb
{
    readonly Argument<string> model = new("MODEL")
    {
        Description = "an exported network (.onnx), timed on Hwaso.Runtime; or a short name (see hwaso models) or a recipe, timed on "
            + "libtorch",
        CompletionSources = { Completion.Networks },
    };

    readonly Option<SizePx?> size = Values.Size("--size", "size of the image, height x width", required: true);

    readonly Option<int?> classes = Values.Whole(
        "--classes", "N", "number of classes (default: the recipe's, else that of the published network)", min: 1);

    readonly Option<int?> runs =
        Values.Whole("--runs", "N", "runs to time (default: as many as fit into three seconds, at least 10)", min: 1);

    public BenchVerb() => Command = new Command(
        "bench", "times a network: median and 95th percentile of its runs, and the process's peak memory")
    {
        model, size, classes, runs,
    };

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "bench road.onnx --size 512x1024 --threads 2",
        "bench hrnetv2-w18 --size 512x512 --device cpu",
    ];

    public BenchArguments Read(ParseResult arguments) => new(
        arguments.GetRequiredValue(model), arguments.GetValue(size)!.Value, arguments.GetValue(classes), arguments.GetValue(runs));

    public override int Run(ParseResult arguments, VerbContext context)
    {
        var asked = Read(arguments);
        using var network = Open(asked, context);
        var times = network.Measure(asked.Runs, context.Cancel);
        using var process = Process.GetCurrentProcess();
        var (runs, threads, peak) = (times.Milliseconds.Count, context.ProcessorThreads, process.PeakWorkingSet64);
        context.Result(
            new JsonObject
            {
                ["milliseconds"] = Math.Round(times.Median, 3),
                ["milliseconds_p95"] = Math.Round(times.P95, 3),
                ["milliseconds_min"] = Math.Round(times.Least, 3),
                ["runs"] = runs,
                ["peak_bytes"] = peak,
                ["engine"] = network.Engine,
                ["device"] = network.Device,
                ["threads"] = threads,
            },
            output =>
            {
                var image = $"1 x {network.Channels} x {asked.Size.Height} x {asked.Size.Width}";
                output.WriteLine($"{network.Name}, {image}, on {network.Engine}, {network.Device}, {threads} threads");
                output.WriteLine($"median         {times.Median,9:0.00} ms  ({1000 / times.Median:0.0} images a second)");
                output.WriteLine($"95 % within    {times.P95,9:0.00} ms  (of {runs} runs; the fastest {times.Least:0.00})");
                output.WriteLine($"peak memory    {peak / 1048576.0,9:0.0} MiB (of the whole process)");
            });
        return ExitCode.Done;
    }

    static Benchmark Open(BenchArguments asked, VerbContext context)
    {
        if (!Segmenter.IsExported(asked.Model))
        {
            var device = context.UseTorch();
            var definition = ModelArgument.Find(asked.Model);
            return Benchmark.OfModel(
                definition, asked.Classes ?? ModelArgument.Classes(asked.Model) ?? definition.PublishedClasses, asked.Size, device);
        }
        if (context.Device is not (null or "cpu"))
            throw new UsageException(
                $"--device {context.Device}: {asked.Model} is an exported network, which runs on the processor; leave it out");
        if (asked.Classes is not null)
            throw new UsageException($"--classes: {asked.Model} is an exported network, which has its classes already; leave it out");
        return Benchmark.OfFile(asked.Model, asked.Size, context.ProcessorThreads);
    }
}

/// <summary>The arguments of <c>hwaso bench</c>.</summary>
/// <param name="Model">An ONNX file, a short name or a recipe.</param>
/// <param name="Size">Size of the image.</param>
/// <param name="Classes">Number of classes; null: the model's.</param>
/// <param name="Runs">Runs that are timed; null for as many as a few seconds take.</param>
sealed record BenchArguments(string Model, SizePx Size, int? Classes, int? Runs);
