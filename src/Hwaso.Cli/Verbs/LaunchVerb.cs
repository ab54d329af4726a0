using System.CommandLine;
using Hwaso.Cli.Arguments;
using Hwaso.Training.Processes;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso launch</c>: several processes on this machine that train as one.</summary>
sealed class LaunchVerb : Verb
{
    // What the others need to name the process that failed and to close their files.
    static readonly TimeSpan grace = TimeSpan.FromSeconds(15);

    readonly Option<int?> processes = Values.Whole(
        "-n", "N", "processes to start: one for each GPU, or of some threads each", min: 1, required: true);

    readonly Option<int?> restarts = Values.Whole(
        "--restarts", "N", "times to start all again from the last checkpoint when one fails (default: 0)");

    readonly Argument<string[]> words = new("-- VERB")
    {
        Description = "the command that each process runs, such as: train RECIPE --data DIR",
        Arity = ArgumentArity.OneOrMore,
    };

    public LaunchVerb() => Command = new Command(
        "launch",
        "starts several processes on this machine that train as one: each GPU, or group of processors, takes a part of each batch")
    {
        processes, restarts, words,
    };

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "launch -n 4 -- train recipes/demo.yaml --data demo/data --run demo/run",
        "launch -n 8 --restarts 3 -- train recipes/hrnetv2-w48_cityscapes.yaml --data cityscapes",
    ];

    public override int Run(ParseResult arguments, VerbContext context)
    {
        var count = arguments.GetRequiredValue(processes)!.Value;
        string[] asked = arguments.GetRequiredValue(words);
        if (asked[0] != "train")
            throw new UsageException($"launch: '{asked[0]}' does not work in several processes; train was wanted");
        string[] command =
        [
            .. asked, .. Missing("--threads", context.Threads is { } threads ? $"{threads}" : null), .. Missing("--device", context.Device),
            .. context.Json && !asked.Contains("--json") ? ["--json"] : Array.Empty<string>(),
        ];
        var code = new Launcher(OwnProgram.Words[0], [.. OwnProgram.Words.Skip(1), .. command], count, context.Log)
            .Run(arguments.GetValue(restarts) ?? 0, grace, context.Cancel);
        return code is ExitCode.Done or ExitCode.Usage ? code : ExitCode.Failed;

        IEnumerable<string> Missing(string option, string? value) => value is null || asked.Contains(option) ? [] : [option, value];
    }
}

/// <summary>The command that this process is, for verbs that start it again.</summary>
static class OwnProgram
{
    /// <summary>The program, and what comes before a verb: a program that dotnet runs is dotnet with the program's path.</summary>
    public static IReadOnlyList<string> Words { get; } = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
        ? [Environment.ProcessPath!, Environment.GetCommandLineArgs()[0]] : [Environment.ProcessPath!];
}
