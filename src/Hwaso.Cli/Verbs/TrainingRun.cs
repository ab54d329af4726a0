using System.Text.Json.Nodes;
using Hwaso.Cli.Output;
using Hwaso.Inference;
using Hwaso.Recipes;
using Hwaso.Training.Loop;
using Hwaso.Training.Tasks;
using Spectre.Console;

namespace Hwaso.Cli.Verbs;

/// <summary>The work of <c>hwaso train</c>: a recipe trained into a run folder.</summary>
static class TrainingRun
{
    public static int Run(TrainArguments arguments, VerbContext context)
    {
        var device = context.UseTorch();
        var recipe = RecipeFile.Load(arguments.Recipe, arguments.Set);
        var folder = new RunFolder(arguments.Run ?? Path.Combine("runs", recipe.Recipe.Name));
        var threads = context.Threads ?? recipe.Recipe.Threads ?? context.ProcessorThreads;
        var request = new TrainRequest(recipe, arguments.Data, folder, arguments.Resume, device, threads);
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
            context.Log($"stopped after step {result.Iterations}; go on with: {Again(arguments, folder, context)}");
            return ExitCode.Failed;
        }
        var best = result.Best;
        var others = best?.Shown.Count > 1 ? $" ({string.Join(", ", best.Shown.Skip(1))})" : "";
        context.Result(
            new JsonObject { ["run"] = folder.Root, [task.MainScore] = best?.Main.Value, ["seconds"] = Math.Round(result.Seconds, 3) },
            console =>
            {
                console.WriteLine(
                    $"{best?.Main} after epoch {result.BestEpoch}{others}, {result.Seconds:0} s, {result.ImagesPerSecond:0.0} images/s");
                console.WriteLine($"weights  {folder.Best}");
                console.WriteLine($"report   {folder.Report}");
            });
        return ExitCode.Done;
    }

    /// <summary>The command line that goes on: another value of an option would be another run.</summary>
    static string Again(TrainArguments arguments, RunFolder folder, VerbContext context)
    {
        string[] words =
        [
            "hwaso", "train", arguments.Recipe,
            .. arguments.Data is { } data ? ["--data", data] : Array.Empty<string>(),
            "--run", folder.Root,
            .. arguments.Set.SelectMany(setting => new[] { "--set", setting }),
            .. context.Device is { } device ? ["--device", device] : Array.Empty<string>(),
            .. context.Threads is { } threads ? ["--threads", $"{threads}"] : Array.Empty<string>(),
            "--resume",
        ];
        return string.Join(' ', words.Select(ShellWord.Of));
    }
}
