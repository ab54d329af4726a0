using System.CommandLine;
using Hwaso.Cli.Arguments;
using Hwaso.Cli.Output;
using Hwaso.Cli.Verbs;

namespace Hwaso.Cli;

/// <summary>The command: finds the verb, runs it, and turns every exception into one line and an exit code.</summary>
sealed class App
{
    static readonly ParserConfiguration parsing = new() { EnablePosixBundling = false, ResponseFileTokenReplacer = null };

    readonly CommonOptions common = new();
    readonly Option<bool> version = Values.Flag("--version", "versions of Hwaso and libtorch, and the devices it sees");
    readonly Command root = new("hwaso", "Trains, scores and deploys networks for semantic segmentation, poses and boxes.");
    readonly Dictionary<Command, Verb> verbs = [];
    readonly Terminal terminal;

    /// <summary>A command of <paramref name="verbs"/>, writing to <paramref name="terminal"/>.</summary>
    public App(Terminal terminal, IEnumerable<Verb> verbs)
    {
        this.terminal = terminal;
        foreach (var verb in verbs)
        {
            root.Add(verb.Command);
            Register(verb.Command, verb);
        }
        common.AddTo(root);
        root.Add(version);
    }

    /// <summary>Runs one command line; returns an <see cref="ExitCode"/>.</summary>
    public int Run(IReadOnlyList<string> args, CancellationToken cancel)
    {
        if (Completion.IsAsked(args))
        {
            foreach (var word in Completion.Words(args, root, parsing)) terminal.Output.WriteLine(word);
            return ExitCode.Done;
        }
        // `hwaso help train` is what some will try first.
        if (args.Count > 0 && args[0] == "help") args = [.. args.Skip(1), "--help"];
        var parse = root.Parse(args, parsing);
        var command = parse.CommandResult.Command;
        var where = Path(command);
        try
        {
            if (parse.GetValue(common.Help) && (command != root || parse.UnmatchedTokens.Count == 0)) return Help(command);
            ParseErrors.Throw(parse, root, args);
            var context = Context(parse, cancel);
            if (parse.GetValue(version)) return VersionPage.Write(context);
            if (verbs.TryGetValue(command, out var verb)) return verb.Run(parse, context);
            if (args.Count == 0)
            {
                HelpPage.WriteOverview(
                    terminal with { Output = terminal.Error, OutputIsTerminal = terminal.ErrorIsTerminal }, root, common.All);
                return ExitCode.Usage;
            }
            throw new UsageException($"wanted: {string.Join(" or ", command.Subcommands.Select(Path))}");
        }
        // The last door: nothing leaves the process but a line and a number.
#pragma warning disable CA1031
        catch (Exception error)
#pragma warning restore CA1031
        {
            var (line, code) = Failure.Of(error);
            terminal.Error.WriteLine($"{where}: {line}");
            if (error is UsageException) terminal.Error.WriteLine($"try: {where} --help");
            if (args.Contains("--debug")) terminal.Error.WriteLine(error);
            return code;
        }
    }

    void Register(Command command, Verb verb)
    {
        verbs[command] = verb;
        foreach (var sub in (verb as VerbGroup)?.Verbs ?? []) Register(sub.Command, sub);
    }

    int Help(Command command)
    {
        if (command == root) HelpPage.WriteOverview(terminal, root, [.. common.All, version]);
        else HelpPage.Write(terminal, Path(command), command, verbs[command].Examples, common.All);
        return ExitCode.Done;
    }

    VerbContext Context(ParseResult parse, CancellationToken cancel) =>
        new(terminal, parse.GetValue(common.Json), parse.GetValue(common.Device), parse.GetValue(common.Threads), cancel);

    static string Path(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{Path(parent)} {command.Name}" : command.Name;
}
