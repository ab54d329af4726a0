using System.CommandLine;
using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Cli.Output;
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

    readonly Option<string[]> urls = Values.Texts(
        "--urls", "URL", "addresses to listen on (default: http://127.0.0.1:8080, this machine alone)");

    public ServeVerb() => Command = new Command(
        "serve", "serves networks over HTTP: the Open Inference Protocol v2, and images in, labels out")
    {
        models, urls,
    };

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "serve road.onnx",
        "serve demo/run streets=best.safetensors --urls http://0.0.0.0:8080",
    ];

    public override int Run(ParseResult arguments, VerbContext context)
    {
        var sources = arguments.GetValue(models) ?? [];
        if (!sources.All(Segmenter.IsExported))
            context.UseTorch();
        var settings = new ServerSettings
        {
            Models = sources,
            Threads = context.ProcessorThreads,
        };
        if (arguments.GetValue(urls) is { Length: > 0 } given)
            settings = settings with { Urls = given };
        Serve(settings, context).GetAwaiter().GetResult();
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
