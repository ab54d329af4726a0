using System.CommandLine;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso models</c>: every name that MODEL accepts.</summary>
/// <param name="list">Does it.</param>
sealed class ModelsVerb(Func<VerbContext, int> list) : Verb
{
    public override Command Command { get; } = new("models", "lists every name that MODEL accepts, with published parameters beside ours");

    public override IReadOnlyList<string> Examples => ["models", "models --json"];

    public override int Run(ParseResult arguments, VerbContext context) => list(context);
}
