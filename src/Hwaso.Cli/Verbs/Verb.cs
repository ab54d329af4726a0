using System.CommandLine;

namespace Hwaso.Cli.Verbs;

/// <summary>One verb of the command line: its arguments, and what it does with them.</summary>
abstract class Verb
{
    /// <summary>Name, description, arguments and options.</summary>
    public abstract Command Command { get; }

    /// <summary>Command lines that show typical use, without the leading <c>hwaso</c>.</summary>
    public abstract IReadOnlyList<string> Examples { get; }

    /// <summary>Does the work; returns an <see cref="ExitCode"/>. Errors are exceptions.</summary>
    public abstract int Run(ParseResult arguments, VerbContext context);
}
