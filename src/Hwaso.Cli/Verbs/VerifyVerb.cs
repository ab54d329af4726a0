using System.CommandLine;
using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Cli.Output;
using Hwaso.Inference.Networks;
using Hwaso.Training.Verifying;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso verify</c>: compares a network's outputs, or an operator's, with recorded ones.</summary>
sealed class VerifyVerb : Verb
{
    readonly Argument<string> model = new("MODEL")
    {
        Description = $"a short name (see hwaso models) or a recipe; or an operator: {string.Join(", ", OperatorList.All.Keys)}",
        CompletionSources = { Completion.Networks },
    };

    readonly Option<string?> weights = Values.Text(
        "--weights", "FILE", "a checkpoint, or 'formula' for weights by the fixtures' rule; not for operators");
    readonly Option<string?> fixture = Values.Text(
        "--fixture", "FILE", "the .safetensors file with the recorded input and outputs; of operators, or the JSON that lists its cases",
        required: true);
    readonly Option<int?> classes =
        Values.Whole("--classes", "N", "number of classes (default: the recipe's, or that of the weights)", min: 1);
    readonly Option<double?> tolerance = Values.Positive(
        "--tolerance", "X", "largest error that passes, relative to the largest output (default: 1e-4)");

    public VerifyVerb() =>
        Command = new Command("verify", "runs a network on a fixture's input and compares its outputs with the recorded ones")
    {
        model, weights, fixture, classes, tolerance,
    };

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "verify hrnetv2-w18 --weights formula --fixture hrnetv2_w18.safetensors",
        "verify pose-warp --fixture warp.safetensors",
        "verify small.yaml --weights small.safetensors --fixture small.output.safetensors --tolerance 1e-5",
    ];

    public VerifyArguments Read(ParseResult arguments)
    {
        var named = arguments.GetRequiredValue(model);
        var isOperator = OperatorList.All.ContainsKey(named);
        if (!isOperator && arguments.GetValue(weights) is null)
            throw new UsageException("--weights is missing: a checkpoint, or 'formula' for weights by the fixtures' rule");
        if (isOperator && (arguments.GetValue(weights) is not null || arguments.GetValue(classes) is not null
            || arguments.GetValue(tolerance) is not null))
            throw new UsageException($"--weights, --classes and --tolerance are for networks; leave them out with {named}");
        return new VerifyArguments(
            named, arguments.GetValue(weights) ?? "", arguments.GetValue(fixture)!, arguments.GetValue(classes),
            arguments.GetValue(tolerance) ?? 1e-4);
    }

    public override int Run(ParseResult arguments, VerbContext context)
    {
        var asked = Read(arguments);
        context.UseTorch();
        if (OperatorList.All.TryGetValue(asked.Model, out var compare))
            return RunOperator(asked, compare, context);
        var fixture = Fixture.Read(asked.Fixture);
        var errors = ModelArgument.FindAttention(asked.Model) is { } attention
            ? Verifier.Verify(attention, asked.Weights, fixture)
            : Verifier.Verify(ModelArgument.Find(asked.Model), asked.Weights, fixture, asked.Classes ?? ModelArgument.Classes(asked.Model));
        var skipped = fixture.Outputs.Except(errors.Select(e => e.Name)).ToArray();
        var worst = errors.MaxBy(e => e.Relative)!;
        // An error that is NaN is not within the tolerance, and fails.
        var passed = errors.All(e => e.Relative <= asked.Tolerance);
        var outputs = errors.Select(
            e => KeyValuePair.Create(e.Name, (JsonNode?)new JsonObject { ["abs"] = e.Absolute, ["rel"] = e.Relative }));
        context.Result(
            new JsonObject
            {
                ["max_abs_error"] = errors.Max(e => e.Absolute),
                ["max_rel_error"] = worst.Relative,
                ["outputs"] = new JsonObject(outputs),
                ["skipped"] = JsonOutput.Array(skipped),
            },
            output =>
            {
                foreach (var error in errors)
                    output.WriteLine($"{error.Name}: largest difference {error.Absolute:g3}, relative {error.Relative:g3}");
                foreach (var name in skipped)
                    output.WriteLine($"{name}: not an output of this network, left out");
            });
        if (!passed)
            context.Log($"{worst.Name} is off by {worst.Relative:g3} of its largest value; {asked.Tolerance:g3} was allowed");
        return passed ? ExitCode.Done : ExitCode.Failed;
    }

    static int RunOperator(VerifyArguments asked, Action<OperatorFixture, OperatorCheck> compare, VerbContext context)
    {
        var check = new OperatorCheck();
        compare(OperatorFixture.Read(asked.Fixture), check);
        context.Result(
            new JsonObject
            {
                ["cases"] = check.Cases,
                ["failed"] = check.Failed,
                ["worst"] = double.IsFinite(check.Worst) ? check.Worst : null,
                ["failures"] = JsonOutput.Array(check.Failures),
            },
            output =>
            {
                output.WriteLine($"{asked.Model}: {check.Cases} cases, {check.Failed} failed, largest difference {check.Worst:g3}");
                foreach (var failure in check.Failures)
                    output.WriteLine($" {failure}");
            });
        return check.Failed == 0 ? ExitCode.Done : ExitCode.Failed;
    }
}

/// <summary>The arguments of <c>hwaso verify</c>.</summary>
/// <param name="Model">A short name or a recipe.</param>
/// <param name="Weights">A checkpoint, or <c>formula</c>.</param>
/// <param name="Fixture">The safetensors file with <c>input</c> and <c>output…</c>.</param>
/// <param name="Classes">Number of classes; null: the recipe's, or that of the weights.</param>
/// <param name="Tolerance">Largest relative error that passes.</param>
sealed record VerifyArguments(string Model, string Weights, string Fixture, int? Classes, double Tolerance);
