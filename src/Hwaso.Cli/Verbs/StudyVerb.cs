using System.CommandLine;
using Hwaso.Cli.Arguments;
using Hwaso.Cli.Output;
using Hwaso.Inference;
using Hwaso.Scenes;
using Hwaso.Training.Loop;
using Hwaso.Training.Processes;
using Hwaso.Training.Studies;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso study</c>: from a grid of variants to a paper's table.</summary>
sealed class StudyVerb : Verb
{
    readonly Argument<string> study = new("STUDY") { Description = "the study: a YAML file, or a name of hwaso recipes" };
    readonly Option<string?> data =
        Values.Text("--data", "DIR", "folder of the data set (default: the recipes'; with --small, scenes are rendered)");
    readonly Option<int?> seeds = Values.Whole("--seeds", "N", "runs of each variant (default: the study's)", min: 1);
    readonly Option<bool> small =
        Values.Flag("--small", "the small form: small networks on rendered scenes, minutes on two processor cores");
    readonly Option<string?> folder =
        Values.Text("--out", "DIR", "folder of its runs and tables (default: runs/studies/ and the study's name)");
    readonly Option<string[]> set = Values.Settings("--set", "replaces a value of every variant's recipe; may be repeated");

    public StudyVerb() => Command = new Command(
        "study", "trains every variant of a grid and prints the paper's table; finished runs are kept, an interrupted one is continued")
    {
        study, data, seeds, small, folder, set,
    };

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "study recipes/studies/hrnet-psa.yaml --data PASCAL-CONTEXT",
        "study recipes/studies/hrnet-psa.yaml --small",
        "study recipes/studies/deformable-attention.yaml --data cityscapes --seeds 5",
    ];

    public StudyArguments Read(ParseResult arguments) => new(
        arguments.GetRequiredValue(study), arguments.GetValue(data), arguments.GetValue(seeds), arguments.GetValue(small),
        arguments.GetValue(folder), arguments.GetValue(set) ?? []);

    public override int Run(ParseResult arguments, VerbContext context)
    {
        var asked = Read(arguments);
        var device = context.UseTorch();
        var study = Study.Load(ShippedRecipes.FindStudy(asked.Study), asked.Small);
        var folder = new StudyFolder(asked.Out ?? Path.Combine("runs", "studies", study.Name + (study.IsSmall ? "-small" : "")));
        var data = asked.Data ?? Render(study, folder, context);
        using var console = new StudyConsole(context);
        TaughtDepth? taught = null;
        if (asked.Data is null && study.Teacher is { } teacher)
        {
            context.Log("first the teacher of depth");
            taught = teacher.Teach(folder, study.Scenes!, Render, device, context.Threads, console, context.Cancel);
            if (taught is null)
                return Stopped(asked, folder, context);
        }
        var runner = new StudyRunner(
            new StudyRequest(study, data, asked.Seeds ?? study.Seeds, asked.Set, folder, device, context.Threads, taught));
        if (!runner.Run(console, context.Cancel))
            return Stopped(asked, folder, context);
        var table = runner.Table;
        context.Result(
            StudyFiles.Json(table),
            output =>
            {
                output.WriteLine(study.Title);
                output.WriteLine();
                output.Write(table.ToMarkdown());
                output.WriteLine();
                foreach (var note in StudyFiles.Notes(table))
                    output.WriteLine(note);
                output.WriteLine($"tables  {folder.Markdown}, {folder.Json}, {folder.Page}");
            });
        return ExitCode.Done;
    }

    /// <summary>The folder of the small form's scenes, rendered where they are missing; null in full.</summary>
    static string? Render(Study study, StudyFolder folder, VerbContext context)
    {
        if (study.Scenes is not { } scenes)
            return null;
        if (!scenes.AreIn(folder.Scenes))
        {
            OutputFolder.Make(folder.Root);
            using var progress = context.Progress("Rendering", scenes.Count, "scenes");
            scenes.Render(folder.Scenes, Render, context.ProcessorThreads, done => progress.Report(done), context.Cancel);
        }
        return folder.Scenes;
    }

    static void Render(StudyScenes scenes, string folder, int threads, Action<int>? progress, CancellationToken stop) => SceneSet.Write(
        folder, scenes.Layout == "voc" ? SceneLayout.Voc : SceneLayout.Cityscapes, scenes.Train, scenes.Size.Width, scenes.Size.Height,
        (ulong)scenes.Seed, scenes.Val, threads, progress, stop: stop);

    static int Stopped(StudyArguments asked, StudyFolder folder, VerbContext context)
    {
        string[] again =
        [
            "hwaso", "study", asked.Study,
            .. asked.Data is { } data ? ["--data", data] : Array.Empty<string>(),
            .. asked.Seeds is { } seeds ? ["--seeds", $"{seeds}"] : Array.Empty<string>(),
            .. asked.Small ? ["--small"] : Array.Empty<string>(),
            .. asked.Out is { } output ? ["--out", output] : Array.Empty<string>(),
            .. asked.Set.SelectMany(setting => new[] { "--set", setting }),
            .. context.CommonWords,
        ];
        context.Log($"stopped; finished runs are in {folder.Root}; continue with: {ShellWord.Line(again)}");
        return ExitCode.Failed;
    }
}

/// <summary>The arguments of <c>hwaso study</c>.</summary>
/// <param name="Study">The study's file.</param>
/// <param name="Data">The data set's folder; null: each recipe's, or rendered scenes with <paramref name="Small"/>.</param>
/// <param name="Seeds">Runs of each variant; null: the study's.</param>
/// <param name="Small">The small form, on rendered scenes.</param>
/// <param name="Out">Folder of runs and tables; null: <c>runs/studies/</c> and the study's name.</param>
/// <param name="Set">Values that replace every recipe's, each <c>key=value</c>.</param>
sealed record StudyArguments(string Study, string? Data, int? Seeds, bool Small, string? Out, IReadOnlyList<string> Set);

/// <summary>Shows a study to the person at the terminal: each run's progress under its variant's name.</summary>
sealed class StudyConsole(VerbContext context) : IStudyWatcher, IDisposable
{
    TrainConsole? console;

    public ITrainWatcher Trains(int number, int of, StudyVariant variant, int seed)
    {
        context.Log($"run {number}/{of}: {variant.Name}, seed {seed}");
        return console = new TrainConsole(context, Team.Alone);
    }

    public void Kept(int number, int of, StudyVariant variant, int seed, RunSummary summary)
    {
        var miou = summary.Scores.TryGetValue("miou", out var score) ? $"{score:0.0000}" : "–";
        context.Log($"run {number}/{of}: {variant.Name}, seed {seed}: finished before, mIoU {miou}");
    }

    public void Trained(TrainResult result)
    {
        console?.Dispose();
        console = null;
    }

    public void Dispose() => console?.Dispose();
}
