using System.CommandLine;
using Hwaso.Cli.Arguments;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso models</c>: every name that MODEL accepts.</summary>
sealed class ModelsVerb : Verb
{
    readonly Argument<string[]> names = new("NAME") { Description = "networks to list; all by default", Arity = ArgumentArity.ZeroOrMore };
    readonly Option<bool> markdown = Values.Flag("--markdown", "as a Markdown table");
    readonly Option<string?> draw = Values.Text("--draw", "DIR", "also draws each into this folder, NAME.svg");
    readonly Func<ModelsArguments, VerbContext, int> list;

    /// <summary>The verb, done by <paramref name="list"/>.</summary>
    public ModelsVerb(Func<ModelsArguments, VerbContext, int> list)
    {
        this.list = list;
        Command = new Command("models", "lists every name that MODEL accepts, with parameters, published ones beside them, and multiply-adds")
        {
            names, markdown, draw,
        };
    }

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples => ["models", "models --json", "models hrnetv2-w48+psa-spatial resnet50 --draw drawings"];

    public override int Run(ParseResult arguments, VerbContext context) => list(
        new ModelsArguments(arguments.GetValue(names) ?? [], arguments.GetValue(markdown), arguments.GetValue(draw)),
        context);
}
