using System.CommandLine;
using Hwaso.Cli.Arguments;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso verify</c>: holds a network against recorded outputs.</summary>
sealed class VerifyVerb : Verb
{
    readonly Argument<string> model = new("MODEL") { Description = "a short name (see hwaso models) or a recipe" };
    readonly Option<string?> weights = Values.Text("--weights", "FILE", "a checkpoint, or 'formula' for weights by the fixtures' rule", required: true);
    readonly Option<string?> fixture = Values.Text("--fixture", "FILE", "the .safetensors file with the recorded input and outputs", required: true);
    readonly Option<int?> classes = Values.Whole("--classes", "N", "number of classes (default: the recipe's, or what the weights have)", min: 1);
    readonly Option<double?> tolerance = Values.Positive("--tolerance", "X", "largest error relative to the largest output that passes (default: 1e-4)");
    readonly Func<VerifyArguments, VerbContext, int> verify;

    /// <summary>The verb, done by <paramref name="verify"/>.</summary>
    public VerifyVerb(Func<VerifyArguments, VerbContext, int> verify)
    {
        this.verify = verify;
        Command = new Command("verify", "runs a network on a fixture's input and compares its outputs with the recorded ones")
        {
            model, weights, fixture, classes, tolerance,
        };
    }

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "verify hrnetv2-w18 --weights formula --fixture hrnetv2_w18.safetensors",
        "verify small.yaml --weights small.safetensors --fixture small.output.safetensors --tolerance 1e-5",
    ];

    public override int Run(ParseResult arguments, VerbContext context) => verify(
        new VerifyArguments(
            arguments.GetRequiredValue(model),
            arguments.GetValue(weights)!,
            arguments.GetValue(fixture)!,
            arguments.GetValue(classes),
            arguments.GetValue(tolerance) ?? 1e-4),
        context);
}
