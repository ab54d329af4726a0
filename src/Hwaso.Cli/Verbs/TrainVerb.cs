using System.CommandLine;
using Hwaso.Cli.Arguments;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso train</c>: from a recipe to a run folder.</summary>
sealed class TrainVerb : Verb
{
    readonly Argument<string> recipe = new("RECIPE") { Description = "the recipe, a YAML file" };
    readonly Option<string?> data = Values.Text("--data", "DIR", "folder of the data set (default: the recipe's)");
    readonly Option<string?> run = Values.Text("--run", "DIR", "run folder to write (default: runs/ and the recipe's name)");
    readonly Option<string[]> set = Values.Settings("--set", "replaces a value of the recipe; may be repeated");
    readonly Option<bool> resume = Values.Flag("--resume", "goes on at the run folder's last checkpoint");
    readonly Func<TrainArguments, VerbContext, int> train;

    /// <summary>The verb, done by <paramref name="train"/>.</summary>
    public TrainVerb(Func<TrainArguments, VerbContext, int> train)
    {
        this.train = train;
        Command = new Command("train", "trains a recipe: validates, keeps the best and the last checkpoint, writes the run folder and its report")
        {
            recipe, data, run, set, resume,
        };
    }

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "train recipes/demo.yaml --data demo/data --run demo/run",
        "train recipes/demo.yaml --data demo/data --set seed=2",
        "train recipes/demo.yaml --data demo/data --run demo/run --resume",
    ];

    public override int Run(ParseResult arguments, VerbContext context) => train(
        new TrainArguments(
            arguments.GetRequiredValue(recipe),
            arguments.GetValue(data),
            arguments.GetValue(run),
            arguments.GetValue(set) ?? [],
            arguments.GetValue(resume)),
        context);
}
