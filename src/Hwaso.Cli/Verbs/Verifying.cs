using System.Text.Json.Nodes;
using Hwaso.Inference.Networks;
using Spectre.Console;

namespace Hwaso.Cli.Verbs;

/// <summary>The work of <c>hwaso verify</c>: a network held against recorded outputs.</summary>
static class Verifying
{
    public static int Run(VerifyArguments arguments, VerbContext context)
    {
        context.UseTorch();
        var fixture = Fixture.Read(arguments.Fixture);
        var errors = ModelArgument.FindAttention(arguments.Model) is { } attention
            ? Verifier.Verify(attention, arguments.Weights, fixture)
            : Verifier.Verify(ModelArgument.Find(arguments.Model), arguments.Weights, fixture, arguments.Classes ?? ModelArgument.Classes(arguments.Model));
        var worst = errors.MaxBy(e => e.Relative)!;
        // Not "≤": NaN must fail.
        var passed = errors.All(e => e.Relative <= arguments.Tolerance);
        context.Result(
            new JsonObject
            {
                ["max_abs_error"] = errors.Max(e => e.Absolute),
                ["max_rel_error"] = worst.Relative,
                ["outputs"] = new JsonObject(errors.Select(e => KeyValuePair.Create(e.Name, (JsonNode?)new JsonObject { ["abs"] = e.Absolute, ["rel"] = e.Relative }))),
                ["skipped"] = Output.JsonOutput.Array(fixture.Outputs.Except(errors.Select(e => e.Name))),
            },
            console =>
            {
                foreach (var error in errors)
                    console.WriteLine($"{error.Name}: largest difference {error.Absolute:g3}, relative {error.Relative:g3}");
                foreach (var skipped in fixture.Outputs.Except(errors.Select(e => e.Name)))
                    console.WriteLine($"{skipped}: not an output of this network, left out");
            });
        if (!passed)
            context.Log($"{worst.Name} is off by {worst.Relative:g3} of its largest value; {arguments.Tolerance:g3} was allowed");
        return passed ? ExitCode.Done : ExitCode.Failed;
    }
}
