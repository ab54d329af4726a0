using System.CommandLine;
using Hwaso.Cli.Arguments;
using Hwaso.Recipes;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso bench</c>: how long a network takes, and how much memory.</summary>
sealed class BenchVerb : Verb
{
    readonly Argument<string> model = new("MODEL") { Description = "an exported network (.onnx), timed on Hwaso.Runtime; or a short name (see hwaso models) or a recipe, timed on libtorch" };
    readonly Option<SizePx?> size = Values.Size("--size", "input, height x width", required: true);
    readonly Option<int?> classes = Values.Whole("--classes", "N", "number of classes (default: the recipe's, else that of the published network)", min: 1);
    readonly Option<int?> runs = Values.Whole("--runs", "N", "runs to time (default: as many as fit into three seconds, at least 10)", min: 1);
    readonly Func<BenchArguments, VerbContext, int> bench;

    /// <summary>The verb, done by <paramref name="bench"/>.</summary>
    public BenchVerb(Func<BenchArguments, VerbContext, int> bench)
    {
        this.bench = bench;
        Command = new Command("bench", "times a network: median and 95th percentile of its runs, and the process's peak memory")
        {
            model, size, classes, runs,
        };
    }

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "bench road.onnx --size 512x1024 --threads 2",
        "bench hrnetv2-w18 --size 512x512 --device cpu",
    ];

    public override int Run(ParseResult arguments, VerbContext context) => bench(
        new BenchArguments(arguments.GetRequiredValue(model), arguments.GetValue(size)!.Value, arguments.GetValue(classes), arguments.GetValue(runs)),
        context);
}
