using Hwaso.Inference;
using Hwaso.Recipes;
using Hwaso.Torch;
using Hwaso.Training.Loop;
using Hwaso.Training.Tasks;

namespace Hwaso.Training.Studies;

/// <summary>
/// Trains every variant of a study with every seed: finished runs are kept, stopped ones are resumed, and the table is written after each
/// run.
/// </summary>
public sealed class StudyRunner
{
    readonly StudyRequest request;
    readonly List<StudyRow> rows = [];

    /// <summary>Reads every recipe, opens the data and builds every network in shapes alone: errors come before the first step.</summary>
    /// <exception cref="RecipeException">A recipe, or what the study sets in it, is wrong.</exception>
    /// <exception cref="TrainingException">A run in the folder is of another recipe.</exception>
    public StudyRunner(StudyRequest request)
    {
        this.request = request;
        foreach (var variant in request.Study.Variants)
            rows.Add(Row(variant));
    }

    /// <summary>The table as it stands.</summary>
    public StudyTable Table => new(request.Study, request.Seeds, rows, request.Teacher?.Error);

    /// <summary>Trains; true when every run is finished, false where it was stopped and can be run again to continue.</summary>
    /// <exception cref="TrainingException">A run failed; those before are kept.</exception>
    public bool Run(IStudyWatcher watcher, CancellationToken stop)
    {
        var of = request.Seeds * rows.Count;
        // Seed by seed, so that the table says something early.
        for (var run = 0; run < request.Seeds; run++)
            for (var k = 0; k < rows.Count; k++)
            {
                if (stop.IsCancellationRequested)
                    return false;
                var (variant, number) = (rows[k].Variant, run * rows.Count + k + 1);
                var recipe = variant.Recipe(run, request.Settings);
                var folder = request.Folder.Run(variant, recipe.Recipe.Seed);
                var isKept = File.Exists(folder.Result);
                var summary = isKept ? RunSummary.Read(folder.Result) : Train(watcher, recipe, folder, variant, number, of, stop);
                if (summary is null)
                    return false;
                if (isKept)
                    watcher.Kept(number, of, variant, recipe.Recipe.Seed, summary);
                rows[k] = rows[k] with { Runs = [.. rows[k].Runs, summary] };
                StudyFiles.Write(request.Folder, Table);
            }
        return true;
    }

    RunSummary? Train(
        IStudyWatcher watcher, RecipeFile recipe, RunFolder folder, StudyVariant variant, int number, int of, CancellationToken stop)
    {
        var (asked, told) = (RequestOf(recipe, folder), watcher.Trains(number, of, variant, recipe.Recipe.Seed));
        using var trainer = new Trainer(asked, TrainingTasks.Open(asked), told);
        if (!folder.Exists)
            request.Teacher?.Note(folder, recipe.Recipe);
        var result = trainer.Run(stop);
        var summary = result.Finished ? trainer.WriteReport(result) : null;
        watcher.Trained(result);
        return summary;
    }

    TrainRequest RequestOf(RecipeFile recipe, RunFolder folder)
    {
        var threads = request.Threads ?? recipe.Recipe.Threads ?? Environment.ProcessorCount;
        return new TrainRequest(recipe, request.Data, folder, folder.Exists, request.Device, threads);
    }

    StudyRow Row(StudyVariant variant)
    {
        var file = variant.Recipe(0, request.Settings);
        var task = TrainingTasks.Open(RequestOf(file, request.Folder.Run(variant, file.Recipe.Seed)));
        ForwardPass.TypeOf(file, request.Device, TorchInfo.ProcessorHasBFloat16, _ => { });
        TrainPlan.Of(task);
        task.Check();
        for (var run = 0; run < request.Seeds; run++)
            RequireSame(variant.Recipe(run, request.Settings), variant);
        var input = request.Study.Input ?? file.Recipe.Augment.Crop;
        var cost = task.Cost(input);
        return new StudyRow(variant, cost.Parameters, cost.Macs, input, []);
    }

    /// <summary>A finished run of other settings must not stand in the table; one under way is refused when it is resumed.</summary>
    void RequireSame(RecipeFile file, StudyVariant variant)
    {
        var folder = request.Folder.Run(variant, file.Recipe.Seed);
        request.Teacher?.RequireSame(folder, file.Recipe);
        if (File.Exists(folder.Result))
            FinishedRun.RequireSame(folder, TrainingTasks.Open(RequestOf(file, folder)).Recipe);
    }
}

/// <summary>Which study to train, on what, and where to keep it.</summary>
/// <param name="Study">The study.</param>
/// <param name="Data">The data set's folder; null takes each recipe's.</param>
/// <param name="Seeds">Runs of each variant, at least 1.</param>
/// <param name="Settings">Values <c>key=value</c> that replace those of every variant's recipe.</param>
/// <param name="Folder">Where to keep it.</param>
/// <param name="Device">The device to train on.</param>
/// <param name="Threads">Threads for operators and for reading images; null for each recipe's, or as many as the machine offers.</param>
/// <param name="Teacher">The depth of the study's teacher, in whose pupils' runs it is noted; null where it has none.</param>
public sealed record StudyRequest(
    Study Study,
    string? Data,
    int Seeds,
    IReadOnlyList<string> Settings,
    StudyFolder Folder,
    Device Device,
    int? Threads,
    TaughtDepth? Teacher = null);
