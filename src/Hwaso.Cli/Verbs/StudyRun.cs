using Hwaso.Cli.Output;
using Hwaso.Inference;
using Hwaso.Metrics;
using Hwaso.Scenes;
using Hwaso.Training.Studies;
using Spectre.Console;

namespace Hwaso.Cli.Verbs;

/// <summary>The work of <c>hwaso study</c>: a grid trained into a study folder, and its table.</summary>
static class StudyRun
{
    public static int Run(StudyArguments arguments, VerbContext context)
    {
        var device = context.UseTorch();
        var study = Study.Load(arguments.Study, arguments.Small);
        var folder = new StudyFolder(arguments.Out ?? Path.Combine("runs", "studies", study.Name + (study.IsSmall ? "-small" : "")));
        var data = arguments.Data ?? Render(study, folder, context);
        using var console = new StudyConsole(context);
        DepthError? taught = null;
        if (arguments.Data is null && study.Teacher is { } teacher)
        {
            context.Log("first the teacher of depth");
            taught = teacher.Teach(folder, study.Scenes!, Render, device, context.Threads, console, context.Cancel);
            if (taught is null)
                return Stopped(arguments, folder, context);
        }
        var runner = new StudyRunner(new StudyRequest(study, data, arguments.Seeds ?? study.Seeds, arguments.Set, folder, device, context.Threads, taught));
        if (!runner.Run(console, context.Cancel))
            return Stopped(arguments, folder, context);
        var table = runner.Table;
        context.Result(
            StudyFiles.Json(table),
            console =>
            {
                console.WriteLine(study.Title);
                console.WriteLine();
                context.Terminal.Output.Write(table.ToMarkdown());
                console.WriteLine();
                foreach (var note in StudyFiles.Notes(table))
                    console.WriteLine(note);
                console.WriteLine($"tables  {folder.Markdown}, {folder.Json}, {folder.Page}");
            });
        return ExitCode.Done;
    }

    /// <summary>The folder of the small form's scenes, rendered where they are not there yet; null in full.</summary>
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
        folder, scenes.Layout == "voc" ? SceneLayout.Voc : SceneLayout.Cityscapes, scenes.Train, scenes.Size.Width, scenes.Size.Height, (ulong)scenes.Seed, scenes.Val, threads, progress, stop);

    static int Stopped(StudyArguments arguments, StudyFolder folder, VerbContext context)
    {
        context.Log($"stopped; what is done is in {folder.Root}; go on with: {Again(arguments, context)}");
        return ExitCode.Failed;
    }

    static string Again(StudyArguments arguments, VerbContext context)
    {
        string[] words =
        [
            "hwaso", "study", arguments.Study,
            .. arguments.Data is { } data ? ["--data", data] : Array.Empty<string>(),
            .. arguments.Seeds is { } seeds ? ["--seeds", $"{seeds}"] : Array.Empty<string>(),
            .. arguments.Small ? ["--small"] : Array.Empty<string>(),
            .. arguments.Out is { } output ? ["--out", output] : Array.Empty<string>(),
            .. arguments.Set.SelectMany(setting => new[] { "--set", setting }),
            .. context.Device is { } device ? ["--device", device] : Array.Empty<string>(),
            .. context.Threads is { } threads ? ["--threads", $"{threads}"] : Array.Empty<string>(),
        ];
        return string.Join(' ', words.Select(ShellWord.Of));
    }
}
