using System.CommandLine;
using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Cli.Output;
using Hwaso.Data.Layouts;
using Hwaso.Inference;
using Hwaso.Server;
using Hwaso.Server.Settings;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso serve</c>: starts the inference server, and ends it at Ctrl-C or SIGTERM.</summary>
sealed class ServeVerb : Verb
{
    readonly Argument<string[]> models = new("MODEL")
    {
        Description = "exported networks (.onnx), run folders and checkpoints; NAME=PATH gives one another name",
        Arity = ArgumentArity.ZeroOrMore,
    };

    readonly Option<string?> runs = Values.Text("--runs", "DIR", "serves each run in this folder too, loaded by its first request");
    readonly Option<string?> data = Values.Text("--data", "DIR", "a data set whose images are shown and whose labels can be edited");
    readonly Option<string?> layout = Values.Choice(
        "--layout", "the data set's layout (default: recognised by the folder's content)", [.. Datasets.Layouts]);

    readonly Option<string?> config = Values.Text(
        "--config", "FILE", "settings as a JSON object; options and variables HWASO_SERVE_NAME count before it");

    readonly Option<string[]>[] settings =
    [
        Values.Texts("--urls", "URL", "addresses to listen on (default: http://127.0.0.1:8080, this machine alone)"),
        Values.Texts("--keys", "FILE", "keys, a line each, one of which a request must carry"),
        Values.Texts("--requests-per-minute", "N", "the most requests of a key in a minute (default: no limit)"),
        Values.Texts("--hosts", "NAME", "names of this server, besides localhost and addresses"),
        Values.Texts("--cors", "ORIGIN", "origins whose pages may call the server (default: none)"),
        Values.Texts(
            "--engine", "runtime|libtorch", "answers images of runs and checkpoints (default: runtime on the processor, libtorch on a GPU)"),
        Values.Texts("--batch", "N", "the most images of one size that run as a batch (default: 1)"),
        Values.Texts("--batch-wait", "MS", "the longest time that an image waits for others (default: 0)"),
        Values.Texts("--queue", "N", "requests that may wait; more are refused with 429 (default: 1)"),
        Values.Texts("--time-limit", "SECONDS", "the longest time of a request (default: 60)"),
        Values.Texts("--max-bytes", "N", "the most bytes of a request (default: 67108864)"),
        Values.Texts("--max-pixels", "N", "the most pixels of an image (default: 50000000)"),
        Values.Texts("--max-run-bytes", "N", "the most memory of one run of a network (default: 1073741824)"),
        Values.Texts("--drain", "SECONDS", "the least time between SIGTERM and closing (default: 1)"),
        Values.Texts("--page", "DIR", "the built page (default: the one that comes with the command)"),
        Values.Texts("--otlp", "URL", "sends metrics by OTLP; /metrics has them for Prometheus anyway"),
        Values.Texts("--logs", "none|text|json", "the form of the log on standard error (default: text)"),
    ];

    public ServeVerb()
    {
        Command = new Command("serve", "serves networks over HTTP: the Open Inference Protocol v2, and images in, labels out")
        {
            models, runs, data, layout, config,
        };
        foreach (var option in settings)
            Command.Add(option);
    }

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "serve road.onnx",
        "serve demo/run streets=best.safetensors --urls http://0.0.0.0:8080 --keys keys.txt",
        "serve --runs runs --data cityscapes --queue 4",
        "serve demo/run --device cuda",
    ];

    public override int Run(ParseResult arguments, VerbContext context)
    {
        var given = new Dictionary<string, IReadOnlyList<string>>();
        foreach (var option in settings)
            if (arguments.GetValue(option) is { Length: > 0 } texts)
                given[option.Name[2..]] = texts;
        if (arguments.GetValue(models) is { Length: > 0 } sources)
            given["models"] = sources;
        if (arguments.GetValue(runs) is { } folder)
            given["runs"] = [folder];
        if (arguments.GetValue(data) is { } set)
            given["data"] = [set];
        if (arguments.GetValue(layout) is { } named)
            given["layout"] = [named];
        var read = SettingsReader.Read(given, Environment.GetEnvironmentVariable, arguments.GetValue(config));
        if (read.Runs is not null || !read.Models.All(Segmenter.IsExported))
            read = read with { Device = context.UseTorch() };
        else if (read.Engine == Engine.Libtorch || context.Device is not (null or "cpu"))
            throw new UsageException("libtorch, and so a GPU, runs the networks of run folders and checkpoints; an exported network runs on "
                + "the processor: leave --device and --engine out, or serve the run that it came from");
        var training = new TrainingCommand(
            [.. OwnProgram.Words, .. context.CommonWords], ShippedRecipes.Recipes.ToDictionary(name => name, ShippedRecipes.FileOf));
        Serve(read with { Threads = context.ProcessorThreads, Training = training }, context).GetAwaiter().GetResult();
        return ExitCode.Done;
    }

    static async Task Serve(ServerSettings settings, VerbContext context)
    {
        await using var server = await InferenceServer.StartAsync(settings, context.Cancel);
        context.Result(
            new JsonObject { ["urls"] = JsonOutput.Array(server.Urls) },
            output =>
            {
                foreach (var url in server.Urls)
                    output.WriteLine($"listening on {url}");
            });
        var ended = new TaskCompletionSource();
        await using (context.Cancel.Register(ended.SetResult))
            await ended.Task;
        await server.StopAsync();
    }
}
