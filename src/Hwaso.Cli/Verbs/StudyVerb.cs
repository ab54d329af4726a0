using System.CommandLine;
using Hwaso.Cli.Arguments;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso study</c>: from a grid of variants to a paper's table.</summary>
sealed class StudyVerb : Verb
{
    readonly Argument<string> study = new("STUDY") { Description = "the study, a YAML file such as those in recipes/studies" };
    readonly Option<string?> data = Values.Text("--data", "DIR", "folder of the data set (default: the recipes'; with --small, scenes are rendered)");
    readonly Option<int?> seeds = Values.Whole("--seeds", "N", "runs of each variant (default: the study's)", min: 1);
    readonly Option<bool> small = Values.Flag("--small", "the small form: small networks on rendered scenes, minutes on two processor cores");
    readonly Option<string?> output = Values.Text("--out", "DIR", "folder of its runs and tables (default: runs/studies/ and the study's name)");
    readonly Option<string[]> set = Values.Settings("--set", "replaces a value of every variant's recipe; may be repeated");
    readonly Func<StudyArguments, VerbContext, int> run;

    /// <summary>The verb, done by <paramref name="run"/>.</summary>
    public StudyVerb(Func<StudyArguments, VerbContext, int> run)
    {
        this.run = run;
        Command = new Command("study", "trains every variant of a grid and prints the paper's table; finished runs are kept, a broken one goes on")
        {
            study, data, seeds, small, output, set,
        };
    }

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "study recipes/studies/hrnet-psa.yaml --data PASCAL-CONTEXT",
        "study recipes/studies/hrnet-psa.yaml --small",
        "study recipes/studies/deformable-attention.yaml --data cityscapes --seeds 5",
    ];

    public override int Run(ParseResult arguments, VerbContext context) => run(
        new StudyArguments(
            arguments.GetRequiredValue(study),
            arguments.GetValue(data),
            arguments.GetValue(seeds),
            arguments.GetValue(small),
            arguments.GetValue(output),
            arguments.GetValue(set) ?? []),
        context);
}
