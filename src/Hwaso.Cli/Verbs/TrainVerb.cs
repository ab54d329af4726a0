using System.CommandLine;
using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Cli.Output;
using Hwaso.Inference;
using Hwaso.Recipes;
using Hwaso.Training.Loop;
using Hwaso.Training.Tasks;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso train</c>: from a recipe to a run folder.</summary>
sealed class TrainVerb : Verb
{
    readonly Argument<string> recipe = new("RECIPE") { Description = "the recipe: a YAML file, or a name of hwaso recipes" };
    readonly Option<string?> data = Values.Text("--data", "DIR", "folder of the data set (default: the recipe's)");
    readonly Option<string?> run = Values.Text("--run", "DIR", "run folder to write (default: runs/ and the recipe's name)");
    readonly Option<string[]> set = Values.Settings("--set", "replaces a value of the recipe; may be repeated");
    readonly Option<bool> resume = Values.Flag("--resume", "continues from the run folder's last checkpoint");

    public TrainVerb() => Command = new Command(
        "train", "trains a recipe: validates, keeps the best and the last checkpoint, writes the run folder and its report")
    {
        recipe, data, run, set, resume,
    };

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "train recipes/demo.yaml --data demo/data --run demo/run",
        "train recipes/demo.yaml --data demo/data --set seed=2",
        "train recipes/demo.yaml --data demo/data --run demo/run --resume",
    ];

    public TrainArguments Read(ParseResult arguments) => new(
        arguments.GetRequiredValue(recipe), arguments.GetValue(data), arguments.GetValue(run), arguments.GetValue(set) ?? [],
        arguments.GetValue(resume));

    public override int Run(ParseResult arguments, VerbContext context)
    {
        var asked = Read(arguments);
        var device = context.UseTorch();
        var loaded = RecipeFile.Load(ShippedRecipes.Find(asked.Recipe), asked.Set);
        var folder = new RunFolder(asked.Run ?? Path.Combine("runs", loaded.Recipe.Name));
        var threads = context.Threads ?? loaded.Recipe.Threads ?? context.ProcessorThreads;
        var request = new TrainRequest(loaded, asked.Data, folder, asked.Resume, device, threads);
        var task = TrainingTasks.Open(request);
        TrainResult result;
        using (var watcher = new TrainConsole(context))
        using (var trainer = new Trainer(request, task, watcher))
        {
            result = trainer.Run(context.Cancel);
            if (result.Finished)
                trainer.WriteReport(result);
        }
        if (!result.Finished)
        {
            context.Log($"stopped after step {result.Iterations}; continue with: {Again(asked, folder, context)}");
            return ExitCode.Failed;
        }
        var best = result.Best;
        var others = best?.Shown.Count > 1 ? $" ({string.Join(", ", best.Shown.Skip(1))})" : "";
        context.Result(
            new JsonObject { ["run"] = folder.Root, [task.MainScore] = best?.Main.Value, ["seconds"] = Math.Round(result.Seconds, 3) },
            output =>
            {
                var score = best is null ? "no validation gave a score" : $"{best.Main} after epoch {result.BestEpoch}{others}";
                output.WriteLine($"{score}, {result.Seconds:0} s, {result.ImagesPerSecond:0.0} images/s");
                output.WriteLine($"weights  {folder.Weights}");
                output.WriteLine($"report   {folder.Report}");
            });
        return ExitCode.Done;
    }

    // Another value of an option would be another run.
    static string Again(TrainArguments asked, RunFolder folder, VerbContext context) => ShellWord.Line(
    [
        "hwaso", "train", asked.Recipe,
        .. asked.Data is { } data ? ["--data", data] : Array.Empty<string>(),
        "--run", folder.Root,
        .. asked.Set.SelectMany(setting => new[] { "--set", setting }),
        .. context.CommonWords,
        "--resume",
    ]);
}

/// <summary>The arguments of <c>hwaso train</c>.</summary>
/// <param name="Recipe">The recipe file.</param>
/// <param name="Data">The data set's folder; null: the recipe's.</param>
/// <param name="Run">The run folder; null: <c>runs/</c> and the recipe's name.</param>
/// <param name="Set">Values that replace the recipe's, each <c>key=value</c>.</param>
/// <param name="Resume">Whether to continue a run that was stopped.</param>
sealed record TrainArguments(string Recipe, string? Data, string? Run, IReadOnlyList<string> Set, bool Resume);
