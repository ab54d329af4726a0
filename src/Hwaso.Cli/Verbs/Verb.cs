using System.CommandLine;
using Hwaso.Cli.Arguments;

namespace Hwaso.Cli.Verbs;

/// <summary>One verb of the command line: its arguments and its work.</summary>
abstract class Verb
{
    /// <summary>Name, description, arguments and options.</summary>
    public abstract Command Command { get; }

    /// <summary>Command lines that show typical use, without the leading <c>hwaso</c>.</summary>
    public abstract IReadOnlyList<string> Examples { get; }

    /// <summary>Does the work; returns an <see cref="ExitCode"/>. Errors are exceptions.</summary>
    public abstract int Run(ParseResult arguments, VerbContext context);
}

/// <summary>A verb that is followed by another, such as <c>hwaso dataset check</c>.</summary>
sealed class VerbGroup : Verb
{
    public VerbGroup(string name, string description, params IReadOnlyList<Verb> verbs)
    {
        Verbs = verbs;
        Command = new Command(name, description);
        foreach (var verb in verbs)
            Command.Add(verb.Command);
    }

    public IReadOnlyList<Verb> Verbs { get; }

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples => [.. Verbs.SelectMany(verb => verb.Examples)];

    public override int Run(ParseResult arguments, VerbContext context) =>
        throw new UsageException($"wanted: {string.Join(" or ", Verbs.Select(verb => $"hwaso {Command.Name} {verb.Command.Name}"))}");
}

/// <summary>The number that the process ends with.</summary>
static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Usage = 2;
}
