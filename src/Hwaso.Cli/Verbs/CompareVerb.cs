using System.CommandLine;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso compare</c>: one table of several runs.</summary>
sealed class CompareVerb : Verb
{
    readonly Argument<string[]> runs = new("RUN") { Description = "run folders, finished or under way", Arity = ArgumentArity.OneOrMore };
    readonly Func<CompareArguments, VerbContext, int> compare;

    /// <summary>The verb, done by <paramref name="compare"/>.</summary>
    public CompareVerb(Func<CompareArguments, VerbContext, int> compare)
    {
        this.compare = compare;
        Command = new Command("compare", "one table of several runs: scores, cost, time, and the settings in which they differ") { runs };
    }

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples => ["compare runs/first runs/second", "compare runs/* --json"];

    public override int Run(ParseResult arguments, VerbContext context) => compare(new CompareArguments(arguments.GetRequiredValue(runs)), context);
}
