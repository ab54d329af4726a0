using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Cli.Output;
using Hwaso.Inference;
using Hwaso.Recipes;
using Hwaso.Torch;
using Hwaso.Training.Loop;
using Hwaso.Training.Processes;
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
    readonly Option<int?> timeout = Values.Whole(
        "--timeout", "SECONDS", "how long a process that trains with others waits for one of them (default: 60)", min: 1);

    readonly Option<string?> profile = Values.Text(
        "--profile", "FILE", "writes a timeline of the first 1,000 steps, the first 10 with their layers and operators, "
        + "as a Chrome trace; process N of several writes FILE-N");

    public TrainVerb() => Command = new Command(
        "train", "trains a recipe: validates, keeps the best and the last checkpoint, writes the run folder and its report")
    {
        recipe, data, run, set, resume, timeout, profile,
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
        arguments.GetValue(resume), arguments.GetValue(timeout), arguments.GetValue(profile));

    public override int Run(ParseResult arguments, VerbContext context)
    {
        var asked = Read(arguments);
        var device = context.UseTorch();
        var loaded = RecipeFile.Load(ShippedRecipes.Find(asked.Recipe), asked.Set);
        var folder = new RunFolder(asked.Run ?? Path.Combine("runs", loaded.Recipe.Name));
        var place = ProcessPlace.Of(Environment.GetEnvironmentVariable);
        var threads = context.Threads ?? loaded.Recipe.Threads ?? Math.Max(1, context.ProcessorThreads / (place?.LocalSize ?? 1));
        if (place is not null && device.Type == DeviceType.Cuda && context.Device is null or "cuda")
            device = Device.Parse($"cuda:{place!.LocalRank}");
        // Who starts failed processes again means the run to continue where it was saved.
        var resume = asked.Resume || (place is not null && folder.WasBegun && IsRestart);
        using var team = place is null ? Team.Alone
            : Team.Join(place, device, loaded.Recipe.Train.SyncBatchNorm, WorkOf(loaded, asked), asked.Patience);
        ITrainingTask task;
        Timeline? timeline = null;
        TrainResult result;
        try
        {
            timeline = asked.Profile is { } file ? new Timeline(Timeline.FileOf(file, team.Rank), team.Rank) : null;
            var request = new TrainRequest(loaded, asked.Data, folder, resume, device, threads) { Team = team, Timeline = timeline };
            task = TrainingTasks.Open(request);
            using var watcher = new TrainConsole(context, team);
            using var trainer = new Trainer(request, task, watcher);
            result = trainer.Run(context.Cancel);
            if (result.Finished && team.IsFirst)
                trainer.WriteReport(result);
        }
        catch (Exception error)
        {
            team.Fail(error);
            throw;
        }
        finally
        {
            Write(timeline, context);
        }
        if (!result.Finished)
        {
            if (team.IsFirst)
                context.Log($"stopped after step {result.Iterations}; continue with: {Again(asked, folder, context, place)}");
            return ExitCode.Failed;
        }
        if (!team.IsFirst)
            return ExitCode.Done;
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

    // Also where the training failed, and its error is more important than this one.
    static void Write(Timeline? timeline, VerbContext context)
    {
        try
        {
            timeline?.Write();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            context.Log($"--profile: not written: {error.Message}");
        }
    }

    static bool IsRestart =>
        int.TryParse(Environment.GetEnvironmentVariable(Launcher.RestartVariable), out var restarts) && restarts > 0;

    /// <summary>What processes that train as one must have been started with alike.</summary>
    static Dictionary<string, string> WorkOf(RecipeFile recipe, TrainArguments asked) => new()
    {
        ["recipe"] = $"{recipe.Recipe.Name}, digest {Digest(recipe.Recipe.ToYaml())}",
        ["--resume"] = asked.Resume ? "given" : "not given",
    };

    static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..12];

    // Another value of an option would be another run.
    static string Again(TrainArguments asked, RunFolder folder, VerbContext context, ProcessPlace? place) => ShellWord.Line(
    [
        "hwaso", .. place is null ? Array.Empty<string>() : ["launch", "-n", $"{place.Size}", "--"], "train", asked.Recipe,
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
/// <param name="Timeout">Seconds to wait for another process; null: the usual.</param>
/// <param name="Profile">The file of the timeline; null: none.</param>
sealed record TrainArguments(
    string Recipe, string? Data, string? Run, IReadOnlyList<string> Set, bool Resume, int? Timeout, string? Profile)
{
    /// <summary>How long to wait for another process.</summary>
    public TimeSpan Patience => TimeSpan.FromSeconds(Timeout ?? 60);
}
