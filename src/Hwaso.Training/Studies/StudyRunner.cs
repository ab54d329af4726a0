using Hwaso.Graph;
using Hwaso.Inference;
using Hwaso.Models;
using Hwaso.Models.Networks;
using Hwaso.Recipes;
using Hwaso.Torch;
using Hwaso.Training.Objectives;
using Hwaso.Training.Runs;

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
                var summary = isKept ? RunSummary.Of(folder) : Train(watcher, recipe, folder, variant, number, of, stop);
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
        var told = watcher.Trains(number, of, variant, recipe.Recipe.Seed);
        using var trainer = new Trainer(RequestOf(recipe, folder), told);
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
        var recipe = file.Recipe;
        SegmentationDefinition definition;
        try
        {
            definition = Zoo.DefineSegmentation(recipe.Model);
        }
        catch (ArgumentException error)
        {
            // The name is what a study's line usually sets.
            throw file.Error(recipe.Model.Name is null ? "model" : "model.name", error.Message);
        }
        var data = TrainData.Open(RequestOf(file, request.Folder.Run(variant, recipe.Seed)));
        ComputeType.Of(file, request.Device, TorchInfo.ProcessorHasBFloat16, _ => { });
        TrainPlan.Of(recipe.Train, data.Training.Samples.Count, recipe.Data.TrainSplit);
        var classes = data.Training.Classes.Count;
        long[] crop = [1, 3, recipe.Augment.Crop.Height, recipe.Augment.Crop.Width];
        NetworkGraph.Sketch(w =>
        {
            var net = definition.Build(w, classes);
            foreach (var stage in recipe.Stages.Cast<TrainStageRecipe?>().DefaultIfEmpty())
                ObjectiveFactory.Of(net, recipe.Loss, file, stage).Dispose();
            return net;
        }, crop);
        for (var run = 0; run < request.Seeds; run++)
            RequireSame(variant.Recipe(run, request.Settings), variant, data);
        return Counted(variant, definition.Deployed, classes, request.Study.Input ?? recipe.Augment.Crop);
    }

    static StudyRow Counted(StudyVariant variant, SegmentationDefinition definition, int classes, SizePx input)
    {
        long parameters = 0;
        var graph = NetworkGraph.Sketch(w =>
        {
            var net = definition.Build(w, classes);
            parameters = w.ParameterCount;
            return net;
        }, [1, 3, input.Height, input.Width]);
        return new StudyRow(variant, parameters, Cost.Of(graph).Macs, input, []);
    }

    /// <summary>A finished run of other settings must not stand in the table; one under way is refused when it is resumed.</summary>
    void RequireSame(RecipeFile file, StudyVariant variant, TrainData data)
    {
        var folder = request.Folder.Run(variant, file.Recipe.Seed);
        if (!File.Exists(folder.Result))
            return;
        var now = Trainer.Resolved(file.Recipe, data, request.Threads).ToYaml(folder.Recipe);
        if (ResumeState.Difference(File.ReadAllText(folder.Recipe), now) is { } difference)
            throw new TrainingException($"{folder.Root}: holds a run of another recipe ({difference}); remove it, or keep this study in another folder with --out");
    }
}
