using Hwaso.Inference;
using Hwaso.Recipes;
using Hwaso.Torch;
using Hwaso.Training.Loop;
using Hwaso.Training.Tasks;

namespace Hwaso.Training.Studies;

/// <summary>Trains every variant of a study with every seed: what is finished is kept, what was broken off goes on, and the table is written after each run.</summary>
public sealed class StudyRunner
{
    readonly StudyRequest request;
    readonly List<StudyRow> rows = [];

    /// <summary>Reads every recipe, opens the data and builds every network in shapes alone: whatever is wrong is said before the first step.</summary>
    /// <exception cref="RecipeException">A recipe, or what the study sets in it, is wrong.</exception>
    /// <exception cref="TrainingException">A run in the folder is of another recipe.</exception>
    public StudyRunner(StudyRequest request)
    {
        this.request = request;
        foreach (var variant in request.Study.Variants)
            rows.Add(Row(variant));
    }

    /// <summary>The table as it stands.</summary>
    public StudyTable Table => new(request.Study, request.Seeds, rows, request.Teacher);

    /// <summary>Trains; true when every run is finished, false where it was stopped: the same again goes on.</summary>
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

    RunSummary? Train(IStudyWatcher watcher, RecipeFile recipe, RunFolder folder, StudyVariant variant, int number, int of, CancellationToken stop)
    {
        var (asked, told) = (RequestOf(recipe, folder), watcher.Trains(number, of, variant, recipe.Recipe.Seed));
        using var trainer = new Trainer(asked, TrainingTasks.Open(asked), told);
        var result = trainer.Run(stop);
        var summary = result.Finished ? trainer.WriteReport(result) : null;
        watcher.Trained(result);
        return summary;
    }

    TrainRequest RequestOf(RecipeFile recipe, RunFolder folder) =>
        new(recipe, request.Data, folder, folder.Exists, request.Device, request.Threads ?? recipe.Recipe.Threads ?? Environment.ProcessorCount);

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
        if (!File.Exists(folder.Result))
            return;
        var now = TrainingTasks.Open(RequestOf(file, folder)).Recipe.ToYaml(folder.Recipe);
        if (ResumeState.Difference(File.ReadAllText(folder.Recipe), now) is { } difference)
            throw new TrainingException(
                $"{folder.Root}: holds a run of another recipe ({difference}); remove it, or keep this study in another folder with --out");
    }
}
